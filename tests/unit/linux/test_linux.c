/* SPDX-License-Identifier: Apache-2.0 */
/* lib/kernel: idmap, device, mount, namespace, pidfd, capability, terminal. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <sys/capability.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "util/fd.h"
#include "util/process.h"
#include "linux/capability.h"
#include "linux/credential.h"
#include "linux/device.h"
#include "linux/idmap.h"
#include "linux/keyring.h"
#include "linux/mount.h"
#include "linux/target.h"
#include "linux/namespace.h"
#include "linux/netdev.h"
#include "linux/pidfd.h"
#include "linux/pty.h"
#include "linux/terminal.h"

static struct nsc_error err;

static const struct {
	uint32_t own[3];
	size_t n, entries;
} owns[] = {
	{ { 0 }, 0, 1 }, { { 0 }, 1, 2 }, { { 1 }, 1, 3 }, { { 1000 }, 1, 3 },
	{ { 65535 }, 1, 2 }, { { 65536 }, 1, 2 }, { { 3000000 }, 1, 2 },
	{ { 4, 5, 27 }, 3, 5 }, { { 50, 1000, 70000 }, 3, 6 },
};

static bool is_own(size_t test, uint32_t id)
{
	for (size_t i = 0; i < owns[test].n; i++)
		if (owns[test].own[i] == id)
			return true;
	return false;
}

START_TEST(automatic_map)
{
	struct nsc_id_mapping map[NSC_MAPPINGS_MAX];
	size_t n = nsc_idmap_automatic(owns[_i].own, owns[_i].n, 200000, map);
	uint32_t id;

	ck_assert_uint_eq(n, owns[_i].entries);
	for (uint32_t i = 0; i < NSC_IDMAP_RANGE; i++) {
		ck_assert_int_eq(nsc_idmap_to_host(map, n, i, &id), 0);
		ck_assert_uint_eq(id, is_own((size_t)_i, i) ? i : 200000 + i);
	}
	for (size_t i = 0; i < owns[_i].n; i++) {
		ck_assert_int_eq(nsc_idmap_to_host(map, n, owns[_i].own[i],
						   &id), 0);
		ck_assert_uint_eq(id, owns[_i].own[i]);
	}
	map[n] = (struct nsc_id_mapping){ 80000, 1, 1 };
	ck_assert_int_eq(nsc_idmap_to_host(map, n, 80000, &id), -ENOENT);
}
END_TEST

/* As many as there may be in any case, one more, and a row of them. */
START_TEST(many_own_ids)
{
	struct nsc_id_mapping map[NSC_MAPPINGS_MAX];
	uint32_t own[2000], id;
	size_t n;

	for (size_t i = 0; i < NSC_ARRAY_SIZE(own); i++)
		own[i] = 10001 + 2 * (uint32_t)i;
	n = nsc_idmap_automatic(own, NSC_IDMAP_OWN, UINT32_MAX -
				NSC_IDMAP_RANGE, map);
	ck_assert_uint_eq(n, 2 * NSC_IDMAP_OWN + 1);
	n = nsc_idmap_automatic(own, 70, UINT32_MAX - NSC_IDMAP_RANGE, map);
	ck_assert_uint_eq(n, 141);
	ck_assert_uint_eq(nsc_idmap_automatic(own, 140, UINT32_MAX -
					      NSC_IDMAP_RANGE, map), 0);
	ck_assert_uint_eq(nsc_idmap_automatic(own, 2000, 100000, map), 0);
	/* Those of a directory service need one line each, and no gap. */
	for (size_t i = 0; i < NSC_ARRAY_SIZE(own); i++)
		own[i] = 1668800000 + 2 * (uint32_t)i;
	n = nsc_idmap_automatic(own, 160, 100000, map);
	ck_assert_uint_eq(n, 161);
	ck_assert_int_eq(nsc_idmap_to_host(map, n, own[159], &id), 0);
	ck_assert_uint_eq(id, own[159]);
	/* One byte less than a page, and a page: of a digit more. */
	ck_assert_uint_eq(nsc_idmap_automatic(own, 170, 100000, map), 171);
	ck_assert_uint_eq(nsc_idmap_automatic(own, 170, 1000000, map), 0);
	for (size_t i = 0; i < NSC_ARRAY_SIZE(own); i++)
		own[i] = 65000 + (uint32_t)i;
	n = nsc_idmap_automatic(own, 2000, 100000, map);
	ck_assert_uint_eq(n, 2);
	ck_assert_int_eq(nsc_idmap_to_host(map, n, 66999, &id), 0);
	ck_assert_uint_eq(id, 66999);
	ck_assert_int_eq(nsc_idmap_to_host(map, n, 64999, &id), 0);
	ck_assert_uint_eq(id, 164999);
}
END_TEST

