/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The built-in profile: system calls in the tables are allowed, all others are
 * EPERM.
 *
 * Each system call has a group with its reason, even if no container gets the
 * call.  A group is allowed always, never, or if the container has one of its
 * capabilities: then the kernel's own check is the boundary, as it is without a
 * filter.
 */
#include "seccomp/default_profile.h"

#include <linux/capability.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/socket.h>

#include "util/fd.h"

#define BIT(cap) (UINT64_C(1) << (cap))
#define ALWAYS UINT64_MAX
#define NEVER UINT64_C(0)

/*
 * All flags of clone(2) that make a namespace; CLONE_NEWTIME is not a flag of
 * clone(2).
 */
#define NEW_NAMESPACE (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | \
		       CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | \
		       CLONE_NEWNET)
#define INT_MASK UINT32_MAX	/* the bits that the kernel reads */
#define UNCHANGED UINT32_MAX	/* personality(2): a query */

const struct nsc_seccomp_group nsc_seccomp_groups[] = {
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
	/* Waiting for files, and notification of changes. */
	{ ALWAYS, { "epoll_create", "epoll_create1", "epoll_ctl",
	"epoll_ctl_old", "epoll_pwait", "epoll_pwait2", "epoll_wait",
	"epoll_wait_old", "eventfd", "eventfd2", "fanotify_mark",
	"inotify_add_watch", "inotify_init", "inotify_init1",
	"inotify_rm_watch", "pipe", "pipe2", "poll", "ppoll", "ppoll_time64",
	"select", "_newselect", "pselect6", "pselect6_time64", "signalfd",
	"signalfd4", "io_cancel", "io_destroy", "io_getevents",
	"io_pgetevents", "io_pgetevents_time64", "io_setup", "io_submit" } },
	/* The caller's own memory. */
	{ ALWAYS, { "brk", "madvise", "map_shadow_stack", "membarrier",
	"memfd_create", "memfd_secret", "mincore", "mlock", "mlock2",
	"mlockall", "mmap", "mseal", "mmap2", "mprotect", "mremap", "msync",
	"munlock", "munlockall", "munmap", "pkey_alloc", "pkey_free",
	"pkey_mprotect", "remap_file_pages" } },
	/* Processes and threads; the check of clone() is below. */
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
	/* Restrictions that a process puts on itself. */
	{ ALWAYS, { "landlock_add_rule", "landlock_create_ruleset",
	"landlock_restrict_self", "seccomp" } },
	/* Signals. */
	{ ALWAYS, { "kill", "pause", "rt_sigaction", "rt_sigpending",
	"rt_sigprocmask", "rt_sigqueueinfo", "rt_sigreturn", "rt_sigsuspend",
	"rt_sigtimedwait", "rt_sigtimedwait_time64", "rt_tgsigqueueinfo",
	"uprobe", "uretprobe", "sigaction", "sigaltstack", "signal",
	"sigpending", "sigprocmask", "sigreturn", "sigsuspend", "sgetmask",
	"ssetmask", "tgkill", "tkill" } },
	/* Time; adjtimex(2) itself checks CAP_SYS_TIME to set the clock. */
	{ ALWAYS, { "adjtimex", "alarm", "clock_adjtime", "clock_adjtime64",
	"clock_getres", "clock_getres_time64", "clock_gettime",
	"clock_gettime64", "clock_nanosleep", "clock_nanosleep_time64",
	"getitimer", "setitimer", "gettimeofday", "nanosleep", "time",
	"timer_create", "timer_delete", "timer_getoverrun", "timer_gettime",
	"timer_gettime64", "timer_settime", "timer_settime64",
	"timerfd_create", "timerfd_gettime", "timerfd_gettime64",
	"timerfd_settime", "timerfd_settime64" } },
	/* Sockets; the check of socket() is below. */
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
	/* Facts about the machine. */
	{ ALWAYS, { "getrandom", "olduname", "oldolduname", "sysinfo",
	"uname" } },
	/* Calls of single architectures, for the calling thread only. */
	{ ALWAYS, { "arch_prctl", "modify_ldt", "breakpoint", "cacheflush",
	"get_tls", "set_tls", "usr26", "usr32", "riscv_hwprobe",
	"riscv_flush_icache", "s390_guarded_storage", "s390_pci_mmio_read",
	"s390_pci_mmio_write", "s390_runtime_instr", "s390_sthyi",
	"swapcontext", "switch_endian", "sysmips", "cachectl" } },
	/* The caller's own memory: on which nodes it is. */
	{ ALWAYS, { "get_mempolicy", "mbind", "set_mempolicy",
	"set_mempolicy_home_node" } },
	/* Debuggers, for the user's own processes: safe since Linux 4.8. */
	{ ALWAYS, { "process_vm_readv", "process_vm_writev", "ptrace" } },

	{ BIT(CAP_SYS_PTRACE), { "kcmp", "pidfd_getfd", "process_madvise" } },
	{ BIT(CAP_DAC_READ_SEARCH), { "open_by_handle_at" } },
	/* Mounts and namespaces; clone() and clone3() are checked below. */
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
	{ BIT(CAP_SYS_PACCT), { "acct" } },
	{ BIT(CAP_SYS_RAWIO), { "ioperm", "iopl" } },
	{ BIT(CAP_SYS_TIME), { "clock_settime", "clock_settime64",
	"settimeofday", "stime" } },
	{ BIT(CAP_SYS_TTY_CONFIG), { "vhangup" } },

	/* The kernel's keyrings have no namespaces. */
	{ NEVER, { "add_key", "keyctl", "request_key" } },
	/* Large kernel interfaces with a history of exploits. */
	{ NEVER, { "io_uring_enter", "io_uring_register", "io_uring_setup",
	"userfaultfd", "vm86", "vm86old" } },
	/* Calls that affect the whole machine. */
	{ NEVER, { "kexec_file_load", "kexec_load", "pivot_root", "swapoff",
	"swapon", "migrate_pages", "move_pages", "pciconfig_iobase",
	"pciconfig_read", "pciconfig_write", "rtas", "spu_create", "spu_run",
	"subpage_prot", "sys_debug_setcontext" } },
	/* Obsolete, replaced, or never implemented. */
	{ NEVER, { "_sysctl", "afs_syscall", "bdflush", "break",
	"create_module", "ftime", "get_kernel_syms", "getpmsg", "gtty",
	"idle", "lock", "mpx", "multiplexer", "nfsservctl", "prof", "profil",
	"putpmsg", "query_module", "security", "stty", "sysfs", "timerfd",
	"tuxcall", "ulimit", "uselib", "ustat", "vserver" } },
};

