/*
 * lib/config/seccomp_*.c, lib/kernel/seccomp.c, lib/container/filter.c:
 * profiles, and the filters that are made of them, tried in children.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "config/seccomp_profile.h"
#include "container/filter.h"

#define BIT(cap) (UINT64_C(1) << (cap))
#define BAD 1			/* an address that nothing is mapped at */
#define KILLED 1000		/* by the filter */

static struct nsc_error err;

static struct nsc_seccomp_world world(uint64_t capabilities)
{
	struct nsc_seccomp_world here;

	nsc_seccomp_world_here(capabilities, &here);
	ck_assert_uint_ge(here.major, 5);
	return here;
}

static struct nsc_seccomp_profile *parse(const char *text, uint64_t caps)
{
	struct nsc_seccomp_world here = world(caps);
	struct nsc_seccomp_profile *profile = NULL;

	err = (struct nsc_error)NSC_ERROR_INIT;
	nsc_seccomp_profile_parse(text, "F", &here, &profile, &err);
	return profile;
}

static struct nsc_seccomp compile(struct nsc_seccomp_profile *profile)
{
	struct nsc_seccomp filter = { .len = 0 };

	ck_assert_msg(profile, "%s", err.text);
	ck_assert_msg(nsc_seccomp_compile(profile, &filter, &err) == 0, "%s",
		      err.text);
	nsc_seccomp_profile_free(profile);
	return filter;
}

static struct nsc_seccomp builtin(uint64_t caps)
{
	struct nsc_seccomp_world here = world(caps);
	struct nsc_seccomp_profile *profile = NULL;

	ck_assert_int_eq(nsc_seccomp_profile_default(&here, &profile, &err),
			 0);
	return compile(profile);
}

static struct nsc_seccomp sample(const char *name, uint64_t caps)
{
	struct nsc_seccomp_world here = world(caps);
	struct nsc_seccomp_profile *profile = NULL;
	static char text[65536];
	char path[512];
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), SRCDIR "/tests/unit/samples/%s", name);
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	n = fread(text, 1, sizeof(text) - 1, file);
	text[n] = '\0';
	fclose(file);
	nsc_seccomp_profile_parse(text, path, &here, &profile, &err);
	return compile(profile);
}