START_TEST(namespaces)
{
	struct nsc_namespace_id mine[NSC_NAMESPACES], again[NSC_NAMESPACES];
	char path[64];
	struct stat st;

	ck_assert_int_eq(nsc_namespace_ids(0, mine), 0);
	for (size_t i = 0; i < NSC_NAMESPACES; i++) {
		snprintf(path, sizeof(path), "/proc/self/ns/%s",
			 nsc_namespaces[i].link);
		ck_assert_int_eq(stat(path, &st), 0);
		ck_assert_uint_eq(mine[i].dev, st.st_dev);
		ck_assert_uint_eq(mine[i].ino, st.st_ino);
	}
	ck_assert_int_eq(nsc_namespace_ids(getpid(), again), 0);
	ck_assert_int_eq(memcmp(mine, again, sizeof(mine)), 0);
	ck_assert_int_eq(unshare(CLONE_NEWUTS), 0);
	ck_assert_int_eq(nsc_namespace_ids(0, again), 0);
	ck_assert_uint_ne(mine[1].ino, again[1].ino);
	ck_assert_uint_eq(mine[0].ino, again[0].ino);
	ck_assert_int_eq(nsc_namespace_ids(0x7ffffff0, mine), -ESRCH);
}
END_TEST

START_TEST(pidfds)
{
	uint64_t mine, child_start;
	char boot[NSC_BOOT_ID_SIZE];
	int pidfd, status;
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			pause();
	ck_assert_int_eq(nsc_pidfd_boot_id(boot), 0);
	ck_assert_int_eq(nsc_pidfd_start_time(getpid(), &mine), 0);
	ck_assert_int_eq(nsc_pidfd_start_time(pid, &child_start), 0);
	ck_assert_uint_ge(child_start, mine);
	pidfd = nsc_pidfd_open(pid);
	ck_assert_int_ge(pidfd, 0);
	ck_assert(nsc_pidfd_alive(pidfd));
	ck_assert_int_eq(nsc_pidfd_signal(pidfd, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(!nsc_pidfd_alive(pidfd));
	ck_assert_int_eq(nsc_pidfd_signal(pidfd, SIGKILL), -ESRCH);
	ck_assert_int_eq(nsc_pidfd_start_time(pid, &child_start), -ESRCH);
	ck_assert_int_eq(nsc_pidfd_open(0), -EINVAL);
	ck_assert_int_eq(nsc_pidfd_open(-1), -EINVAL);
	close(pidfd);
}
END_TEST

/* The name of a process may look like the end of its field. */
START_TEST(start_time_of_a_hostile_name)
{
	uint64_t before, after;

	ck_assert_int_eq(nsc_pidfd_start_time(getpid(), &before), 0);
	prctl(PR_SET_NAME, ") R 1 1 1) (");
	ck_assert_int_eq(nsc_pidfd_start_time(getpid(), &after), 0);
	ck_assert_uint_eq(before, after);
}
END_TEST

START_TEST(devices)
{
	struct nsc_device_node null = nsc_device_defaults[0];
	char dir[64];
	struct stat st;
	int fd;

	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL), 0);
	unit_make_dir(dir);
	ck_assert_int_eq(mount("t", dir, "tmpfs", 0, NULL), 0);
	fd = open(dir, O_RDONLY | O_DIRECTORY);
	umask(077);
	ck_assert_int_eq(nsc_device_create(fd, &null, 7, 8, &err), 0);
	ck_assert_int_eq(fstatat(fd, "null", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode, S_IFCHR | 0666);
	ck_assert_uint_eq(st.st_rdev, makedev(1, 3));
	ck_assert_uint_eq(st.st_uid, 7);
	ck_assert_int_eq(nsc_device_create(fd, &null, 0, 0, &err), -EEXIST);
	null.path = (char[]){ "/dev/net/sub/tun" };
	ck_assert_int_eq(nsc_device_create(fd, &null, 0, 0, &err), 0);
	close(fd);
	ck_assert_int_eq(umount2(dir, MNT_DETACH), 0);
	unit_remove_dir(dir);
}
END_TEST

static struct nsc_tree tree = { -1, 0, -1, NULL };

static int target(const char *path, unsigned int how)
{
	return nsc_target_open(&tree, path, how, &err);
}

/* M1, M2: with any links in a rootfs, nothing outside is made or found. */
START_TEST(mount_points_stay_inside)
{
	char dir[64], path[128], outside[64];
	int root, fd;
	struct stat st;

	root = tree.root = open(unit_make_dir(dir), O_PATH | O_DIRECTORY);
	unit_make_dir(outside);
	snprintf(path, sizeof(path), "%s/abs", dir);
	ck_assert_int_eq(symlink(outside, path), 0);
	snprintf(path, sizeof(path), "%s/up", dir);
	ck_assert_int_eq(symlink("../../../../../../tmp", path), 0);
	/* A magic link counts as its text, "/". */
	snprintf(path, sizeof(path), "%s/magic", dir);
	ck_assert_int_eq(symlink("/proc/self/root/tmp", path), 0);
	fd = target("/abs/x/y", NSC_TARGET_DIR);
	ck_assert_int_ge(fd, 0);
	close(fd);
	fd = target("/up/made", NSC_TARGET_DIR);
	ck_assert_int_ge(fd, 0);
	close(fd);
	fd = target("/magic/z", NSC_TARGET_DIR);
	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_ne(stat("/tmp/made", &st), 0);
	ck_assert_int_ne(stat("/tmp/z", &st), 0);
	snprintf(path, sizeof(path), "%s/x", outside);
	ck_assert_int_ne(stat(path, &st), 0);
	fd = target("/../../a/b/c", NSC_TARGET_DIR);
	ck_assert_msg(fd >= 0, "%s", err.text);
	close(fd);
	snprintf(path, sizeof(path), "%s/a/b/c", dir);
	ck_assert_int_eq(stat(path, &st), 0);
	fd = target("/a/file", NSC_TARGET_FILE);
	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(target("/a/file", NSC_TARGET_DIR), -ENOTDIR);
	ck_assert_int_eq(target("/a/file/x", NSC_TARGET_DIR), -ENOTDIR);
	ck_assert_int_eq(target("/a", NSC_TARGET_FILE), -EISDIR);
	ck_assert_int_eq(target("/a/none", NSC_TARGET_ANY), -ENOENT);
	ck_assert_int_eq(target("/", NSC_TARGET_DIR), -EXDEV);
	close(root);
	unit_remove_dir(dir);
	unit_remove_dir(outside);
}
END_TEST

/* M12: links are followed in directories of root, but not of users. */
START_TEST(links_of_users_lead_nowhere)
{
	char dir[64];
	int fd;

	tree.root = open(unit_make_dir(dir), O_RDONLY | O_DIRECTORY);
	ck_assert_int_eq(mkdirat(tree.root, "user", 0755), 0);
	ck_assert_int_eq(mkdirat(tree.root, "user/roots", 0755), 0);
	ck_assert_int_eq(mkdirat(tree.root, "other", 0755), 0);
	ck_assert_int_eq(fchownat(tree.root, "user", 1000, 0, 0), 0);
	ck_assert_int_eq(symlinkat("other", tree.root, "good"), 0);
	ck_assert_int_eq(symlinkat("loop", tree.root, "loop"), 0);
	ck_assert_int_eq(symlinkat("../other", tree.root, "user/link"), 0);
	ck_assert_int_eq(symlinkat("x", tree.root, "user/roots/link"), 0);
	fd = target("/good/x", NSC_TARGET_DIR);
	ck_assert_msg(fd >= 0, "%s", err.text);
	close(fd);
	ck_assert_int_eq(faccessat(tree.root, "other/x", F_OK, 0), 0);
	ck_assert_int_eq(target("/loop", NSC_TARGET_DIR), -ELOOP);
	ck_assert_int_eq(target("/good", NSC_TARGET_NO_LINK), -ELOOP);
	ck_assert_int_eq(target("/user/link/y", NSC_TARGET_DIR), -ELOOP);
	ck_assert_ptr_nonnull(strstr(err.text, "'/user/link' is a symbolic"));
	ck_assert_int_eq(target("/user/link", NSC_TARGET_ANY), -ELOOP);
	ck_assert_int_eq(target("/user/../other", NSC_TARGET_ANY), -ELOOP);
	ck_assert_int_eq(target("/user/roots/link", NSC_TARGET_ANY), -ELOOP);
	ck_assert_int_eq(target("/user/x", NSC_TARGET_ROOTS), -EPERM);
	ck_assert_int_eq(faccessat(tree.root, "other/y", F_OK, 0), -1);
	fd = target("/user/made/too", NSC_TARGET_DIR);
	ck_assert_int_ge(fd, 0);
	close(fd);
	tree.owner = 1000;
	fd = target("/user/link", NSC_TARGET_DIR);
	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(fchmodat(tree.root, "user", 01777, 0), 0);
	ck_assert_int_eq(target("/user/link", NSC_TARGET_DIR), -ELOOP);
	tree.owner = 0;
	close(tree.root);
	unit_remove_dir(dir);
}
END_TEST

START_TEST(no_link_leads_into_the_kernels)
{
	char dir[64];
	int fd;

	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL), 0);
	tree.root = open(unit_make_dir(dir), O_RDONLY | O_DIRECTORY);
	ck_assert_int_eq(mkdirat(tree.root, "p", 0755), 0);
	ck_assert_int_eq(symlinkat("p/sys", tree.root, "link"), 0);
	ck_assert_int_eq(fchdir(tree.root), 0);
	ck_assert_int_eq(mount("t", "p", "proc", 0, NULL), 0);
	fd = target("/p/sys/kernel", NSC_TARGET_DIR);
	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(target("/link/kernel", NSC_TARGET_DIR), -EXDEV);
	ck_assert_ptr_nonnull(strstr(err.text, "'/link' leads to '/p'"));
	tree.dev = open("/dev", O_PATH);
	ck_assert_int_eq(mkdirat(tree.root, "d", 0755), 0);
	ck_assert_int_eq(mount("/dev", "d", NULL, MS_BIND, NULL), 0);
	ck_assert_int_eq(symlinkat("/d/x", tree.root, "device"), 0);
	ck_assert_int_eq(target("/device", NSC_TARGET_FILE), -EXDEV);
	close(tree.dev);
	tree.dev = -1;
	ck_assert_int_eq(umount2("d", MNT_DETACH), 0);
	ck_assert_int_eq(umount2("p", MNT_DETACH), 0);
	ck_assert_int_eq(chdir("/"), 0);
	close(tree.root);
	unit_remove_dir(dir);
}
END_TEST

