/* SPDX-License-Identifier: Apache-2.0 */
/*
 * After the pid of a process was read, another process may get that pid.  So a
 * process is only signalled by its pidfd, after it was verified, with the pidfd
 * open, to be in this session and this container.
 */
#include "monitor/processes.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/proc.h"
#include "cgroup/cgroup_processes.h"
#include "linux/pidfd.h"
#include "rundir/monitor_start.h"

#define MOST 65536		/* processes in a list: 64 * 2^n */

int processes_namespace(pid_t pid)
{
	_cleanup_fd_ int fd = -1;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	/* PID 1 is alive, so the number was its number. */
	if (fd >= 0 && !nsc_pidfd_alive(NSC_MONITOR_PID1))
		nsc_fd_close(&fd);
	return NSC_TAKE_FD(fd);
}

bool processes_inside(pid_t pid, int pidns)
{
	struct stat container, st;
	_cleanup_fd_ int fd = -1;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (pidns < 0 || fstat(pidns, &container) < 0)
		return false;
	/* The first namespace of the host has no parent. */
	while (fd >= 0) {
		int parent;

		if (fstat(fd, &st) == 0 && st.st_dev == container.st_dev &&
		    st.st_ino == container.st_ino)
			return true;
		parent = ioctl(fd, NS_GET_PARENT);
		nsc_fd_close(&fd);
		fd = parent;
	}
	return false;
}

static bool processes_find_group(pid_t login, char *path, size_t size)
{
	_cleanup_free_ struct nsc_cgroup_tree *tree = NULL;

	return nsc_cgroup_tree_load(NSC_MONITOR_RUNDIR, &tree) == 0 &&
	       nsc_cgroup_tree_session(tree, login, path, size) == 0;
}

struct load {
	struct processes *all;
	int pidns;
};

static void processes_add(const char *group, pid_t pid, void *arg)
{
	const struct load *load = arg;
	struct processes *all = load->all;
	struct nsc_proc_stat stat;

	(void)group;
	if (all->n == MOST || nsc_proc_stat(pid, &stat) < 0 ||
	    !processes_inside(pid, load->pidns))
		return;
	if (all->n == all->room) {
		size_t room = all->room ? 2 * all->room : 64;
		struct process *grown = reallocarray(all->list, room,
						     sizeof(*grown));

		if (!grown)
			return;
		all->list = grown;
		all->room = room;
	}
	all->list[all->n++] = (struct process){
		.pid = pid, .parent = stat.parent, .leader = stat.session,
		.tty = stat.tty, .ticks = stat.ticks,
	};
}

void processes_load(struct processes *all, pid_t login, int pidns)
{
	struct load load = { all, pidns };

	*all = (struct processes){ .n = 0 };
	if (processes_find_group(login, all->group, sizeof(all->group)))
		nsc_cgroup_each_process(all->group, processes_add, &load);
}

void processes_free(struct processes *all)
{
	free(all->list);
	all->list = NULL;
	all->n = all->room = 0;
}

/* Does /proc/PID/cgroup have the last two names of the group's directory? */
static bool in_group(pid_t pid, const char *group)
{
	const char *name = strrchr(group, '/');
	_cleanup_file_ FILE *file = NULL;
	char line[4352], part[4096];

	while (name && name > group && *--name != '/')
		;
	if (!name)
		return false;
	snprintf(part, sizeof(part), "%s", name);
	snprintf(line, sizeof(line), "/proc/%d/cgroup", (int)pid);
	file = fopen(line, "re");
	while (file && fgets(line, sizeof(line), file)) {
		const char *at = strstr(line, part);
		char end = at ? at[strlen(part)] : 'x';

		if (end == '\n' || end == '/')
			return true;
	}
	return false;
}

void processes_signal(const struct processes *all, int pidns, bool chosen,
		      int signal)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct process *p = &all->list[i];
		_cleanup_fd_ int pidfd = -1;

		if (chosen && !p->chosen)
			continue;
		pidfd = nsc_pidfd_open(p->pid);
		if (pidfd < 0 || !in_group(p->pid, all->group) ||
		    !processes_inside(p->pid, pidns) ||
		    !nsc_pidfd_alive(pidfd))
			continue;
		nsc_pidfd_signal(pidfd, signal);
	}
}

uint64_t processes_cpu_us(const struct processes *all)
{
	uint64_t ticks = 0;

	for (size_t i = 0; i < all->n; i++)
		ticks += all->list[i].ticks;
	return ticks * 1000000 / (uint64_t)sysconf(_SC_CLK_TCK);
}

bool processes_kill_group(pid_t login)
{
	_cleanup_fd_ int fd = -1;
	char path[4096];

	if (!processes_find_group(login, path, sizeof(path)) ||
	    strlen(path) + sizeof("/cgroup.kill") > sizeof(path))
		return false;
	strcat(path, "/cgroup.kill");
	fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	return fd >= 0 && write(fd, "1", 1) == 1;
}

/* The container's own procfs has a directory for each process. */
bool processes_none(const char *helper)
{
	int fd = dup(NSC_MONITOR_PROC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	bool others = false;
	int error = 0;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	rewinddir(dir);
	while (!others && (entry = nsc_file_next(dir, &error)))
		others = entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
			 strcmp(entry->d_name, "1") != 0 &&
			 strcmp(entry->d_name, helper) != 0;
	closedir(dir);
	return !others && error == 0;
}
