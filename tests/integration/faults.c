/* SPDX-License-Identifier: Apache-2.0 */
/*
 * faults [-m] [-o FILE] [-f PATH:CALL:N:ACTION] [-t SECONDS] COMMAND...
 *
 * Runs COMMAND, and traces it with all its descendants.  Without -f it writes a
 * line to FILE for each system call: "PATH PROGRAM CALL N", the Nth CALL of the
 * process PATH, which is 0 for COMMAND itself, 0.2 for its second child.  With
 * -f, ACTION happens to that call: the name of an errno makes the call fail,
 * KILL kills the process before the call, and STOP stops it after the call.
 * Then the trace ends, and FILE has the line of that call.
 *
 * For a pamcaller (-m) only the calls count that it makes while it opens the
 * session, as it reports by umask().  Ends with the status of COMMAND; 124 if
 * COMMAND took more than SECONDS, and was killed.
 *
 * strace does not count the calls of each process separately: its third
 * openat() is the third one of every process.
 */
#include <elf.h>
#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __x86_64__

enum { MAX_PROCESSES = 500, MAX_CALLS = 512, PATH_SIZE = 64 };
enum { KILL = -1, STOP = -2 };	/* not an errno */

/* An empty path: the process stopped before its parent reported it. */
struct process {
	pid_t pid;
	char path[PATH_SIZE];
	unsigned int children, umasks;
	unsigned int counts[MAX_CALLS];
};

static struct process *processes[MAX_PROCESSES];
static size_t n_processes;
static pid_t main_pid;
static int main_status = -1;
static FILE *out;
static bool marked, done;
static char fault_path[PATH_SIZE];
static int fault_call = -1, fault_action;
static unsigned int fault_n, seconds = 60;

static void die(const char *what)
{
	fprintf(stderr, "faults: %s: %s\n", what, strerror(errno));
	exit(99);
}

/*
 * Calls that cannot fail, such as a signal by root, or that take effect even if
 * they fail.
 */
static const int unfailing[] = {
	SYS_arch_prctl, SYS_clock_gettime, SYS_close, SYS_exit, SYS_exit_group,
	SYS_getegid, SYS_geteuid, SYS_getgid, SYS_getpgrp, SYS_getpid,
	SYS_getppid, SYS_gettid, SYS_getuid, SYS_lseek, SYS_munmap, SYS_rseq,
	SYS_restart_syscall, SYS_rt_sigaction, SYS_rt_sigprocmask,
	SYS_rt_sigreturn, SYS_sched_yield, SYS_set_robust_list,
	SYS_set_tid_address, SYS_umask, SYS_uname, SYS_alarm, SYS_getrandom,
	SYS_kill, SYS_pidfd_send_signal, SYS_futex, SYS_fstat, SYS_madvise,
};

static bool can_fail(const struct __ptrace_syscall_info *info)
{
	long call = (long)info->entry.nr;

	if (call == SYS_wait4 && info->entry.args[2] & WNOHANG)
		return false;
	for (size_t i = 0; i < sizeof(unfailing) / sizeof(*unfailing); i++)
		if (call == unfailing[i])
			return false;
	return call >= 0 && call < MAX_CALLS;
}

static struct process *find(pid_t pid)
{
	struct process *new;

	for (size_t i = 0; i < n_processes; i++)
		if (processes[i]->pid == pid)
			return processes[i];
	new = calloc(1, sizeof(*new));
	if (!new || n_processes == MAX_PROCESSES)
		die("too many processes");
	new->pid = pid;
	processes[n_processes++] = new;
	return new;
}

static void forget(pid_t pid)
{
	for (size_t i = 0; i < n_processes; i++)
		if (processes[i]->pid == pid) {
			free(processes[i]);
			processes[i] = processes[--n_processes];
			return;
		}
}

static void resume(const struct process *p, int signal_number)
{
	/* A killed process is gone already. */
	ptrace(done ? PTRACE_DETACH : PTRACE_SYSCALL, p->pid, 0,
	       (long)signal_number);
	if (done)
		forget(p->pid);
}

/* Calls of a pamcaller outside of the session do not belong to the product. */
static bool counts(const struct process *p)
{
	if (marked && p->pid == main_pid)
		return p->umasks == 2;
	return p->path[0] != '-';
}

static void child_made(struct process *parent)
{
	unsigned long pid;
	struct process *child;
	bool waits;

	if (ptrace(PTRACE_GETEVENTMSG, parent->pid, 0, &pid) < 0)
		return;
	/* A process that has already stopped is known, and continues now. */
	waits = false;
	for (size_t i = 0; i < n_processes; i++)
		waits = waits || processes[i]->pid == (pid_t)pid;
	child = find((pid_t)pid);
	snprintf(child->path, sizeof(child->path), "%.50s.%u",
		 counts(parent) ? parent->path : "-", ++parent->children);
	if (waits)
		resume(child, 0);
}

static void tell(const struct process *p, long call)
{
	char file[32], program[32] = "";
	char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE,
						      (int)call);
	FILE *comm;

	snprintf(file, sizeof(file), "/proc/%d/comm", (int)p->pid);
	comm = fopen(file, "re");
	if (comm && fscanf(comm, "%31s", program) != 1)
		program[0] = '\0';
	if (comm)
		fclose(comm);
	if (out)
		fprintf(out, "%s %s %s %u\n", p->path, program,
			name ? name : "?", p->counts[call]);
	if (out && fault_call >= 0)
		fflush(out);
	free(name);
}