const size_t nsc_seccomp_n_groups = NSC_ARRAY_SIZE(nsc_seccomp_groups);

/*
 * The flags of clone3() are in memory, where no filter can look.  With ENOSYS,
 * C libraries use clone() instead.
 */
const struct nsc_seccomp_absent nsc_seccomp_absent = {
	"clone3", BIT(CAP_SYS_ADMIN)
};

/* Only CAP_SYS_ADMIN may make namespaces. */
static const struct nsc_seccomp_values clone_flags[] = {
	{ false, NEW_NAMESPACE, 0, 0 },
};

/*
 * Excluded are AF_VSOCK, which reaches the hypervisor from each network
 * namespace, AF_ALG, which exposes much of the kernel's cryptography to
 * attacks, and families that are long out of use.
 */
static const struct nsc_seccomp_values families[] = {
	{ true, INT_MASK, AF_UNSPEC, AF_DECnet - 1 },
	{ false, INT_MASK, AF_DECnet + 1, AF_ECONET - 1 },
	{ false, INT_MASK, AF_ATMSVC + 1, AF_IRDA - 1 },
	{ false, INT_MASK, AF_IRDA + 1, AF_ISDN - 1 },
	{ false, INT_MASK, AF_ISDN + 1, AF_CAIF - 1 },
	{ false, INT_MASK, AF_ALG + 1, AF_VSOCK - 1 },
	{ false, INT_MASK, AF_VSOCK + 1, AF_MAX - 1 },
};

/*
 * Personalities that change the answer of uname(2); addresses that are not
 * random, for debuggers: execve(2) ends that where a program gains rights; and
 * the query.
 */
static const struct nsc_seccomp_values personalities[] = {
	{ true, INT_MASK, PER_LINUX, PER_LINUX },
	{ true, INT_MASK, PER_LINUX32, PER_LINUX32 },
	{ true, INT_MASK, UNAME26, UNAME26 },
	{ true, INT_MASK, UNAME26 | PER_LINUX32, UNAME26 | PER_LINUX32 },
	{ true, INT_MASK, ADDR_NO_RANDOMIZE, ADDR_NO_RANDOMIZE },
	{ true, INT_MASK, ADDR_NO_RANDOMIZE | PER_LINUX32,
	  ADDR_NO_RANDOMIZE | PER_LINUX32 },
	{ true, INT_MASK, UNCHANGED, UNCHANGED },
};

const struct nsc_seccomp_check nsc_seccomp_checks[] = {
	{ "clone", BIT(CAP_SYS_ADMIN), 0, 1, clone_flags,
	  NSC_ARRAY_SIZE(clone_flags) },
	{ "socket", NEVER, 0, 0, families, NSC_ARRAY_SIZE(families) },
	{ "personality", NEVER, 0, 0, personalities,
	  NSC_ARRAY_SIZE(personalities) },
};
const size_t nsc_seccomp_n_checks = NSC_ARRAY_SIZE(nsc_seccomp_checks);
