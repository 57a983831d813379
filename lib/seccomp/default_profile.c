/*
 * The built-in profile: what is in the table is allowed, the rest is EPERM.
 *
 * Each system call stands in one group or more, also those that nobody gets,
 * with the reason.  A group is allowed always, never, or where the container
 * has one of its capabilities: then the kernel's own check is the boundary, as
 * it is without a filter.
 */
#include "seccomp/profile.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "util/fd.h"

#define BIT(cap) (UINT64_C(1) << (cap))
#define ALWAYS UINT64_MAX
#define NEVER UINT64_C(0)

/* All flags of clone(2) that make a namespace; that of time is no flag there */
#define NEW_NAMESPACE (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | \
		       CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | \
		       CLONE_NEWNET)
#define INT_MASK UINT64_C(0xffffffff)	/* the kernel looks at these bits */
#define UNCHANGED UINT64_C(0xffffffff)	/* personality(2): only asks */
#define SHORT_INODE UINT64_C(0x0020000)	/* its UNAME26 */
#define LINUX32 UINT64_C(0x0008)

struct group {
	uint64_t caps;
	const char *names[240];
};

static const struct group groups[] = {
	/* Files and directories: their permissions decide. */
	{ ALWAYS, { "access", "chdir", "chmod", "chown", "chown32", "close",
	"close_range", "copy_file_range", "creat", "dup", "dup2", "dup3",
	"faccessat", "faccessat2", "fadvise64", "fadvise64_64",
	"arm_fadvise64_64", "fallocate", "fchdir", "fchmod", "fchmodat",
	"fchmodat2", "fchown", "fchown32", "fchownat", "fcntl", "fcntl64",
	"fdatasync", "fgetxattr", "flistxattr", "flock", "fremovexattr",
	"fsetxattr", "fstat", "fstat64", "fstatat64", "newfstatat", "fstatfs",
	"fstatfs64", "fsync", "ftruncate", "ftruncate64", "futimesat",
	"getcwd", "getdents", "getdents64", "getxattr", "ioctl", "lchown",
	"lchown32", "lgetxattr", "link", "linkat", "listxattr", "llistxattr",
	"_llseek", "lremovexattr", "lseek", "lsetxattr", "lstat", "lstat64",
	"mkdir", "mkdirat", "mknod", "mknodat", "name_to_handle_at",
	"oldfstat", "oldlstat", "oldstat", "open", "openat", "openat2",
	"pread64", "preadv", "preadv2", "pwrite64", "pwritev", "pwritev2",
	"read", "readahead", "readdir", "readlink", "readlinkat", "readv",
	"removexattr", "rename", "renameat", "renameat2", "rmdir", "sendfile",
	"sendfile64", "setxattr", "splice", "stat", "stat64", "statfs",
	"statfs64", "statx", "symlink", "symlinkat", "sync", "syncfs",
	"sync_file_range", "sync_file_range2", "arm_sync_file_range", "tee",
	"truncate", "truncate64", "umask", "unlink", "unlinkat", "utime",
	"utimensat", "utimensat_time64", "utimes", "vmsplice", "write",
	"writev", "cachestat", "file_getattr", "file_setattr", "getxattrat",
	"listxattrat", "removexattrat", "setxattrat", "listmount",
	"statmount" } },
	/* Waiting for files, and being told of changes. */
	{ ALWAYS, { "epoll_create", "epoll_create1", "epoll_ctl",
	"epoll_ctl_old", "epoll_pwait", "epoll_pwait2", "epoll_wait",
	"epoll_wait_old", "eventfd", "eventfd2", "fanotify_mark",
	"inotify_add_watch", "inotify_init", "inotify_init1",
	"inotify_rm_watch", "pipe", "pipe2", "poll", "ppoll", "ppoll_time64",
	"select", "_newselect", "pselect6", "pselect6_time64", "signalfd",
	"signalfd4", "io_cancel", "io_destroy", "io_getevents",
	"io_pgetevents", "io_pgetevents_time64", "io_setup", "io_submit" } },
	/* Memory of one's own. */
	{ ALWAYS, { "brk", "madvise", "map_shadow_stack", "membarrier",
	"memfd_create", "memfd_secret", "mincore", "mlock", "mlock2",
	"mlockall", "mmap", "mseal", "mmap2", "mprotect", "mremap", "msync",
	"munlock", "munlockall", "munmap", "pkey_alloc", "pkey_free",
	"pkey_mprotect", "remap_file_pages" } },
	/* Processes and threads; see below for what clone() may make. */
	{ ALWAYS, { "capget", "capset", "execve", "execveat", "exit",
	"exit_group", "fork", "vfork", "futex", "futex_requeue",
	"futex_time64", "futex_wait", "futex_waitv", "futex_wake",
	"get_robust_list", "set_robust_list", "get_thread_area",
	"set_thread_area", "set_tid_address", "getcpu", "getpgid", "getpgrp",
	"getpid", "getppid", "gettid", "getsid", "setpgid", "setsid",
	"getpriority", "setpriority", "nice", "getrlimit", "ugetrlimit",
	"setrlimit", "prlimit64", "getrusage", "ioprio_get", "ioprio_set",
	"pidfd_open", "pidfd_send_signal", "prctl", "process_mrelease",
	"restart_syscall", "rseq", "sched_get_priority_max",
	"sched_get_priority_min", "sched_getaffinity", "sched_getattr",
	"sched_getparam", "sched_getscheduler", "sched_rr_get_interval",
	"sched_rr_get_interval_time64", "sched_setaffinity", "sched_setattr",
	"sched_setparam", "sched_setscheduler", "sched_yield", "times",
	"wait4", "waitid", "waitpid" } },
	/* Identities: the user namespace and capabilities decide. */
	{ ALWAYS, { "getegid", "getegid32", "geteuid", "geteuid32", "getgid",
	"getgid32", "getgroups", "getgroups32", "getresgid", "getresgid32",
	"getresuid", "getresuid32", "getuid", "getuid32", "setfsgid",
	"setfsgid32", "setfsuid", "setfsuid32", "setgid", "setgid32",
	"setgroups", "setgroups32", "setregid", "setregid32", "setresgid",
	"setresgid32", "setresuid", "setresuid32", "setreuid", "setreuid32",
	"setuid", "setuid32" } },
	/* What a process gives up by itself. */
	{ ALWAYS, { "landlock_add_rule", "landlock_create_ruleset",
	"landlock_restrict_self", "seccomp" } },
	/* Signals. */
	{ ALWAYS, { "kill", "pause", "rt_sigaction", "rt_sigpending",
	"rt_sigprocmask", "rt_sigqueueinfo", "rt_sigreturn", "rt_sigsuspend",
	"rt_sigtimedwait", "rt_sigtimedwait_time64", "rt_tgsigqueueinfo",
	"uretprobe", "sigaction", "sigaltstack", "signal", "sigpending",
	"sigprocmask", "sigreturn", "sigsuspend", "sgetmask", "ssetmask",
	"tgkill", "tkill" } },
	/* Time; setting the clock is CAP_SYS_TIME's in adjtimex(2) itself. */
	{ ALWAYS, { "adjtimex", "alarm", "clock_adjtime", "clock_adjtime64",
	"clock_getres", "clock_getres_time64", "clock_gettime",
	"clock_gettime64", "clock_nanosleep", "clock_nanosleep_time64",
	"getitimer", "setitimer", "gettimeofday", "nanosleep", "time",
	"timer_create", "timer_delete", "timer_getoverrun", "timer_gettime",
	"timer_gettime64", "timer_settime", "timer_settime64",
	"timerfd_create", "timerfd_gettime", "timerfd_gettime64",
	"timerfd_settime", "timerfd_settime64" } },
	/* Sockets; see below for socket() itself. */
	{ ALWAYS, { "accept", "accept4", "bind", "connect", "getpeername",
	"getsockname", "getsockopt", "listen", "recv", "recvfrom", "recvmmsg",
	"recvmmsg_time64", "recvmsg", "send", "sendmmsg", "sendmsg", "sendto",
	"setsockopt", "shutdown", "socketcall", "socketpair" } },
	/* System V and POSIX inter-process communication. */
	{ ALWAYS, { "ipc", "mq_getsetattr", "mq_notify", "mq_open",
	"mq_timedreceive", "mq_timedreceive_time64", "mq_timedsend",
	"mq_timedsend_time64", "mq_unlink", "msgctl", "msgget", "msgrcv",
	"msgsnd", "semctl", "semget", "semop", "semtimedop",
	"semtimedop_time64", "shmat", "shmctl", "shmdt", "shmget" } },
	/* What this machine is. */
	{ ALWAYS, { "getrandom", "olduname", "oldolduname", "sysinfo",
	"uname" } },
	/* Of single architectures, about the calling thread alone. */
	{ ALWAYS, { "arch_prctl", "modify_ldt", "breakpoint", "cacheflush",
	"get_tls", "set_tls", "usr26", "usr32", "riscv_hwprobe",
	"riscv_flush_icache", "s390_guarded_storage", "s390_pci_mmio_read",
	"s390_pci_mmio_write", "s390_runtime_instr", "s390_sthyi",
	"swapcontext", "switch_endian", "sysmips", "cachectl" } },
	/* Debuggers, of processes that are one's own: safe from Linux 4.8 */
	{ ALWAYS, { "process_vm_readv", "process_vm_writev", "ptrace" } },

	{ BIT(CAP_SYS_PTRACE), { "kcmp", "pidfd_getfd", "process_madvise" } },
	{ BIT(CAP_DAC_READ_SEARCH), { "open_by_handle_at" } },
	/* Mounts and namespaces; clone() and clone3() stand below. */
	{ BIT(CAP_SYS_ADMIN), { "fsconfig", "fsmount", "fsopen", "fspick",
	"mount", "mount_setattr", "move_mount", "open_tree", "open_tree_attr",
	"setns", "umount", "umount2", "unshare" } },
	{ BIT(CAP_SYS_ADMIN), { "fanotify_init", "lookup_dcookie",
	"lsm_get_self_attr", "lsm_list_modules", "lsm_set_self_attr",
	"quotactl", "quotactl_fd", "setdomainname", "sethostname" } },
	{ BIT(CAP_SYS_ADMIN) | BIT(CAP_BPF), { "bpf" } },
	{ BIT(CAP_SYS_ADMIN) | BIT(CAP_PERFMON), { "perf_event_open" } },
	{ BIT(CAP_SYS_ADMIN) | BIT(CAP_SYSLOG), { "syslog" } },
	{ BIT(CAP_SYS_BOOT), { "reboot" } },
	{ BIT(CAP_SYS_CHROOT), { "chroot" } },
	{ BIT(CAP_SYS_MODULE), { "delete_module", "finit_module",
	"init_module" } },
	{ BIT(CAP_SYS_NICE), { "get_mempolicy", "mbind", "set_mempolicy",
	"set_mempolicy_home_node" } },
	{ BIT(CAP_SYS_PACCT), { "acct" } },
	{ BIT(CAP_SYS_RAWIO), { "ioperm", "iopl" } },
	{ BIT(CAP_SYS_TIME), { "clock_settime", "clock_settime64",
	"settimeofday", "stime" } },
	{ BIT(CAP_SYS_TTY_CONFIG), { "vhangup" } },

	/* The kernel's keyrings know no namespaces. */
	{ NEVER, { "add_key", "keyctl", "request_key" } },
	/* Great kernel surfaces, of which attacks were made. */
	{ NEVER, { "io_uring_enter", "io_uring_register", "io_uring_setup",
	"userfaultfd", "vm86", "vm86old" } },
	/* The whole machine's. */
	{ NEVER, { "kexec_file_load", "kexec_load", "pivot_root", "swapoff",
	"swapon", "migrate_pages", "move_pages", "pciconfig_iobase",
	"pciconfig_read", "pciconfig_write", "rtas", "spu_create", "spu_run",
	"subpage_prot", "sys_debug_setcontext" } },
	/* Old, replaced or never there. */
	{ NEVER, { "_sysctl", "afs_syscall", "bdflush", "break",
	"create_module", "ftime", "get_kernel_syms", "getpmsg", "gtty",
	"idle", "lock", "mpx", "multiplexer", "nfsservctl", "prof", "profil",
	"putpmsg", "query_module", "security", "stty", "sysfs", "timerfd",
	"tuxcall", "ulimit", "uselib", "ustat", "vserver" } },
};

