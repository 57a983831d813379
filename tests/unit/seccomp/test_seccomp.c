/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/seccomp/default_profile.c, lib/linux/seccomp.c, lib/seccomp/filter.c:
 * the built-in filter, tried in children, and the functions that logins use.
 */
#include "filter.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/personality.h>
#include <sys/socket.h>

#include "seccomp/default_filter.h"
#include "seccomp/filter.h"

static struct nsc_seccomp builtin(uint64_t caps)
{
	struct nsc_seccomp_world here = world(caps);
	struct nsc_seccomp filter = { .len = 0 };

	ck_assert_msg(nsc_seccomp_default(&here, false, &filter, &err) == 0,
		      "%s", err.text);
	return filter;
}

START_TEST(default_denies)
{
	static const long denied[] = {
		SYS_keyctl, SYS_add_key, SYS_request_key, SYS_bpf,
		SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register,
		SYS_userfaultfd, SYS_perf_event_open, SYS_kexec_load,
		SYS_kexec_file_load, SYS_init_module, SYS_finit_module,
		SYS_delete_module, SYS_mount, SYS_umount2, SYS_pivot_root,
		SYS_fsopen, SYS_open_tree, SYS_move_mount, SYS_mount_setattr,
		SYS_setns, SYS_reboot, SYS_chroot, SYS_acct, SYS_swapon,
		SYS_swapoff, SYS_settimeofday, SYS_clock_settime, SYS_syslog,
		SYS_vhangup, SYS_quotactl, SYS_sethostname,
		SYS_open_by_handle_at, SYS_kcmp, SYS_move_pages,
		SYS_fanotify_init, SYS_pidfd_getfd,
	};
	_cleanup_seccomp_ struct nsc_seccomp filter = builtin(0);

	for (size_t i = 0; i < NSC_ARRAY_SIZE(denied); i++)
		ck_assert_msg(outcome1(&filter, denied[i], -1) == EPERM,
			      "system call %ld: %d", denied[i],
			      outcome1(&filter, denied[i], -1));
}
END_TEST

START_TEST(default_allows)
{
	_cleanup_seccomp_ struct nsc_seccomp filter = builtin(0);

	ck_assert_int_eq(outcome1(&filter, SYS_getpid, 0), 0);
	ck_assert_int_eq(outcome1(&filter, SYS_close, -1), EBADF);
	ck_assert_int_eq(outcome1(&filter, SYS_execve, BAD), EFAULT);
	ck_assert_int_eq(outcome1(&filter, SYS_capset, 0), EFAULT);
	ck_assert_int_eq(outcome(&filter, SYS_setresuid, -1, -1, -1), 0);
	ck_assert_int_eq(outcome(&filter, SYS_ptrace, -1, 0, 0), ESRCH);
	ck_assert_int_eq(outcome(&filter, SYS_seccomp, 99, 0, 0), EINVAL);
}
END_TEST

START_TEST(default_clone)
{
	static const long flags[] = {
		CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC,
		CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET,
	};
	_cleanup_seccomp_ struct nsc_seccomp filter = builtin(0);
	_cleanup_seccomp_ struct nsc_seccomp admin =
		builtin(BIT(CAP_SYS_ADMIN));

	ck_assert_int_eq(outcome1(&filter, SYS_clone, SIGCHLD), 0);
	for (size_t i = 0; i < NSC_ARRAY_SIZE(flags); i++) {
		ck_assert_int_eq(outcome1(&filter, SYS_clone,
					  flags[i] | SIGCHLD), EPERM);
		ck_assert_int_eq(outcome1(&filter, SYS_unshare, flags[i]),
				 EPERM);
	}
	ck_assert_int_eq(outcome(&filter, SYS_clone3, BAD, 88, 0), ENOSYS);
	ck_assert_int_eq(outcome(&admin, SYS_clone3, BAD, 88, 0), EFAULT);
	ck_assert_int_eq(outcome1(&admin, SYS_clone, CLONE_NEWUTS | SIGCHLD),
			 0);
	ck_assert_int_eq(outcome1(&admin, SYS_unshare, 0), 0);
}
END_TEST

