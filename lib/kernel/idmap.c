#include "kernel/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/fd.h"

size_t nsc_idmap_automatic(const uint32_t *own, size_t n, uint32_t first,
			   struct nsc_id_mapping map[NSC_MAPPINGS_MAX])
{
	uint32_t next = 0;	/* the first id without an entry */
	size_t entries = 0;

	for (size_t i = 0; i <= n; i++) {
		uint32_t end = i < n && own[i] < NSC_IDMAP_RANGE ?
				       own[i] : NSC_IDMAP_RANGE;

		if (end > next)
			map[entries++] = (struct nsc_id_mapping){
				next, first + next, end - next };
		if (i < n) {
			map[entries++] = (struct nsc_id_mapping){
				own[i], own[i], 1 };
			next = end == own[i] ? end + 1 : end;
		}
	}
	return entries;
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
	char path[64], text[4096];
	_cleanup_fd_ int fd = -1;
	size_t len = 0;

	/* The kernel takes the whole map in one write of at most a page. */
	for (size_t i = 0; i < n && len < sizeof(text); i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"%u %u %u\n", map[i].container_id,
					map[i].host_id, map[i].size);
	if (len >= sizeof(text))
		return nsc_error_set(err, E2BIG, "%s: too many mappings", file);
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, len) != (ssize_t)len)
		return nsc_error_sys(err, errno, "write %s", file);
	return 0;
}