static const char *const clone_names[] = { "clone", NULL };
static const char *const clone3_names[] = { "clone3", NULL };
static const char *const personality_names[] = { "personality", NULL };
static const char *const socket_names[] = { "socket", NULL };

/* One more rule with one condition. */
static int allow_if(struct nsc_seccomp_profile *profile,
		    const char *const *names, struct nsc_seccomp_arg arg)
{
	struct nsc_seccomp_rule *rule =
		nsc_seccomp_profile_add(profile, SCMP_ACT_ALLOW, names);

	if (!rule)
		return -ENOMEM;
	rule->args[0] = arg;
	rule->n_args = 1;
	return 0;
}

/*
 * Namespaces are CAP_SYS_ADMIN's.  The flags of clone3() lie in memory, where
 * no filter can look: ENOSYS has C libraries use clone() instead.
 */
static int add_clone(struct nsc_seccomp_profile *profile,
		     const struct nsc_seccomp_world *world)
{
	bool admin = world->capabilities & BIT(CAP_SYS_ADMIN);
	struct nsc_seccomp_arg flags = {
		.index = world->arch == SCMP_ARCH_S390X ? 1 : 0,
		.op = SCMP_CMP_MASKED_EQ, .value = NEW_NAMESPACE,
	};

	if (!nsc_seccomp_profile_add(profile, admin ? SCMP_ACT_ALLOW :
				     SCMP_ACT_ERRNO(ENOSYS), clone3_names))
		return -ENOMEM;
	if (!admin)
		return allow_if(profile, clone_names, flags);
	return nsc_seccomp_profile_add(profile, SCMP_ACT_ALLOW, clone_names) ?
		       0 : -ENOMEM;
}

