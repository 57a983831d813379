/* SPDX-License-Identifier: Apache-2.0 */
/*
 * floor join PID FILTER GROUP... : COMMAND...
 * floor place PID FILTER GROUP...
 * floor start ROOT GROUP... : COMMAND...
 *
 * A minimal program with the same effect, as root, without checks, lookups,
 * configuration, records or error messages: it measures the cost of the kernel
 * and of one small static program.
 *
 * join   enter each GROUP, or a new group in it for +GROUP, enter all
 *        namespaces of PID, keep only the usual capabilities, set the filter,
 *        change the user, run a command
 * place  do the same to the process itself after a trial in a child, and print
 *        the milliseconds: all, trial, groups, filter, and the other steps
 * start  call clone3() with the namespaces of a container, make its mounts, and
 *        run a command
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KEEP ((1 << CAP_CHOWN) | (1 << CAP_DAC_OVERRIDE) | \
	      (1 << CAP_FOWNER) | (1 << CAP_KILL) | (1 << CAP_SETGID) | \
	      (1 << CAP_SETUID) | (1 << CAP_SETPCAP))
#define USER 1000

static struct sock_filter code[BPF_MAXINSNS];
static struct sock_fprog filter = { .filter = code };
static char **groups;
static int n_groups;
static double filter_ms;

static void need(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	_exit(1);
}

static void read_filter(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, code, sizeof(code));

	need(n > 0, path);
	filter.len = (unsigned short)((size_t)n / sizeof(*code));
	close(fd);
}

/* Read the arguments up to ":". */
static char **read_groups(char **argv)
{
	groups = argv;
	while (argv[n_groups] && strcmp(argv[n_groups], ":") != 0)
		n_groups++;
	return argv[n_groups] ? argv + n_groups + 1 : argv + n_groups;
}

static bool is_new(int i)
{
	return groups[i][0] == '+';
}

static void group_path(int i, int pid, const char *file, char path[PATH_MAX])
{
	if (is_new(i))
		snprintf(path, PATH_MAX, "%s/floor-%d%s", groups[i] + 1, pid,
			 file);
	else
		snprintf(path, PATH_MAX, "%s%s", groups[i], file);
}

static void enter_groups(void)
{
	char path[PATH_MAX];

	for (int i = 0; i < n_groups; i++) {
		int fd;

		group_path(i, (int)getpid(), "", path);
		need(!is_new(i) || mkdir(path, 0755) == 0, path);
		group_path(i, (int)getpid(), "/tasks", path);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		need(write(fd, "0", 1) == 1, path);
		close(fd);
	}
}

static void leave_groups(int pid)
{
	char path[PATH_MAX];

	for (int i = 0; i < n_groups; i++) {
		group_path(i, pid, "", path);
		if (is_new(i))
			rmdir(path);
	}
}

static void keep_capabilities(unsigned int keep)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = {
		{ .effective = keep, .permitted = keep },
	};

	need(syscall(SYS_capset, &header, data) == 0, "capset");
}

