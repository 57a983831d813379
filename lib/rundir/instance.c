/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: the login program, nsinit, container-monitor, as root of the host;
 * nsshell, as the user.
 */
#include "rundir/instance.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

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

struct numbers {
	unsigned int *list;
	size_t n;
};

static int add_number(const char *name, void *arg)
{
	unsigned int number = instance_number_of(name), *grown;
	struct numbers *all = arg;

	if (!number)
		return 0;
	grown = reallocarray(all->list, all->n + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	all->list = grown;
	grown[all->n++] = number;
	return 0;
}

int nsc_instance_list(int rundir, unsigned int **ret, struct nsc_error *err)
{
	struct numbers all = { NULL, 0 };
	int error = nsc_file_each(rundir, add_number, &all);

	if (error < 0) {
		free(all.list);
		return nsc_error_sys(err, -error, "list the instances");
	}
	if (all.n)
		qsort(all.list, all.n, sizeof(*all.list), instance_compare);
	*ret = all.list;
	return (int)all.n;
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
	char path[sizeof(NSC_RUNDIR "/4294967295/4294967295")];
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