START_TEST(capabilities)
{
	const uint64_t keep = UINT64_C(1) << CAP_CHOWN |
			      UINT64_C(1) << CAP_SETPCAP;
	cap_flag_value_t on;
	cap_t caps;

	ck_assert_int_eq(nsc_capability_bound(keep, &err), 0);
	ck_assert_int_eq(cap_get_bound(CAP_CHOWN), 1);
	for (int cap = 0; cap_get_bound(cap) >= 0; cap++)
		ck_assert_int_eq(cap_get_bound(cap), keep >> cap & 1);
	ck_assert_int_eq(nsc_capability_keep(UINT64_C(1) << CAP_CHOWN, &err),
			 0);
	/* What is dropped already needs no right. */
	ck_assert_int_eq(nsc_capability_bound(keep, &err), 0);
	ck_assert_int_eq(nsc_capability_bound(0, &err), -EPERM);
	ck_assert_ptr_nonnull(strstr(err.text, "drop capability 0 from"));
	caps = cap_get_proc();
	cap_get_flag(caps, CAP_CHOWN, CAP_EFFECTIVE, &on);
	ck_assert_int_eq(on, CAP_SET);
	cap_get_flag(caps, CAP_KILL, CAP_PERMITTED, &on);
	ck_assert_int_eq(on, CAP_CLEAR);
	cap_get_flag(caps, CAP_CHOWN, CAP_INHERITABLE, &on);
	ck_assert_int_eq(on, CAP_CLEAR);
	cap_free(caps);
}
END_TEST

