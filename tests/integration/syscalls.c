/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Try system calls, and report each result:
 *
 * 	syscalls NAME...
 *
 * prints a line for each: "NAME ok", or NAME and the errno.  With the arguments
 * of the table, a call does no harm, or the kernel itself refuses it with
 * another errno than a filter.
 */
#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define BAD 1		/* an address without a mapping */

static const struct call {
	const char *name;
	long number;
	long args[6];
} calls[] = {
	{ "getpid", SYS_getpid, { 0 } },
	{ "keyctl", SYS_keyctl, { 0, -3 } },
	{ "add_key", SYS_add_key, { BAD, BAD, BAD, 0, 0 } },
	{ "request_key", SYS_request_key, { BAD, BAD, BAD, 0 } },
	{ "bpf", SYS_bpf, { 0, BAD, 8 } },
	{ "io_uring_setup", SYS_io_uring_setup, { 0, BAD } },
	{ "io_uring_enter", SYS_io_uring_enter, { -1 } },
	{ "userfaultfd", SYS_userfaultfd, { -1 } },
	{ "perf_event_open", SYS_perf_event_open, { BAD, 0, -1, -1, 0 } },
	{ "kexec_load", SYS_kexec_load, { 0, 0, 0, -1 } },
	{ "init_module", SYS_init_module, { BAD, 0, BAD } },
	{ "finit_module", SYS_finit_module, { -1, BAD, 0 } },
	{ "delete_module", SYS_delete_module, { BAD, 0 } },
	{ "mount", SYS_mount, { 0, BAD, 0, 0, 0 } },
	{ "umount", SYS_umount2, { BAD, -1 } },
	{ "unshare", SYS_unshare, { CLONE_NEWUSER } },
	{ "setns", SYS_setns, { -1, 0 } },
	{ "pivot_root", SYS_pivot_root, { BAD, BAD } },
	{ "ptrace", SYS_ptrace, { -1, 0 } },
	{ "personality", SYS_personality, { 0x0400000 } },
	{ "ask-personality", SYS_personality, { 0xffffffff } },
	{ "vsock", SYS_socket, { AF_VSOCK, SOCK_STREAM, 0 } },
	{ "vsock-64", SYS_socket, { AF_VSOCK | 1L << 32, SOCK_STREAM, 0 } },
	{ "unix", SYS_socket, { AF_UNIX, SOCK_STREAM, 0 } },
	{ "clone3", SYS_clone3, { BAD, 0 } },
	{ "clone-user", SYS_clone, { CLONE_NEWUSER | SIGCHLD } },
	{ "clone-net", SYS_clone, { CLONE_NEWNET | SIGCHLD } },
	{ "clone", SYS_clone, { SIGCHLD } },
	{ "newer", 900, { 0 } },
};

static void try(const struct call *c)
{
	const long *a = c->args;
	long ret;

	fflush(stdout);
	ret = syscall(c->number, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (c->number == SYS_clone && ret == 0)
		_exit(0);
	if (c->number == SYS_clone && ret > 0)
		waitpid((pid_t)ret, NULL, 0);
	printf("%s %s\n", c->name, ret < 0 ? strerrorname_np(errno) : "ok");
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		for (size_t j = 0; j < sizeof(calls) / sizeof(*calls); j++)
			if (!strcmp(argv[i], calls[j].name))
				try(&calls[j]);
	return 0;
}