/* The errno of a system call under the filter, 0 or KILLED. */
static int outcome(const struct nsc_seccomp *filter, long number, long a,
		   long b, long c)
{
	int *answer = mmap(NULL, sizeof(*answer), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status, result;
	pid_t pid;

	ck_assert_ptr_ne(answer, MAP_FAILED);
	*answer = -1;
	pid = fork();
	if (pid == 0) {
		long ret;

		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (nsc_seccomp_load(filter, &err) < 0)
			_exit(1);
		*answer = KILLED;
		ret = syscall(number, a, b, c, 0, 0, 0);
		if (number == SYS_clone && ret == 0)
			_exit(0);
		*answer = ret < 0 ? errno : 0;
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	result = *answer;
	munmap(answer, sizeof(*answer));
	if (WIFSIGNALED(status))
		ck_assert_int_eq(WTERMSIG(status), SIGSYS);
	return result;
}

static int outcome1(const struct nsc_seccomp *filter, long number, long a)
{
	return outcome(filter, number, a, 0, 0);
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
		SYS_vhangup, SYS_quotactl, SYS_sethostname, SYS_mbind,
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
		{ CAP_SYS_PACCT, SYS_acct }, { CAP_SYS_NICE, SYS_mbind },
		{ CAP_SYS_PTRACE, SYS_pidfd_getfd },
		{ CAP_DAC_READ_SEARCH, SYS_open_by_handle_at },
	};
	_cleanup_seccomp_ struct nsc_seccomp none = builtin(0);

	for (size_t i = 0; i < NSC_ARRAY_SIZE(pairs); i++) {
		_cleanup_seccomp_ struct nsc_seccomp filter =
			builtin(BIT(pairs[i].cap));

		/* Without arguments each fails, but never with the same. */
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
	/* What the kernel does not look at is no way around. */
	ck_assert_int_eq(outcome(&filter, SYS_socket, AF_VSOCK | 1L << 32,
				 SOCK_STREAM, 0), EPERM);
	ck_assert_int_ne(outcome(&filter, SYS_socket, AF_XDP, SOCK_RAW, 0),
			 ENOSYS);
	ck_assert_int_eq(outcome1(&filter, SYS_personality, 0xffffffff), 0);
	ck_assert_int_eq(outcome1(&filter, SYS_personality, 0), 0);
	ck_assert_int_eq(outcome1(&filter, SYS_personality, UNAME26), 0);
	ck_assert_int_eq(outcome1(&filter, SYS_personality,
				  ADDR_NO_RANDOMIZE), EPERM);
}
END_TEST

/* A program that is newer than this filter falls back, as on an old kernel. */
START_TEST(default_newer)
{
	_cleanup_seccomp_ struct nsc_seccomp filter = builtin(0);
	int newest = nsc_seccomp_newest(seccomp_arch_native());

	ck_assert_int_ge(newest, 448);
	ck_assert_int_eq(outcome1(&filter, newest + 1, 0), ENOSYS);
	ck_assert_int_eq(outcome1(&filter, 900, 0), ENOSYS);
}
END_TEST

static bool named(const struct nsc_seccomp_profile *profile, const char *name)
{
	for (size_t i = 0; i < profile->n_rules; i++)
		for (char **p = profile->rules[i].names; *p; p++)
			if (!strcmp(*p, name))
				return true;
	return false;
}

/* Each system call that libseccomp knows was decided on. */
START_TEST(default_is_complete)
{
	static const char never[] =
		" add_key keyctl request_key io_uring_enter io_uring_register "
		"io_uring_setup userfaultfd kexec_file_load kexec_load "
		"pivot_root swapoff swapon migrate_pages move_pages _sysctl "
		"afs_syscall create_module get_kernel_syms getpmsg nfsservctl "
		"putpmsg query_module security sysfs tuxcall uselib ustat "
		"vserver ";
	struct nsc_seccomp_world here = world(UINT64_MAX);
	struct nsc_seccomp_profile *profile = NULL;
	int known = 0;

	ck_assert_int_eq(nsc_seccomp_profile_default(&here, &profile, &err),
			 0);
	for (int i = 0; i < 1000; i++) {
		char *name = seccomp_syscall_resolve_num_arch(here.arch, i);
		char word[80];

		if (!name)
			continue;
		known++;
		snprintf(word, sizeof(word), " %s ", name);
		ck_assert_msg(named(profile, name) != !!strstr(never, word),
			      "%s", name);
		free(name);
	}
	ck_assert_int_gt(known, 300);
	nsc_seccomp_profile_free(profile);
}
END_TEST

START_TEST(oci_sample)
{
	_cleanup_seccomp_ struct nsc_seccomp filter =
		sample("seccomp-oci.json", 0);

	ck_assert_uint_eq(filter.flags, SECCOMP_FILTER_FLAG_LOG);
	ck_assert_int_eq(outcome1(&filter, SYS_getpid, 0), 0);
	ck_assert_int_eq(outcome1(&filter, SYS_getuid, 0), 71);
	ck_assert_int_eq(outcome1(&filter, SYS_getsid, 0), 38);
	ck_assert_int_eq(outcome(&filter, SYS_kill, 2147483646, 0, 0), ESRCH);
	ck_assert_int_eq(outcome(&filter, SYS_kill, 2147483646, 9, 0), 38);
	ck_assert_int_eq(outcome(&filter, SYS_kill, 2147483645, 0, 0), 38);
	ck_assert_int_eq(outcome1(&filter, SYS_close, -1), KILLED);
}
END_TEST

START_TEST(docker_sample)
{
	_cleanup_seccomp_ struct nsc_seccomp none =
		sample("seccomp-docker.json", 0);
	_cleanup_seccomp_ struct nsc_seccomp one =
		sample("seccomp-docker.json", BIT(CAP_SYS_ADMIN));
	_cleanup_seccomp_ struct nsc_seccomp both =
		sample("seccomp-docker.json", BIT(CAP_SYS_ADMIN) |
		       BIT(CAP_CHOWN));

	ck_assert_int_eq(outcome1(&none, SYS_getuid, 0), EPERM);
	ck_assert_int_eq(outcome1(&none, SYS_getgid, 0), 0);
	ck_assert_int_eq(outcome1(&one, SYS_getgid, 0), 0);
	ck_assert_int_eq(outcome1(&both, SYS_getgid, 0), 71);
	ck_assert_int_eq(outcome1(&none, SYS_getppid, 0), 72);
	ck_assert_int_eq(outcome1(&one, SYS_getppid, 0), 0);
	ck_assert_int_eq(outcome1(&none, SYS_getsid, 0), 73);
	ck_assert_int_eq(outcome1(&none, SYS_getpgid, 0), 0);
#if defined(__x86_64__) || defined(__aarch64__)
	ck_assert_int_eq(outcome1(&none, SYS_umask, 022), 75);
	ck_assert_int_eq(outcome1(&none, SYS_sync, 0), 0);
#endif
}
END_TEST

#define ONE(entry) "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [" \
		   entry "]}"
#define ARGS(args) ONE("{\"names\": [\"kill\"], \"action\": " \
		       "\"SCMP_ACT_ERRNO\", \"args\": [" args "]}")
#define INCLUDES(what) ONE("{\"names\": [\"kill\"], \"action\": " \
			   "\"SCMP_ACT_ERRNO\", \"includes\": {" what "}}")