START_TEST(credentials)
{
	const gid_t groups[] = { 5, 6 }, both[] = { 6, 0 };
	gid_t *before = NULL, now[4];
	size_t n = 0;

	ck_assert_int_eq(setgroups(2, groups), 0);
	ck_assert_int_eq(nsc_credential_limit_groups(both, 2, &before, &n,
						     &err), 0);
	ck_assert_uint_eq(n, 2);
	ck_assert_uint_eq(before[0], 5);
	ck_assert_int_eq(getgroups(4, now), 1);
	ck_assert_uint_eq(now[0], 6);
	free(before);
	ck_assert_int_eq(setgroups(0, NULL), 0);
	ck_assert_int_eq(nsc_credential_limit_groups(both, 2, &before, &n,
						     &err), 0);
	ck_assert_uint_eq(n, 0);
	ck_assert_int_eq(getgroups(0, NULL), 0);
	free(before);
	ck_assert_int_eq(nsc_credential_become(7, 8, groups, 2, &err), 0);
	ck_assert_int_eq(setuid(0), -1);
	ck_assert_int_lt(nsc_credential_set_ids(0, 0, &err), 0);
	ck_assert_int_lt(nsc_credential_become(0, 0, NULL, 0, &err), 0);
}
END_TEST

START_TEST(terminals)
{
	int master;

	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL), 0);
	ck_assert_int_eq(mount("t", "/dev/pts", "devpts", 0,
			       "newinstance,ptmxmode=0666,gid=5,mode=620"), 0);
	if (mount("/dev/pts/ptmx", "/dev/ptmx", NULL, MS_BIND, NULL) < 0)
		return;
	ck_assert_msg(nsc_terminal_check(1, true, &err) == 0, "%s", err.text);
	/* No terminal is left. */
	ck_assert_int_eq(mount(NULL, "/dev/pts", "devpts", MS_REMOUNT,
			       "max=1,ptmxmode=0666,gid=5,mode=620"), 0);
	master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	ck_assert_int_ge(master, 0);
	ck_assert_int_eq(nsc_terminal_check(1, false, &err), 0);
	ck_assert_int_eq(nsc_terminal_check(1, true, &err), -ENOSPC);
	ck_assert_ptr_nonnull(strstr(err.text, "raise max_terminals"));
	close(master);
	/* The name that ttyname(3) would find does not exist. */
	ck_assert_int_eq(mount("t", "/dev/pts", "tmpfs", 0, NULL), 0);
	ck_assert_int_lt(nsc_terminal_check(1, true, &err), 0);
	ck_assert_int_eq(strncmp(err.text, "terminal: ", 10), 0);
}
END_TEST