START_TEST(default_by_capability)
{
	static const struct {
		int cap;
		long number;
	} pairs[] = {
		{ CAP_SYS_ADMIN, SYS_mount }, { CAP_SYS_ADMIN, SYS_setns },
		{ CAP_SYS_ADMIN, SYS_bpf }, { CAP_BPF, SYS_bpf },
		{ CAP_PERFMON, SYS_perf_event_open },
		{ CAP_SYSLOG, SYS_syslog }, { CAP_SYS_CHROOT, SYS_chroot },
		{ CAP_SYS_PACCT, SYS_acct },
		{ CAP_SYS_PTRACE, SYS_pidfd_getfd },
		{ CAP_DAC_READ_SEARCH, SYS_open_by_handle_at },
	};
	_cleanup_seccomp_ struct nsc_seccomp none = builtin(0);

	for (size_t i = 0; i < NSC_ARRAY_SIZE(pairs); i++) {
		_cleanup_seccomp_ struct nsc_seccomp filter =
			builtin(BIT(pairs[i].cap));

		/* The arguments are bad, so an allowed call fails otherwise. */
		ck_assert_int_eq(outcome(&none, pairs[i].number, BAD, BAD,
					 BAD), EPERM);
		ck_assert_msg(outcome(&filter, pairs[i].number, BAD, BAD,
				      BAD) != EPERM,
			      "system call %ld with capability %d",
			      pairs[i].number, pairs[i].cap);
	}
}
END_TEST

START_TEST(default_arguments)
{
	_cleanup_seccomp_ struct nsc_seccomp filter = builtin(0);

	ck_assert_int_eq(outcome(&filter, SYS_socket, AF_UNIX, SOCK_STREAM, 0),
			 0);
	ck_assert_int_eq(outcome(&filter, SYS_socket, AF_INET, SOCK_STREAM, 0),
			 0);
	ck_assert_int_eq(outcome(&filter, SYS_socket, AF_VSOCK, SOCK_STREAM,
				 0), EPERM);
	/* Bits that the kernel ignores do not bypass the filter. */
	ck_assert_int_eq(outcome(&filter, SYS_socket, AF_VSOCK | 1L << 32,
				 SOCK_STREAM, 0), EPERM);
	ck_assert_int_eq(outcome(&filter, SYS_socket, AF_ALG, SOCK_SEQPACKET,
				 0), EPERM);
	ck_assert_int_eq(outcome(&filter, SYS_socket, AF_NETLINK, SOCK_RAW, 0),
			 0);
	ck_assert_int_ne(outcome(&filter, SYS_socket, AF_XDP, SOCK_RAW, 0),
			 ENOSYS);
	ck_assert_int_eq(outcome1(&filter, SYS_personality, 0xffffffff), 0);
	ck_assert_int_eq(outcome1(&filter, SYS_personality, 0), 0);
	ck_assert_int_eq(outcome1(&filter, SYS_personality, UNAME26), 0);
	ck_assert_int_eq(outcome1(&filter, SYS_personality,
				  ADDR_NO_RANDOMIZE), 0);
	ck_assert_int_eq(outcome1(&filter, SYS_personality,
				  READ_IMPLIES_EXEC), EPERM);
	ck_assert_int_eq(outcome1(&filter, SYS_personality,
				  ADDR_NO_RANDOMIZE | MMAP_PAGE_ZERO), EPERM);
}
END_TEST

/* Programs that use newer calls fall back, as on an old kernel. */
START_TEST(default_newer)
{
	_cleanup_seccomp_ struct nsc_seccomp filter = builtin(0);
	int newest = nsc_seccomp_newest(seccomp_arch_native());

	ck_assert_int_ge(newest, 448);
	ck_assert_int_eq(outcome1(&filter, newest + 1, 0), ENOSYS);
	ck_assert_int_eq(outcome1(&filter, 900, 0), ENOSYS);
}
END_TEST

#ifdef __x86_64__
/* Simulated, because this kernel may lack the other architecture. */
static uint32_t simulate(const struct nsc_seccomp *filter, uint32_t arch,
			 int number, uint64_t arg)
{
	const struct seccomp_data data = {
		.nr = number, .arch = arch, .args = { arg },
	};

	return interpret(filter, &data);
}

