/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/process.h"
#include "linux/namespace.h"

#define MAP_SIZE 4096		/* PAGE_SIZE, the least there is */

/* The kernel takes the whole map in one write of less than a page. */
static size_t print_map(const struct nsc_id_mapping *map, size_t n,
			char text[MAP_SIZE])
{
	size_t len = 0;

	for (size_t i = 0; i < n && len < MAP_SIZE; i++)
		len += (size_t)snprintf(text + len, MAP_SIZE - len,
					"%u %u %u\n", map[i].container_id,
					map[i].host_id, map[i].size);
	return len;
}

/* Count the ids in own from i on that follow one another; 1 at the end. */
static uint32_t in_a_row(const uint32_t *own, size_t n, size_t i)
{
	uint32_t size = 1;

	while (i + size < n && own[i + size] == own[i] + size)
		size++;
	return size;
}

size_t nsc_idmap_automatic(const uint32_t *own, size_t n, uint32_t first,
			   struct nsc_id_mapping map[NSC_MAPPINGS_MAX])
{
	uint32_t next = 0;	/* the first id without an entry */
	char text[MAP_SIZE];
	size_t entries = 0;

	for (size_t i = 0; i <= n;) {
		uint32_t end = i < n && own[i] < NSC_IDMAP_RANGE ?
				       own[i] : NSC_IDMAP_RANGE;
		uint32_t size = in_a_row(own, n, i);

		if (entries + 2 > NSC_MAPPINGS_MAX)
			return 0;
		if (end > next)
			map[entries++] = (struct nsc_id_mapping){
				next, first + next, end - next };
		if (i < n) {
			map[entries++] = (struct nsc_id_mapping){
				own[i], own[i], size };
			next = end == own[i] ? end + size : end;
		}
		i += size;
	}
	return print_map(map, entries, text) < MAP_SIZE ? entries : 0;
}

int nsc_idmap_to_host(const struct nsc_id_mapping *map, size_t n, uint32_t id,
		      uint32_t *ret)
{
	for (size_t i = 0; i < n; i++) {
		if (id < map[i].container_id ||
		    id - map[i].container_id >= map[i].size)
			continue;
		*ret = map[i].host_id + (id - map[i].container_id);
		return 0;
	}
	return -ENOENT;
}

int nsc_idmap_write(pid_t pid, const char *file,
		    const struct nsc_id_mapping *map, size_t n,
		    struct nsc_error *err)
{
	char path[64], text[MAP_SIZE];
	_cleanup_fd_ int fd = -1;
	size_t len = print_map(map, n, text);

	if (len >= sizeof(text))
		return nsc_error_set(err, E2BIG, "%s: too many mappings", file);
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, len) != (ssize_t)len)
		return nsc_error_sys(err, errno, "write %s", file);
	return 0;
}

int nsc_idmap_read(pid_t pid, const char *file,
		   struct nsc_id_mapping map[NSC_MAPPINGS_MAX])
{
	_cleanup_file_ FILE *in = NULL;
	char path[64];
	int n = 0;

	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	else
		snprintf(path, sizeof(path), "/proc/self/%s", file);
	in = fopen(path, "re");
	if (!in)
		return errno == ENOENT ? -ESRCH : -errno;
	while (n < NSC_MAPPINGS_MAX &&
	       fscanf(in, "%u %u %u", &map[n].container_id, &map[n].host_id,
		      &map[n].size) == 3)
		n++;
	return n;
}

/* Start a process in a new user namespace; it waits to be killed. */
static pid_t hold_userns(int *pidfd, struct nsc_error *err)
{
	struct clone_args args = {
		.flags = CLONE_NEWUSER | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)pidfd,
	};
	pid_t parent = getpid();
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));

	if (pid < 0)
		return nsc_error_sys(err, errno, "make a user namespace");
	if (pid > 0)
		return pid;
	nsc_process_die_with(parent);
	for (;;)
		pause();
}

int nsc_idmap_userns(const struct nsc_idmap_pair *pair, struct nsc_error *err)
{
	const struct nsc_id_mapping uid = { pair->uid, pair->host_uid, 1 };
	const struct nsc_id_mapping gid = { pair->gid, pair->host_gid, 1 };
	_cleanup_fd_ int pidfd = -1;
	pid_t pid = hold_userns(&pidfd, err);
	int ret;

	if (pid < 0)
		return pid;
	ret = nsc_idmap_write(pid, "uid_map", &uid, 1, err);
	if (ret == 0)
		ret = nsc_idmap_write(pid, "gid_map", &gid, 1, err);
	if (ret == 0) {
		ret = nsc_namespace_open(pid, CLONE_NEWUSER);
		if (ret < 0)
			nsc_error_sys(err, -ret, "open the user namespace");
	}
	nsc_process_kill(pidfd);
	return ret;
}