/* From here on, no other process is traced. */
static void let_go(void)
{
	done = true;
	for (size_t i = 0; i < n_processes; i++)
		ptrace(PTRACE_INTERRUPT, processes[i]->pid, 0, 0);
}

static void fail_call(const struct process *p,
		      const struct __ptrace_syscall_info *info)
{
	struct user_regs_struct regs;
	struct iovec io = { &regs, sizeof(regs) };

	if (ptrace(PTRACE_GETREGSET, p->pid, NT_PRSTATUS, &io) < 0)
		die("registers");
	/* The end of the heap as it is, which is also the answer to 0. */
	if (info->entry.nr == SYS_brk) {
		regs.rdi = 0;
	} else {
		/* The invalid call leaves the result unchanged. */
		regs.orig_rax = (unsigned long)-1;
		regs.rax = (unsigned long)-fault_action;
	}
	if (ptrace(PTRACE_SETREGSET, p->pid, NT_PRSTATUS, &io) < 0)
		die("registers");
}

static void call_made(struct process *p,
		      const struct __ptrace_syscall_info *info)
{
	long call = (long)info->entry.nr;

	if (call == SYS_umask)
		p->umasks++;
	if (!can_fail(info) || !counts(p))
		return;
	p->counts[call]++;
	if (fault_call < 0)
		tell(p, call);
	if (call != fault_call || p->counts[call] != fault_n ||
	    strcmp(p->path, fault_path) != 0)
		return;
	tell(p, call);
	if (fault_action == KILL)
		kill(p->pid, SIGKILL);
	else if (fault_action == STOP)
		kill(p->pid, SIGSTOP);
	else
		fail_call(p, info);
	let_go();
}

static void stopped(struct process *p, int status)
{
	int event = status >> 16, signal_number = WSTOPSIG(status);
	struct __ptrace_syscall_info info;

	if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
	    event == PTRACE_EVENT_CLONE) {
		child_made(p);
		signal_number = 0;
	} else if (event == PTRACE_EVENT_STOP) {
		/*
		 * The first stop, or an injected one; else the process really
		 * stops.
		 */
		if (signal_number != SIGTRAP && !done) {
			ptrace(PTRACE_LISTEN, p->pid, 0, 0);
			return;
		}
		signal_number = 0;
		/* Its parent has reported it, or it waits. */
		if (!p->path[0] && !done)
			return;
	} else if (event) {
		signal_number = 0;
	} else if (signal_number == (SIGTRAP | 0x80)) {
		signal_number = 0;
		if (!done && ptrace(PTRACE_GET_SYSCALL_INFO, p->pid,
				    sizeof(info), &info) > 0 &&
		    info.op == PTRACE_SYSCALL_INFO_ENTRY)
			call_made(p, &info);
	}
	resume(p, signal_number);
}

static void trace(void)
{
	while (n_processes || main_status < 0) {
		int status;
		pid_t pid = waitpid(-1, &status, __WALL);

		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0)
			return;
		if (WIFSTOPPED(status)) {
			stopped(find(pid), status);
			continue;
		}
		forget(pid);
		if (pid == main_pid)
			main_status = status;
	}
}

static void too_long(int signal_number)
{
	(void)signal_number;
	for (size_t i = 0; i < n_processes; i++)
		kill(processes[i]->pid, SIGKILL);
	kill(main_pid, SIGKILL);
	_exit(124);
}

static void parse_fault(const char *text)
{
	char path[PATH_SIZE], call[40], action[20];

	if (sscanf(text, "%63[0-9.]:%39[a-z0-9_]:%u:%19s", path, call,
		   &fault_n, action) != 4)
		die(text);
	strcpy(fault_path, path);
	fault_call = seccomp_syscall_resolve_name(call);
	if (strcmp(action, "KILL") == 0)
		fault_action = KILL;
	else if (strcmp(action, "STOP") == 0)
		fault_action = STOP;
	for (int i = 1; i < 134 && !fault_action; i++)
		if (strerrorname_np(i) &&
		    strcmp(strerrorname_np(i), action) == 0)
			fault_action = i;
	if (fault_call < 0 || !fault_action)
		die(text);
}

static void start(char **argv)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK |
			     PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
			     PTRACE_O_TRACEEXEC;
	struct process *p;
	int status;

	main_pid = fork();
	if (main_pid < 0)
		die("fork");
	if (main_pid == 0) {
		raise(SIGSTOP);
		execvp(argv[0], argv);
		die(argv[0]);
	}
	if (waitpid(main_pid, &status, WUNTRACED) < 0 ||
	    ptrace(PTRACE_SEIZE, main_pid, 0, options) < 0)
		die("ptrace");
	p = find(main_pid);
	strcpy(p->path, "0");
	kill(main_pid, SIGCONT);
}

int main(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "+mo:f:t:")) >= 0) {
		switch (option) {
		case 'm': marked = true; break;
		case 'o': out = fopen(optarg, "we"); break;
		case 'f': parse_fault(optarg); break;
		case 't': seconds = (unsigned int)atoi(optarg); break;
		default: exit(99);
		}
	}
	errno = EINVAL;
	if (optind == argc)
		die("usage: faults [-m] [-o FILE] [-f FAULT] [-t SECONDS] "
		    "COMMAND...");
	signal(SIGALRM, too_long);
	start(argv + optind);
	alarm(seconds);
	trace();
	if (out)
		fclose(out);
	if (main_status < 0)
		return 99;
	return WIFEXITED(main_status) ? WEXITSTATUS(main_status) :
	       128 + WTERMSIG(main_status);
}

#else

int main(void)
{
	return 77;
}

#endif