/* Other system call entries do not bypass the filter. */
START_TEST(default_other_ways)
{
	static const uint32_t eperm = SECCOMP_RET_ERRNO | EPERM,
			      enosys = SECCOMP_RET_ERRNO | ENOSYS,
			      x32 = 0x40000000;
	static const struct {
		uint32_t arch;
		uint32_t number;
		uint64_t arg;
		uint32_t result;
	} table[] = {
		{ AUDIT_ARCH_I386, 20, 0, SECCOMP_RET_ALLOW },	/* getpid */
		{ AUDIT_ARCH_I386, 310, CLONE_NEWUSER, eperm },	/* unshare */
		{ AUDIT_ARCH_I386, 288, 0, eperm },		/* keyctl */
		{ AUDIT_ARCH_I386, 120, 17, SECCOMP_RET_ALLOW },
		{ AUDIT_ARCH_I386, 120, CLONE_NEWNS, eperm },	/* clone */
		{ AUDIT_ARCH_I386, 435, 1, enosys },		/* clone3 */
		{ AUDIT_ARCH_I386, 359, AF_UNIX, SECCOMP_RET_ALLOW },
		{ AUDIT_ARCH_I386, 359, AF_VSOCK, eperm },	/* socket */
		{ AUDIT_ARCH_I386, 900, 0, enosys },
		{ AUDIT_ARCH_X86_64, x32 | 39, 0, SECCOMP_RET_ALLOW },
		{ AUDIT_ARCH_X86_64, x32 | 272, CLONE_NEWUSER, eperm },
		{ AUDIT_ARCH_X86_64, x32 | 250, 0, eperm },	/* keyctl */
		{ AUDIT_ARCH_X86_64, x32 | 56, CLONE_NEWNS, eperm },
		{ AUDIT_ARCH_X86_64, x32 | 435, 1, enosys },	/* clone3 */
		{ AUDIT_ARCH_X86_64, 272, CLONE_NEWUSER, eperm },
		{ AUDIT_ARCH_X86_64, 900, 0, enosys },
		{ AUDIT_ARCH_ARM, 20, 0, SECCOMP_RET_KILL_THREAD },
	};
	_cleanup_seccomp_ struct nsc_seccomp filter = builtin(0);

	for (size_t i = 0; i < NSC_ARRAY_SIZE(table); i++)
		ck_assert_msg(simulate(&filter, table[i].arch,
				       (int)table[i].number, table[i].arg) ==
			      table[i].result, "%zu: %#x", i,
			      simulate(&filter, table[i].arch,
				       (int)table[i].number, table[i].arg));
}
END_TEST
#endif

/* The tables have a decision for each call that libseccomp knows. */
START_TEST(default_is_complete)
{
	static const char never[] =
		" add_key keyctl request_key io_uring_enter io_uring_register "
		"io_uring_setup userfaultfd kexec_file_load kexec_load "
		"pivot_root swapoff swapon migrate_pages move_pages _sysctl "
		"afs_syscall create_module get_kernel_syms getpmsg nfsservctl "
		"putpmsg query_module security sysfs tuxcall uselib ustat "
		"vserver ";
	struct seccomp_data data = { .arch = seccomp_arch_native() };
	_cleanup_seccomp_ struct nsc_seccomp filter = builtin(UINT64_MAX);
	int known = 0;

	for (int i = 0; i < 1000; i++) {
		char *name = seccomp_syscall_resolve_num_arch(data.arch, i);
		char word[80];

		/* Calls newer than the table give ENOSYS, see default_newer. */
		if (!name || i > nsc_seccomp_newest(data.arch)) {
			free(name);
			continue;
		}
		known++;
		snprintf(word, sizeof(word), " %s ", name);
		data.nr = i;
		ck_assert_msg((interpret(&filter, &data) ==
			       SECCOMP_RET_ALLOW) != !!strstr(never, word),
			      "%s", name);
		free(name);
	}
	ck_assert_int_gt(known, 300);
}
END_TEST