/*
 * Not AF_VSOCK, which reaches the hypervisor from each network namespace; not
 * AF_ALG, through which much of the kernel's cryptography can be attacked; not
 * what nobody has used for long.  Ascending.
 */
static const unsigned int denied_families[] = {
	AF_DECnet, AF_ECONET, AF_ATMSVC, AF_IRDA, AF_ISDN, AF_CAIF, AF_ALG,
	AF_VSOCK,
};

static bool denied_family(uint64_t family)
{
	for (size_t i = 0; i < NSC_ARRAY_SIZE(denied_families); i++)
		if (denied_families[i] == family)
			return true;
	return false;
}

/*
 * Those that are allowed, one by one: a "not equal" would not do, since it
 * compares 64 bits, of which the kernel takes 32.
 */
static int add_socket(struct nsc_seccomp_profile *profile)
{
	struct nsc_seccomp_arg family = {
		.index = 0, .op = SCMP_CMP_LT, .value = denied_families[0],
	};
	int ret = allow_if(profile, socket_names, family);

	family.op = SCMP_CMP_MASKED_EQ;
	family.value = INT_MASK;
	for (uint64_t i = denied_families[0]; ret == 0 && i < AF_MAX; i++) {
		family.value_two = i;
		if (!denied_family(i))
			ret = allow_if(profile, socket_names, family);
	}
	return ret;
}