static const struct bad {
	const char *text, *expected;
} bads[] = {
	{ "", "F: line 1, column 0: " },
	{ "{", "F: line 1, column 1: " },
	{ "{}", "F: defaultAction: must be there" },
	{ "{\"defaultAction\": 1}", "F: defaultAction: expected one of" },
	{ "{\"defaultAction\": \"SCMP_ACT_NONE\"}",
	  "F: defaultAction: expected one of" },
	{ "{\"defaultAction\": \"SCMP_ACT_NOTIFY\"}",
	  "F: defaultAction: not possible here: nothing listens" },
	{ "{\"defaultAction\": \"SCMP_ACT_TRACE\"}",
	  "F: defaultAction: not possible here: no tracer" },
	{ "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"default\": 1}",
	  "F: default: unknown key" },
	{ "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"defaultErrnoRet\": 1}",
	  "F: defaultErrnoRet: belongs to SCMP_ACT_ERRNO" },
	{ "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 4096}",
	  "F: defaultErrnoRet: expected a number from 0 to 4095" },
	{ "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"architectures\": "
	  "[\"SCMP_ARCH_X86\", \"SCMP_ARCH_VAX\"]}",
	  "F: architectures[1]: expected an architecture" },
	{ "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"architectures\": [], "
	  "\"archMap\": []}", "F: expected architectures or archMap" },
	{ "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"archMap\": [{}]}",
	  "F: archMap[0].architecture: must be there" },
	{ "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"archMap\": "
	  "[{\"architecture\": \"SCMP_ARCH_ARM\", \"subArchitectures\": "
	  "[\"x\"]}]}", "F: archMap[0].subArchitectures[0]: expected" },
	{ "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"flags\": [\"X\"]}",
	  "F: flags[0]: expected one of" },
	{ "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"flags\": "
	  "[\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"]}",
	  "F: flags[0]: not possible here" },
	{ "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"listenerPath\": \"/x\"}",
	  "F: listenerPath: not possible here" },
	{ ONE("{}"), "F: syscalls[0]: names must be there" },
	{ ONE("{\"names\": [\"kill\"]}"),
	  "F: syscalls[0]: action must be there" },
	{ ONE("{\"names\": [\"kill\"], \"name\": \"kill\", \"action\": "
	      "\"SCMP_ACT_ERRNO\"}"), "F: syscalls[0]: expected name or" },
	{ ONE("{\"names\": [1], \"action\": \"SCMP_ACT_ERRNO\"}"),
	  "F: syscalls[0].names[0]: expected a string" },
	{ ONE("{\"names\": [\"kill\"], \"action\": \"SCMP_ACT_NOTIFY\"}"),
	  "F: syscalls[0].action: not possible here: nothing" },
	{ ONE("{\"names\": [\"kill\"], \"action\": \"SCMP_ACT_TRACE\"}"),
	  "F: syscalls[0].action: not possible here: no tracer" },
	{ ONE("{\"names\": [\"kill\"], \"action\": \"SCMP_ACT_KILL\", "
	      "\"errnoRet\": 2}"), "F: syscalls[0].errnoRet: belongs to" },
	{ ONE("{\"names\": [\"kill\"], \"x\": 1}"),
	  "F: syscalls[0].x: unknown key" },
	{ ARGS("{}"), "F: syscalls[0].args[0]: index, value and op" },
	{ ARGS("{\"index\": 6, \"value\": 0, \"op\": \"SCMP_CMP_EQ\"}"),
	  "F: syscalls[0].args[0].index: expected a number from 0 to 5" },
	{ ARGS("{\"index\": 0, \"value\": -1, \"op\": \"SCMP_CMP_EQ\"}"),
	  "F: syscalls[0].args[0].value: expected a number" },
	{ ARGS("{\"index\": 0, \"value\": 0, \"op\": \"SCMP_CMP_X\"}"),
	  "F: syscalls[0].args[0].op: expected one of" },
	{ ARGS("{\"index\": 0, \"value\": 0, \"op\": \"SCMP_CMP_GT\"},"
	       "{\"index\": 0, \"value\": 9, \"op\": \"SCMP_CMP_LT\"}"),
	  "F: syscalls[0].args[1]: a filter has one condition" },
	{ INCLUDES("\"caps\": [\"CAP_NONE\"]"),
	  "F: syscalls[0].includes.caps[0]: expected the name" },
	{ INCLUDES("\"arches\": [\"vax\"]"),
	  "F: syscalls[0].includes.arches[0]: expected an architecture" },
	{ INCLUDES("\"minKernel\": \"5.4x\""),
	  "F: syscalls[0].includes.minKernel: expected a kernel's" },
	{ INCLUDES("\"user\": 1"), "F: syscalls[0].includes.user: unknown" },
};