START_TEST(files)
{
	struct nsc_seccomp_world here = world(0);
	struct nsc_seccomp_profile *profile = NULL;
	char dir[64], path[128];

	unit_make_dir(dir);
	unit_write(dir, "p.json", ONE(""), 0644);
	snprintf(path, sizeof(path), "%s/p.json", dir);
	ck_assert_msg(nsc_seccomp_profile_load(path, &here, &profile, &err) ==
		      0, "%s", err.text);
	nsc_seccomp_profile_free(profile);
	profile = NULL;
	ck_assert_int_eq(chmod(path, 0664), 0);
	ck_assert_int_eq(nsc_seccomp_profile_load(path, &here, &profile,
						  &err), -EPERM);
	ck_assert_ptr_nonnull(strstr(err.text, "writable by others"));
	ck_assert_int_eq(chmod(path, 0644), 0);
	ck_assert_int_eq(chown(path, 1000, 0), 0);
	ck_assert_int_eq(nsc_seccomp_profile_load(path, &here, &profile,
						  &err), -EPERM);
	unit_remove_dir(dir);
}
END_TEST

/* A filter is read only if it is complete and has nothing else. */
START_TEST(reading)
{
	_cleanup_seccomp_ struct nsc_seccomp filter = builtin(0);
	struct nsc_seccomp again = { .len = filter.len };
	size_t size = filter.len * sizeof(*filter.code);
	int fd = memfd_create("test", MFD_CLOEXEC);

	ck_assert_int_eq(write(fd, filter.code, size), (ssize_t)size);
	ck_assert_int_eq(nsc_seccomp_read(fd, &again, &err), 0);
	ck_assert_int_eq(memcmp(again.code, filter.code, size), 0);
	nsc_seccomp_free(&again);
	again.len = filter.len - 1;
	ck_assert_int_eq(nsc_seccomp_read(fd, &again, &err), -EBADMSG);
	again.len = filter.len + 1;
	ck_assert_int_eq(nsc_seccomp_read(fd, &again, &err), -EBADMSG);
	/* Nor with a length that the kernel would not take. */
	again.len = BPF_MAXINSNS + 1;
	ck_assert_int_eq(ftruncate(fd, again.len * sizeof(*again.code)), 0);
	ck_assert_int_eq(nsc_seccomp_read(fd, &again, &err), -EBADMSG);
	again.len = 0;
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	ck_assert_int_eq(nsc_seccomp_read(fd, &again, &err), -EBADMSG);
	again.len = 1;
	ck_assert_int_eq(nsc_seccomp_load(&again, &err), -EBADMSG);
	close(fd);
}
END_TEST

static int make(const char *denied, bool no_new_privs)
{
	char dir[64], path[128], text[512];
	struct nsc_config config = {
		.file = (char[]){ "C" }, .seccomp = path,
		.process.no_new_privs = no_new_privs,
	};
	_cleanup_filters_ struct nsc_filters filters = { .session.len = 0 };
	int ret;

	unit_make_dir(dir);
	snprintf(path, sizeof(path), "%s/p.json", dir);
	snprintf(text, sizeof(text), ONE("{\"names\": [\"%s\"], \"action\": "
					 "\"SCMP_ACT_KILL_PROCESS\"}"),
		 denied);
	unit_write(dir, "p.json", text, 0644);
	ret = nsc_filters_make(&config, &filters, &err);
	unit_remove_dir(dir);
	return ret;
}

/* A profile that would prevent every login is refused at the start. */
START_TEST(unusable)
{
	ck_assert_msg(make("getpid", false) == 0, "%s", err.text);
	ck_assert_int_eq(make("execve", true), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "denies execve()"));
	ck_assert_int_eq(make("write", true), -EINVAL);
	ck_assert_int_eq(make("capset", false), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "denies capset()"));
	ck_assert_ptr_nonnull(strstr(err.text, "set no_new_privs"));
	ck_assert_msg(make("capset", true) == 0, "%s", err.text);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		default_denies, default_allows, default_arguments,
		default_newer, default_is_complete, reading,
#ifdef __x86_64__
		default_other_ways,
#endif
		NULL,
	};
	const TTest *const root[] = {
		default_clone, default_by_capability, files, unusable, NULL,
	};
	Suite *suite = suite_create("seccomp");
	TCase *tcase = unit_case("all");

	unit_add(tcase, tests);
	unit_add_root(tcase, root);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