static void own_devpts(void)
{
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL), 0);
	ck_assert_int_eq(mount("t", "/dev/pts", "devpts", 0,
			       "newinstance,ptmxmode=0666,gid=5,mode=620"), 0);
}

START_TEST(session_keyrings)
{
	int32_t before = (int32_t)syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID,
					  KEY_SPEC_SESSION_KEYRING, 0);

	ck_assert_int_eq(nsc_keyring_new_session(&err), 0);
	if (before > 0)
		ck_assert_int_ne(before, (int32_t)syscall(SYS_keyctl,
				 KEYCTL_GET_KEYRING_ID,
				 KEY_SPEC_SESSION_KEYRING, 0));
}
END_TEST

START_TEST(ptys)
{
	struct nsc_pty pty = NSC_PTY_INIT, none = NSC_PTY_INIT;
	struct winsize size = { .ws_row = 12, .ws_col = 34 };
	const int stdio[] = { 0, 1, 2 };
	dev_t host = nsc_pty_devpts();
	int status;
	pid_t pid;

	own_devpts();
	ck_assert_msg(nsc_pty_new_here(host, &pty, &err) == 0, "%s", err.text);
	ck_assert_int_eq(nsc_pty_reopen_here(&pty, &err), 0);
	ck_assert_str_eq(ttyname(pty.slave), "/dev/pts/0");
	ck_assert_int_eq(ioctl(pty.slave, TIOCSWINSZ, &size), 0);
	nsc_pty_copy_size(&pty, pty.slave);
	pid = fork();
	if (pid == 0)
		_exit(nsc_pty_take(&pty, stdio, 3, &err) == 0 &&
		      getsid(0) == getpid() && tcgetpgrp(0) == getpid() &&
		      isatty(2) &&
		      open("/dev/tty", O_RDWR) >= 0 ? 0 : 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(nsc_pty_signal(&pty, SIGINT), 0);
	ck_assert_int_eq(nsc_pty_signal(&pty, SIGTERM), -EINVAL);
	/* Another devpts is mounted in its place. */
	own_devpts();
	ck_assert_int_eq(nsc_pty_reopen_here(&pty, &err), -ENOENT);
	/* It has a terminal of that number, too. */
	ck_assert_int_eq(nsc_pty_new_here(0, &none, &err), 0);
	ck_assert_int_eq(nsc_pty_reopen_here(&pty, &err), -ENODEV);
	ck_assert_str_eq(err.text, "terminal: '/dev/pts/0' is not the one that "
			 "was made with the container");
	nsc_pty_close(&none);
	ck_assert_int_lt(nsc_pty_new_here(nsc_pty_devpts(), &none, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "of the host"));
	ck_assert_int_eq(mount("t", "/dev/pts", "tmpfs", 0, NULL), 0);
	ck_assert_int_lt(nsc_pty_new_here(0, &none, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "not a devpts"));
	ck_assert_int_eq(none.master, -1);
	nsc_pty_close(&pty);
}
END_TEST

START_TEST(ptys_are_passed)
{
	struct nsc_pty pty = NSC_PTY_INIT, got = NSC_PTY_INIT;
	char text[8] = "";
	int pair[2];

	own_devpts();
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	ck_assert_int_eq(nsc_pty_receive(pair[0], &got, &err), -EAGAIN);
	ck_assert_int_eq(nsc_pty_new_here(0, &pty, &err), 0);
	ck_assert_int_eq(nsc_pty_send(pair[1], &pty, &err), 0);
	nsc_pty_close(&pty);
	ck_assert_int_eq(nsc_pty_receive(pair[0], &got, &err), 0);
	ck_assert_int_eq(write(got.slave, "abc", 3), 3);
	ck_assert_int_eq(read(got.master, text, 8), 3);
	ck_assert_str_eq(text, "abc");
	ck_assert_int_eq(read(got.master, text, 8), -1);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_int_eq(fcntl(got.slave, F_GETFD), FD_CLOEXEC);
	nsc_pty_close(&got);
	close(pair[1]);
	ck_assert_int_eq(nsc_pty_receive(pair[0], &got, &err), -EAGAIN);
	close(pair[0]);
}
END_TEST

START_TEST(maps_are_read)
{
	struct nsc_id_mapping map[NSC_MAPPINGS_MAX];
	uint32_t id;
	int n = nsc_idmap_read(getpid(), "uid_map", map);

	ck_assert_int_ge(n, 1);
	ck_assert_int_eq(nsc_idmap_to_host(map, (size_t)n, 0, &id), 0);
	/* Seen from inside, a map maps ids to themselves. */
	ck_assert_uint_eq(id, 0);
	ck_assert_int_eq(nsc_idmap_read(0x7ffffffe, "uid_map", map), -ESRCH);
}
END_TEST

START_TEST(namespaces_differ)
{
	struct nsc_namespace_id ids[NSC_NAMESPACES];
	uid_t owner = 1;
	int error = 1;

	ck_assert_int_eq(nsc_namespace_ids(0, ids), 0);
	ck_assert_uint_eq(nsc_namespace_differ(ids, &error), 0);
	ck_assert_int_eq(error, 0);
	for (size_t i = 0; i < NSC_NAMESPACES; i++) {
		ids[i].ino++;
		ck_assert_uint_eq(nsc_namespace_differ(ids, &error),
				  nsc_namespaces[i].flag);
		ids[i].ino--;
	}
	/* The owner of our own namespace is root, whoever made it. */
	ck_assert_int_eq(nsc_namespace_owner(getpid(), CLONE_NEWPID, &owner),
			 0);
	ck_assert_uint_eq(owner, 0);
	owner = 1;
	ck_assert_int_eq(nsc_namespace_owner(getpid(), CLONE_NEWUSER, &owner),
			 0);
	ck_assert_uint_eq(owner, 0);
}
END_TEST

START_TEST(counters_of_interfaces)
{
	struct nsc_netdev list[NSC_NETDEV_MAX];
	char many[8192] = "";

	ck_assert_uint_eq(nsc_netdev_parse(
		"Inter-|   Receive                  |  Transmit\n"
		" face |bytes    packets errs multicast|bytes\n"
		"    lo:       1       1    0 0 0 0 0 0  1  1 0 0 0 0 0 0\n"
		"  eth0: 1296   16    0    0    0     0   0   0 "
		"576   8    0    0    0     0       0          0\n"
		"\x1b[2J:5 0 0 0 0 0 0 0 6 0 0 0 0 0 0 0\n"
		"eth9: 1296 cut", list), 2);
	ck_assert_str_eq(list[0].name, "eth0");
	ck_assert_uint_eq(list[0].rx_bytes, 1296);
	ck_assert_uint_eq(list[0].tx_bytes, 576);
	ck_assert_uint_eq(list[1].tx_bytes, 6);
	for (int i = 0; i < 2 * NSC_NETDEV_MAX; i++)
		strcat(many, "a:1 2 3 4 5 6 7 8 9 0 0 0 0 0 0 0\n");
	ck_assert_uint_eq(nsc_netdev_parse(many, list), NSC_NETDEV_MAX);
	/* The network of the host is not the container's. */
	ck_assert_uint_eq(nsc_netdev_read(getpid(), list), 0);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		pidfds, start_time_of_a_hostile_name,
		mount_points_stay_inside,
		session_keyrings, maps_are_read, namespaces_differ,
		counters_of_interfaces, NULL,
	};
	const TTest *const root[] = {
		many_own_ids, namespaces, devices, links_of_users_lead_nowhere,
		no_link_leads_into_the_kernels, capabilities, credentials,
		terminals, ptys, ptys_are_passed, NULL,
	};
	Suite *suite = suite_create("kernel");
	TCase *tcase = unit_case("kernel");

	tcase_add_loop_test(tcase, automatic_map, 0, NSC_ARRAY_SIZE(owns));
	unit_add(tcase, tests);
	unit_add_root(tcase, root);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