static void drop_bounding(void)
{
	for (unsigned int cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (cap > 31 || !(KEEP & (1U << cap)))
			prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void load_filter(void)
{
	double begin = now_ms();

	need(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) == 0,
	     "seccomp");
	filter_ms = now_ms() - begin;
}

static void enter(int pidfd, bool filtered)
{
	const int all = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID |
			CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
			CLONE_NEWCGROUP;

	need(setns(pidfd, all) == 0, "setns");
	need(setgroups(0, NULL) == 0 && setresgid(0, 0, 0) == 0 &&
	     setresuid(0, 0, 0) == 0, "ids");
	drop_bounding();
	if (filtered)
		load_filter();
	keep_capabilities(KEEP);
}

static int wait_for(pid_t child)
{
	int status;

	need(waitpid(child, &status, 0) == child, "wait");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static void become(void)
{
	need(setresgid(USER, USER, USER) == 0 &&
	     setresuid(USER, USER, USER) == 0, "user");
	keep_capabilities(0);
}

static int join(int pidfd, char **command)
{
	pid_t child;

	enter_groups();
	enter(pidfd, true);
	child = fork();
	if (child == 0) {
		become();
		execvp(command[0], command);
		_exit(127);
	}
	become();
	return wait_for(child);
}

static int place(int pidfd)
{
	double begin = now_ms(), tried, grouped, end;
	pid_t pid = fork();

	if (pid == 0) {
		enter(pidfd, false);
		_exit(0);
	}
	need(wait_for(pid) == 0, "the trial");
	tried = now_ms();
	enter_groups();
	grouped = now_ms();
	enter(pidfd, true);
	end = now_ms();
	printf("%.4f %.4f %.4f %.4f %.4f\n", end - begin, tried - begin,
	       grouped - tried, filter_ms, end - grouped - filter_ms);
	return 0;
}

/* --- start */

static void put(const char *type, const char *where, unsigned long flags,
		const char *options)
{
	mkdir(where, 0755);
	need(mount(type, where, type, flags, options) == 0, where);
}

static void put_nodes(void)
{
	static const struct {
		const char *path;
		unsigned int major, minor;
	} nodes[] = {
		{ "dev/null", 1, 3 }, { "dev/zero", 1, 5 },
		{ "dev/full", 1, 7 }, { "dev/random", 1, 8 },
		{ "dev/urandom", 1, 9 }, { "dev/tty", 5, 0 },
	};

	umask(0);
	for (size_t i = 0; i < sizeof(nodes) / sizeof(*nodes); i++)
		need(mknod(nodes[i].path, S_IFCHR | 0666,
			   makedev(nodes[i].major, nodes[i].minor)) == 0,
		     nodes[i].path);
	umask(022);
}

/* Cover the same files as crun's default specification. */
static void cover(void)
{
	static const char *const files[] = {
		"proc/kcore", "proc/keys", "proc/latency_stats",
		"proc/timer_list", "proc/sched_debug",
	};
	static const char *const dirs[] = {
		"proc/acpi", "proc/asound", "proc/scsi", "sys/firmware",
	};
	static const char *const readonly[] = {
		"proc/bus", "proc/fs", "proc/irq", "proc/sys",
		"proc/sysrq-trigger",
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		mount("dev/null", files[i], NULL, MS_BIND, NULL);
	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++)
		mount("none", dirs[i], "tmpfs", MS_RDONLY, "size=0");
	for (size_t i = 0; i < sizeof(readonly) / sizeof(*readonly); i++)
		if (mount(readonly[i], readonly[i], NULL, MS_BIND, NULL) == 0)
			mount(NULL, readonly[i], NULL,
			      MS_REMOUNT | MS_BIND | MS_RDONLY, NULL);
}

static void build(const char *root)
{
	const unsigned long safe = MS_NOSUID | MS_NODEV | MS_NOEXEC;

	need(mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) == 0, "/");
	need(mount(root, root, NULL, MS_BIND, NULL) == 0 && chdir(root) == 0,
	     root);
	put("proc", "proc", safe, NULL);
	put("tmpfs", "dev", MS_NOSUID | MS_NOEXEC, "mode=755");
	put_nodes();
	put("devpts", "dev/pts", MS_NOSUID | MS_NOEXEC, "newinstance");
	put("tmpfs", "dev/shm", safe, NULL);
	put("mqueue", "dev/mqueue", safe, NULL);
	put("sysfs", "sys", safe | MS_RDONLY, NULL);
	cover();
	need(mount(NULL, root, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY,
		   NULL) == 0, "read-only");
	need(syscall(SYS_pivot_root, ".", ".") == 0 &&
	     umount2(".", MNT_DETACH) == 0 && chdir("/") == 0, "pivot_root");
	need(sethostname("floor", 5) == 0, "hostname");
}

static int start(const char *root, char **command)
{
	struct clone_args args = {
		.flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |
			 CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP,
		.exit_signal = SIGCHLD,
	};
	pid_t pid;

	enter_groups();
	pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	need(pid >= 0, "clone3");
	if (pid == 0) {
		build(root);
		drop_bounding();
		keep_capabilities(KEEP);
		execvp(command[0], command);
		_exit(127);
	}
	return wait_for(pid);
}

static int run(char **argv, char **command)
{
	int pidfd;

	if (!strcmp(argv[1], "start"))
		return start(argv[2], command);
	read_filter(argv[3]);
	pidfd = (int)syscall(SYS_pidfd_open, atoi(argv[2]), 0);
	need(pidfd >= 0, argv[2]);
	return !strcmp(argv[1], "place") ? place(pidfd) : join(pidfd, command);
}

/* The caller removes the groups. */
int main(int argc, char **argv)
{
	char **command;
	pid_t pid;
	int ret;

	if (argc < 4)
		return 2;
	command = read_groups(argv + (!strcmp(argv[1], "start") ? 3 : 4));
	pid = fork();
	if (pid == 0)
		return run(argv, command);
	ret = wait_for(pid);
	leave_groups((int)pid);
	return ret;
}