/* Those that change what uname(2) says, and the question for the present. */
static int add_personality(struct nsc_seccomp_profile *profile)
{
	static const uint64_t values[] = {
		0, LINUX32, SHORT_INODE, SHORT_INODE | LINUX32, UNCHANGED,
	};
	struct nsc_seccomp_arg arg = { .index = 0, .op = SCMP_CMP_EQ };
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < NSC_ARRAY_SIZE(values); i++) {
		arg.value = values[i];
		ret = allow_if(profile, personality_names, arg);
	}
	return ret;
}

static void add_arches(struct nsc_seccomp_profile *profile, uint32_t machine)
{
	static const uint32_t others[] = {
		SCMP_ARCH_X86, SCMP_ARCH_X32, SCMP_ARCH_ARM, SCMP_ARCH_S390,
		SCMP_ARCH_MIPS, SCMP_ARCH_MIPS64N32, SCMP_ARCH_MIPSEL,
		SCMP_ARCH_MIPSEL64N32,
	};

	for (size_t i = 0; i < NSC_ARRAY_SIZE(others); i++)
		if (profile->n_arches < NSC_SECCOMP_ARCHES &&
		    others[i] != machine &&
		    nsc_seccomp_arch_runs_on(others[i], machine))
			profile->arches[profile->n_arches++] = others[i];
}

int nsc_seccomp_profile_default(const struct nsc_seccomp_world *world,
				struct nsc_seccomp_profile **ret,
				struct nsc_error *err)
{
	_cleanup_profile_ struct nsc_seccomp_profile *profile =
		calloc(1, sizeof(*profile));
	int error = 0;

	if (!profile || !(profile->file = strdup("the built-in profile")))
		return nsc_error_sys(err, ENOMEM, "seccomp");
	profile->default_action = SCMP_ACT_ERRNO(EPERM);
	add_arches(profile, world->arch);
	for (size_t i = 0; error == 0 && i < NSC_ARRAY_SIZE(groups); i++) {
		if (groups[i].caps != ALWAYS &&
		    !(groups[i].caps & world->capabilities))
			continue;
		if (!nsc_seccomp_profile_add(profile, SCMP_ACT_ALLOW,
					     groups[i].names))
			error = -ENOMEM;
	}
	if (error == 0)
		error = add_clone(profile, world);
	if (error == 0)
		error = add_socket(profile);
	if (error == 0)
		error = add_personality(profile);
	if (error < 0)
		return nsc_error_sys(err, -error, "seccomp");
	*ret = NSC_TAKE_PTR(profile);
	return 0;
}

int nsc_seccomp_newest(uint32_t arch)
{
	int newest = -1;

	for (size_t i = 0; i < NSC_ARRAY_SIZE(groups); i++) {
		for (const char *const *name = groups[i].names; *name; name++) {
			int number = seccomp_syscall_resolve_name_arch(arch,
								       *name);

			/* arm has private ones, far above. */
			if (number > newest && number < 0x10000)
				newest = number;
		}
	}
	return newest;
}