START_TEST(bad_values)
{
	for (size_t i = 0; i < NSC_ARRAY_SIZE(bads); i++) {
		ck_assert_msg(!parse(bads[i].text, 0), "accepted: %s",
			      bads[i].text);
		ck_assert_msg(!strncmp(err.text, bads[i].expected,
				       strlen(bads[i].expected)),
			      "%s\nexpected: %s\ngot: %s", bads[i].text,
			      bads[i].expected, err.text);
	}
}
END_TEST

static void uncompilable(const char *text, const char *expected)
{
	struct nsc_seccomp_profile *profile = parse(text, 0);
	struct nsc_seccomp filter = { .len = 0 };

	ck_assert_msg(profile, "%s: %s", text, err.text);
	ck_assert_int_eq(nsc_seccomp_compile(profile, &filter, &err), -EINVAL);
	ck_assert_msg(!strncmp(err.text, expected, strlen(expected)),
		      "expected: %s\ngot: %s", expected, err.text);
	ck_assert_ptr_null(filter.code);
	nsc_seccomp_profile_free(profile);
}

/* A denial must not get lost by a name that nobody knows. */
START_TEST(unknown_names)
{
	_cleanup_seccomp_ struct nsc_seccomp filter = compile(parse(
		"{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": ["
		"{\"names\": [\"no_such_call\"], \"action\": "
		"\"SCMP_ACT_KILL\"}]}", 0));

	uncompilable(ONE("{\"names\": [\"kill\", \"no_such_call\"], "
			 "\"action\": \"SCMP_ACT_ERRNO\"}"),
		     "F: syscalls[0]: 'no_such_call': no system call of that");
	uncompilable("{\"defaultAction\": \"SCMP_ACT_LOG\", \"syscalls\": ["
		     "{\"names\": [\"no_such_call\"], \"action\": "
		     "\"SCMP_ACT_KILL\"}]}",
		     "F: syscalls[0]: 'no_such_call': no system call of that");
	ck_assert_uint_gt(filter.len, 0);
}
END_TEST

START_TEST(operators)
{
	static const struct {
		const char *op;
		bool holds[3];		/* of 4, 5 and 6 against 5 */
	} table[] = {
		{ "NE", { true, false, true } },
		{ "LT", { true, false, false } },
		{ "LE", { true, true, false } },
		{ "EQ", { false, true, false } },
		{ "GE", { false, true, true } },
		{ "GT", { false, false, true } },
	};

	for (size_t i = 0; i < NSC_ARRAY_SIZE(table); i++) {
		struct nsc_seccomp filter;
		char text[512];

		snprintf(text, sizeof(text),
			 ONE("{\"names\": [\"getppid\"], \"action\": "
			     "\"SCMP_ACT_ERRNO\", \"errnoRet\": 99, \"args\": "
			     "[{\"index\": 0, \"value\": 5, \"op\": "
			     "\"SCMP_CMP_%s\"}]}"), table[i].op);
		filter = compile(parse(text, 0));
		for (int j = 0; j < 3; j++)
			ck_assert_msg(outcome1(&filter, SYS_getppid, 4 + j) ==
				      (table[i].holds[j] ? 99 : 0), "%d %s 5",
				      4 + j, table[i].op);
		nsc_seccomp_free(&filter);
	}
}
END_TEST

START_TEST(files)
{
	struct nsc_seccomp_world here = world(0);
	struct nsc_seccomp_profile *profile = NULL;
	char dir[64], path[128];

	unit_need_root();
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

/* What is read must be all of it, and nothing else. */
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
	again.len = BPF_MAXINSNS + 1;
	ck_assert_int_eq(nsc_seccomp_read(fd, &again, &err), -EBADMSG);
	again.len = 0;
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
		.no_new_privs = no_new_privs,
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

/* A profile under which nobody could enter is refused at the start. */
START_TEST(unusable)
{
	unit_need_root();
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
		default_denies, default_allows, default_clone,
		default_by_capability, default_arguments, default_newer,
		default_is_complete, oci_sample, docker_sample, bad_values,
		unknown_names, operators, files, reading, unusable, NULL,
	};
	Suite *suite = suite_create("seccomp");
	TCase *tcase = tcase_create("all");

	unit_add(tcase, tests);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
