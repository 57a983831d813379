/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: the login program, nsinit, container-monitor, as root of the host;
 * nsshell, as the user.
 */
#include "rundir/instance.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "rundir/rundir.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/paths.h"
#include "util/text.h"

#define NUMBER_SIZE 16
#define FILE_NEXT ".current"	/* before it is renamed */

static unsigned int instance_number_of(const char *name)
{
	long long number;

	return nsc_text_number(name, 1, UINT32_MAX, &number) < 0 ?
		       0 : (unsigned int)number;
}

static unsigned int read_current(int dir, const char *path)
{
	char target[NUMBER_SIZE];
	ssize_t n = readlinkat(dir, path, target, sizeof(target) - 1);

	target[n < 0 ? 0 : n] = '\0';
	return instance_number_of(target);
}

unsigned int nsc_instance_current(int rundir)
{
	return read_current(rundir, NSC_LINK_CURRENT);
}

int nsc_instance_open(int rundir, unsigned int number, struct nsc_error *err)
{
	char name[NUMBER_SIZE];

	snprintf(name, sizeof(name), "%u", number);
	return nsc_file_open_dir_at(rundir, "run directory", name, err);
}

static int instance_compare(const void *a, const void *b)
{
	unsigned int x = *(const unsigned int *)a;
	unsigned int y = *(const unsigned int *)b;

	return x < y ? -1 : x > y;
}

int nsc_instance_list(int rundir, unsigned int **ret, struct nsc_error *err)
{
	_cleanup_free_ unsigned int *list = NULL;
	DIR *dir = nsc_file_list(rundir);
	const struct dirent *entry;
	int n = 0;

	if (!dir)
		return nsc_error_sys(err, errno, "list the instances");
	while ((entry = readdir(dir))) {
		unsigned int number = instance_number_of(entry->d_name);
		unsigned int *grown = !number ? NULL :
			reallocarray(list, (size_t)n + 1, sizeof(*list));

		if (!number)
			continue;
		if (!grown) {
			closedir(dir);
			return nsc_error_sys(err, ENOMEM, "list the instances");
		}
		list = grown;
		list[n++] = number;
	}
	closedir(dir);
	if (n)
		qsort(list, (size_t)n, sizeof(*list), instance_compare);
	*ret = NSC_TAKE_PTR(list);
	return n;
}

/* Set the mode despite the umask: like who(1), others may see the sessions. */
static int instance_make_dir(int dir, const char *name, struct nsc_error *err)
{
	_cleanup_fd_ int fd = -1;

	if (mkdirat(dir, name, 0755) < 0)
		return nsc_error_sys(err, errno, "make '%s'", name);
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
		    O_CLOEXEC);
	if (fd < 0 || fchmod(fd, 0755) < 0)
		return nsc_error_sys(err, errno, "make '%s'", name);
	return NSC_TAKE_FD(fd);
}

static int instance_fill(int instance, uid_t owner, struct nsc_error *err)
{
	_cleanup_fd_ int session =
		instance_make_dir(instance, NSC_DIR_SESSION, err);
	int ret = session < 0 ? session : 0;

	if (ret == 0)
		ret = nsc_rundir_make_lock(instance, NSC_FILE_MONITOR, 0, err);
	return ret < 0 ? ret : nsc_rundir_make_lock(instance,
						    NSC_FILE_SESSIONS, owner,
						    err);
}

int nsc_instance_make(int rundir, uid_t owner, unsigned int *ret_number,
		      struct nsc_error *err)
{
	_cleanup_free_ unsigned int *list = NULL;
	unsigned int number = nsc_instance_current(rundir);
	int n = nsc_instance_list(rundir, &list, err), ret;
	_cleanup_fd_ int instance = -1;
	char name[NUMBER_SIZE];

	if (n < 0)
		return n;
	if (n > 0 && list[n - 1] > number)
		number = list[n - 1];
	snprintf(name, sizeof(name), "%u", ++number);
	instance = instance_make_dir(rundir, name, err);
	if (instance < 0) {
		unlinkat(rundir, name, AT_REMOVEDIR);
		return instance;
	}
	ret = instance_fill(instance, owner, err);
	if (ret < 0) {
		nsc_instance_remove(instance, number);
		return ret;
	}
	*ret_number = number;
	return NSC_TAKE_FD(instance);
}

void nsc_instance_remove(int instance, unsigned int number)
{
	static const char *const undone[] = {
		NSC_FILE_STATE, NSC_FILE_HOOKS, NSC_FILE_CGROUP,
	};
	char path[NUMBER_SIZE + 3];

	for (size_t i = 0; i < NSC_ARRAY_SIZE(undone); i++)
		if (faccessat(instance, undone[i], F_OK,
			      AT_SYMLINK_NOFOLLOW) == 0)
			return;
	if (unlinkat(instance, NSC_DIR_SESSION, AT_REMOVEDIR) < 0 &&
	    errno != ENOENT)
		return;
	snprintf(path, sizeof(path), "../%u", number);
	nsc_file_empty(instance, 0);
	unlinkat(instance, path, AT_REMOVEDIR);
}

void nsc_instance_hand_over(int instance, int heir)
{
	_cleanup_fd_ int from = openat(instance, NSC_DIR_SESSION, O_PATH |
				       O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_fd_ int to = openat(heir, NSC_DIR_SESSION, O_PATH |
				     O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = from < 0 || to < 0 ? NULL : nsc_file_list(from);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			renameat(from, entry->d_name, to, entry->d_name);
	if (dir)
		closedir(dir);
}

bool nsc_instance_is_current(int instance, unsigned int number)
{
	return read_current(instance, "../" NSC_LINK_CURRENT) == number;
}

int nsc_instance_make_current(int instance, unsigned int number,
			      unsigned int *ret_before, struct nsc_error *err)
{
	char target[NUMBER_SIZE];

	*ret_before = read_current(instance, "../" NSC_LINK_CURRENT);
	if (*ret_before == number)
		return 0;
	snprintf(target, sizeof(target), "%u", number);
	/* A process that was killed may have left it. */
	unlinkat(instance, "../" FILE_NEXT, 0);
	if (symlinkat(target, instance, "../" FILE_NEXT) < 0 ||
	    renameat(instance, "../" FILE_NEXT, instance,
		     "../" NSC_LINK_CURRENT) < 0) {
		int error = errno;

		unlinkat(instance, "../" FILE_NEXT, 0);
		return nsc_error_sys(err, error, "make '" NSC_LINK_CURRENT "'");
	}
	return 0;
}

/* Connect to the socket of the monitor at path; -1: there is no monitor. */
static int connect_to_monitor(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC |
				     SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof(address.sun_path),
		 "%s/" NSC_FILE_WAKE, path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address,
			      sizeof(address)) < 0)
		return -1;
	return NSC_TAKE_FD(fd);
}

void nsc_instance_wake(uid_t uid, unsigned int number)
{
	char path[sizeof(NSC_RUNDIR) + 2 * NUMBER_SIZE];
	_cleanup_fd_ int fd = -1;

	snprintf(path, sizeof(path), NSC_RUNDIR "/%u/%u", uid, number);
	fd = connect_to_monitor(path);
	/* If the queue is full, the monitor is already about to check. */
	if (fd >= 0)
		send(fd, "", 1, MSG_NOSIGNAL);
}

bool nsc_instance_is_watched(const char *path)
{
	_cleanup_fd_ int fd = connect_to_monitor(path);

	return fd >= 0;
}
