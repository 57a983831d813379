/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit and container-monitor, root of the host. */
#include "cgroup/cgroup_stats.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/file.h"

/* The kernel's "no limit" is the largest number of pages. */
#define BATCH ((uint64_t)1024 * 1024)	/* bytes of all processors */
#define NO_LIMIT_V1 UINT64_C(0x7000000000000000)

struct place {
	int dir;		/* of the group with the controller, or -1 */
	bool v2;
};

static bool read_text(const struct place *p, const char *file, char *buf,
		      size_t size)
{
	return p->dir >= 0 && nsc_file_read_once(p->dir, file, buf, size) >= 0;
}

static uint64_t read_one(const struct place *p, const char *v1, const char *v2)
{
	const char *file = p->v2 ? v2 : v1;
	char text[64];

	if (!file || !read_text(p, file, text, sizeof(text)) ||
	    !isdigit((unsigned char)text[0]))
		return NSC_STATS_NONE;
	return strtoull(text, NULL, 10);
}

void nsc_stats_parse_flat(const char *text, struct nsc_stats_key *list,
			  size_t *n)
{
	*n = 0;
	while (*text && *n < NSC_STATS_KEYS) {
		struct nsc_stats_key *k = &list[*n];

		if (sscanf(text, "%47s %" SCNu64, k->name, &k->value) == 2)
			*n += 1;
		text += strcspn(text, "\n");
		text += *text != '\0';
	}
}

uint64_t nsc_stats_find(const struct nsc_stats_key *list, size_t n,
			const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i].name, name))
			return list[i].value;
	return NSC_STATS_NONE;
}

static struct nsc_stats_io *io_row(struct nsc_stats *s, unsigned int major,
				   unsigned int minor, const char *op)
{
	struct nsc_stats_io *row = s->io;

	for (; row < s->io + s->n_io; row++)
		if (row->major == major && row->minor == minor &&
		    !strcmp(row->op, op))
			return row;
	if (s->n_io == NSC_STATS_IO)
		return NULL;
	s->n_io++;
	*row = (struct nsc_stats_io){ .major = major, .minor = minor };
	snprintf(row->op, sizeof(row->op), "%s", op);
	return row;
}

/* Lines such as "8:0 Read 4096"; "Total" is not an operation. */
void nsc_stats_parse_io_v1(const char *text, bool bytes, struct nsc_stats *ret)
{
	for (; *text; text += strcspn(text, "\n"), text += *text != '\0') {
		unsigned int major, minor;
		struct nsc_stats_io *row;
		uint64_t value;
		char op[16];

		if (sscanf(text, "%u:%u %15s %" SCNu64, &major, &minor, op,
			   &value) != 4 || !strcmp(op, "Total"))
			continue;
		op[0] = (char)tolower((unsigned char)op[0]);
		row = io_row(ret, major, minor, op);
		if (row && bytes)
			row->bytes = value;
		else if (row)
			row->ops = value;
	}
}

/* Lines such as "8:0 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=0 dios=0". */
void nsc_stats_parse_io_v2(const char *text, struct nsc_stats *ret)
{
	static const struct {
		char letter;
		const char *op;
	} ops[] = { { 'r', "read" }, { 'w', "write" }, { 'd', "discard" } };

	for (; *text; text += strcspn(text, "\n"), text += *text != '\0') {
		unsigned int major, minor;
		char line[512];

		snprintf(line, sizeof(line), "%.*s", (int)strcspn(text, "\n"),
			 text);
		if (sscanf(line, "%u:%u", &major, &minor) != 2)
			continue;
		for (size_t i = 0; i < NSC_ARRAY_SIZE(ops); i++) {
			char bytes[12], ios[12];
			const char *b, *o;
			struct nsc_stats_io *row;

			snprintf(bytes, sizeof(bytes), " %cbytes=",
				 ops[i].letter);
			snprintf(ios, sizeof(ios), " %cios=", ops[i].letter);
			b = strstr(line, bytes);
			o = strstr(line, ios);
			row = b && o ? io_row(ret, major, minor, ops[i].op) :
				       NULL;
			if (!row)
				continue;
			row->bytes = strtoull(b + strlen(bytes), NULL, 10);
			row->ops = strtoull(o + strlen(ios), NULL, 10);
		}
	}
}

/* Lines such as "some avg10=0.00 avg60=0.00 avg300=0.00 total=0". */
void nsc_stats_parse_pressure(const char *text,
			      struct nsc_stats_pressure *ret)
{
	for (; *text; text += strcspn(text, "\n"), text += *text != '\0') {
		struct nsc_stats_pressure p;
		char kind[5];

		if (sscanf(text, "%4s avg10=%lf avg60=%*f avg300=%*f "
			   "total=%" SCNu64, kind, &p.avg10, &p.total) == 3)
			ret[!strcmp(kind, "full")] = p;
	}
}

static struct place open_place(const struct nsc_cgroup_tree *tree,
			       const char *controller, const char *session)
{
	const struct nsc_cgroup_entry *e = nsc_cgroup_tree_find(tree,
								controller);
	struct place p = { -1, false };
	char path[PATH_MAX];

	/* v2 counts the time even without the cpu controller. */
	if (!e && !strcmp(controller, "cpu"))
		e = nsc_cgroup_tree_find(tree, "v2");
	if (!e)
		return p;
	p.v2 = !strncmp(e->controllers, "v2", 2);
	if (snprintf(path, sizeof(path), "%s%s%s", e->path, session ? "/" : "",
		     session ? session : "") < (int)sizeof(path))
		p.dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return p;
}

static uint64_t to_us(uint64_t ns)
{
	return ns == NSC_STATS_NONE ? ns : ns / 1000;
}

static uint64_t read_usage_v1(const struct place *acct)
{
	return to_us(read_one(acct, "cpuacct.usage", NULL));
}

/* If v2 counts, the value is one of those in "cpu.stat". */
uint64_t nsc_stats_cpu(const struct nsc_cgroup_tree *tree, const char *session)
{
	struct place p = open_place(tree, "cpuacct", session);
	struct nsc_stats_key list[NSC_STATS_KEYS];
	uint64_t usage = NSC_STATS_NONE;
	char text[4096];
	size_t n;

	if (p.dir >= 0) {
		usage = read_usage_v1(&p);
	} else {
		p = open_place(tree, "cpu", session);
		if (p.v2 && read_text(&p, "cpu.stat", text, sizeof(text))) {
			nsc_stats_parse_flat(text, list, &n);
			usage = nsc_stats_find(list, n, "usage_usec");
		}
	}
	nsc_fd_close(&p.dir);
	return usage;
}

static uint64_t read_peak(const struct place *p)
{
	return read_one(p, "memory.max_usage_in_bytes", "memory.peak");
}

/* ret has NSC_STATS_WAITS. */
static void read_pressure(const struct place *p, const char *file,
			  struct nsc_stats_pressure *ret)
{
	char text[256];

	if (p->v2 && read_text(p, file, text, sizeof(text)))
		nsc_stats_parse_pressure(text, ret);
}

/* One number of nanoseconds for each processor that the host may have. */
static void read_processors(const struct place *acct, struct nsc_stats *s)
{
	char text[16384], *at = text, *end;

	if (!read_text(acct, "cpuacct.usage_percpu", text, sizeof(text)))
		return;
	while (s->n_processors < NSC_STATS_PROCESSORS) {
		uint64_t ns = strtoull(at, &end, 10);

		if (end == at)
			break;
		s->processors[s->n_processors++] = to_us(ns);
		at = end;
	}
}

static void read_throttling(const struct place *p, struct nsc_stats *s)
{
	struct nsc_stats_key list[NSC_STATS_KEYS];
	char text[4096];
	size_t n;

	if (!read_text(p, "cpu.stat", text, sizeof(text)))
		return;
	nsc_stats_parse_flat(text, list, &n);
	s->periods = nsc_stats_find(list, n, "nr_periods");
	s->throttled_periods = nsc_stats_find(list, n, "nr_throttled");
	s->throttled_time = p->v2 ? nsc_stats_find(list, n, "throttled_usec") :
		to_us(nsc_stats_find(list, n, "throttled_time"));
	if (!p->v2)
		return;
	s->cpu_usage = nsc_stats_find(list, n, "usage_usec");
	s->cpu_user = nsc_stats_find(list, n, "user_usec");
	s->cpu_system = nsc_stats_find(list, n, "system_usec");
}

static void read_cpu(const struct nsc_cgroup_tree *tree, const char *session,
		     struct nsc_stats *s)
{
	struct place cpu = open_place(tree, "cpu", session);
	struct place acct = open_place(tree, "cpuacct", session);

	read_throttling(&cpu, s);
	read_pressure(&cpu, "cpu.pressure", s->pressure[0]);
	if (acct.dir >= 0) {
		s->cpu_usage = read_usage_v1(&acct);
		s->cpu_user = to_us(read_one(&acct, "cpuacct.usage_user",
					     NULL));
		s->cpu_system = to_us(read_one(&acct, "cpuacct.usage_sys",
					       NULL));
		read_processors(&acct, s);
	}
	nsc_fd_close(&cpu.dir);
	nsc_fd_close(&acct.dir);
}

static uint64_t read_limit(const struct place *p)
{
	uint64_t limit = read_one(p, "memory.limit_in_bytes", "memory.max");

	return limit > NO_LIMIT_V1 ? NSC_STATS_NONE : limit;
}

static void read_oom(const struct place *p, struct nsc_stats_oom *ret)
{
	struct nsc_stats_key list[NSC_STATS_KEYS];
	char text[1024] = "";
	size_t n;

	if (!read_text(p, p->v2 ? "memory.events" : "memory.oom_control", text,
		       sizeof(text)))
		text[0] = '\0';
	nsc_stats_parse_flat(text, list, &n);
	ret->kills = nsc_stats_find(list, n, "oom_kill");
	ret->hits = p->v2 ? nsc_stats_find(list, n, "oom") : NSC_STATS_NONE;
	ret->limit = read_limit(p);
}

void nsc_stats_usage(const struct nsc_cgroup_tree *tree, const char *session,
		     struct nsc_usage *ret)
{
	struct place memory = open_place(tree, "memory", session);
	struct nsc_stats_oom oom;

	read_oom(&memory, &oom);
	ret->peak_memory = read_peak(&memory);
	ret->cpu_us = nsc_stats_cpu(tree, session);
	ret->oom_kills = oom.kills;
	nsc_fd_close(&memory.dir);
}

static uint64_t read_memory_now(const struct place *p)
{
	return read_one(p, "memory.usage_in_bytes", "memory.current");
}

static uint64_t read_pids_now(const struct place *p)
{
	return read_one(p, "pids.current", "pids.current");
}

void nsc_stats_read_session(const struct nsc_cgroup_tree *tree,
			    const char *session, struct nsc_stats_session *ret)
{
	struct place memory = open_place(tree, "memory", session);
	struct place pids = open_place(tree, "pids", session);

	ret->memory = read_memory_now(&memory);
	ret->peak_memory = read_peak(&memory);
	ret->cpu_us = nsc_stats_cpu(tree, session);
	ret->pids = read_pids_now(&pids);
	nsc_fd_close(&memory.dir);
	nsc_fd_close(&pids.dir);
}

/* In v1, a group does not count for the groups above it. */
static uint64_t add_sessions(const struct place *p, uint64_t kills)
{
	int fd = p->v2 || p->dir < 0 ? -1 : dup(p->dir);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		struct place below = { -1, false };
		struct nsc_stats_oom more;

		if (strncmp(entry->d_name, NSC_CGROUP_SESSION,
			    strlen(NSC_CGROUP_SESSION)) != 0)
			continue;
		below.dir = openat(p->dir, entry->d_name, O_RDONLY |
				   O_DIRECTORY | O_CLOEXEC);
		read_oom(&below, &more);
		kills += more.kills == NSC_STATS_NONE ? 0 : more.kills;
		nsc_fd_close(&below.dir);
	}
	if (dir)
		closedir(dir);
	else
		nsc_fd_close(&fd);
	return kills;
}

static void read_oom_of(const struct place *p, const char *session,
			struct nsc_stats_oom *ret)
{
	read_oom(p, ret);
	if (ret->kills != NSC_STATS_NONE && !session)
		ret->kills = add_sessions(p, ret->kills);
	/* v1 does not count them; the kernel charges pages by the batch. */
	if (!p->v2)
		ret->hits = read_peak(p) + BATCH >= ret->limit ?
				    ret->kills : 0;
}

void nsc_stats_read_oom(const struct nsc_cgroup_tree *tree, const char *session,
			struct nsc_stats_oom *ret)
{
	struct place p = open_place(tree, "memory", session);

	read_oom_of(&p, session, ret);
	nsc_fd_close(&p.dir);
}

/* Documentation/admin-guide/cgroup-v1/memory.rst, "OOM Control". */
static int watch_v1(const struct place *p)
{
	_cleanup_fd_ int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	_cleanup_fd_ int file = openat(p->dir, "memory.oom_control",
				       O_RDONLY | O_CLOEXEC);
	_cleanup_fd_ int control = openat(p->dir, "cgroup.event_control",
					  O_WRONLY | O_CLOEXEC);
	char text[32];
	int n = snprintf(text, sizeof(text), "%d %d", event, file);

	if (event < 0 || file < 0 || control < 0 ||
	    write(control, text, (size_t)n) != n)
		return -1;
	return NSC_TAKE_FD(event);
}

int nsc_stats_watch_oom(const struct nsc_cgroup_tree *tree, short *ret_events)
{
	struct place p = open_place(tree, "memory", NULL);
	int fd = -1;

	*ret_events = p.v2 ? POLLPRI : POLLIN;
	if (p.v2)
		fd = openat(p.dir, "memory.events", O_RDONLY | O_CLOEXEC);
	else if (p.dir >= 0)
		fd = watch_v1(&p);
	nsc_fd_close(&p.dir);
	nsc_stats_rearm_oom(fd);
	return fd;
}

void nsc_stats_rearm_oom(int fd)
{
	char text[1024];

	/* An eventfd has no position. */
	if (pread(fd, text, sizeof(text), 0) < 0)
		(void)!read(fd, text, sizeof(uint64_t));
}

static void read_memory(const struct nsc_cgroup_tree *tree,
			const char *session, struct nsc_stats *s)
{
	struct place p = open_place(tree, "memory", session);
	_cleanup_free_ char *text = malloc(65536);
	struct nsc_stats_oom oom;

	s->memory = read_memory_now(&p);
	s->memory_peak = read_peak(&p);
	read_oom_of(&p, session, &oom);
	s->memory_limit = oom.limit;
	s->oom_kills = oom.kills;
	read_pressure(&p, "memory.pressure", s->pressure[1]);
	if (text && read_text(&p, "memory.stat", text, 65536))
		nsc_stats_parse_flat(text, s->memory_stat, &s->n_memory_stat);
	nsc_fd_close(&p.dir);
}

static void read_io(const struct nsc_cgroup_tree *tree, const char *session,
		    struct nsc_stats *s)
{
	struct place v1 = open_place(tree, "blkio", session);
	struct place v2 = open_place(tree, "io", session);
	_cleanup_free_ char *text = malloc(65536);

	if (text && read_text(&v1, "blkio.throttle.io_service_bytes_recursive",
			      text, 65536))
		nsc_stats_parse_io_v1(text, true, s);
	if (text && read_text(&v1, "blkio.throttle.io_serviced_recursive",
			      text, 65536))
		nsc_stats_parse_io_v1(text, false, s);
	if (text && read_text(&v2, "io.stat", text, 65536))
		nsc_stats_parse_io_v2(text, s);
	read_pressure(&v2, "io.pressure", s->pressure[2]);
	/* A file with rows of devices: the last line is their total. */
	if (text && (read_text(&v1, "blkio.io_queued_recursive", text,
			       65536) ||
		     read_text(&v1, "blkio.bfq.io_queued_recursive", text,
			       65536))) {
		const char *total = strstr(text, "Total ");

		s->io_queued = 0;
		for (; total; total = strstr(total + 1, "Total "))
			s->io_queued = strtoull(total + 6, NULL, 10);
	}
	nsc_fd_close(&v1.dir);
	nsc_fd_close(&v2.dir);
}

static void read_freezer(const struct nsc_cgroup_tree *tree,
			 struct nsc_stats *s)
{
	struct place p = open_place(tree, "freezer", NULL);

	s->frozen = nsc_cgroup_tree_frozen(tree);
	s->self_freezing = read_one(&p, "freezer.self_freezing",
				    "cgroup.freeze") == 1;
	s->parent_freezing = p.v2 ? s->frozen && !s->self_freezing :
		read_one(&p, "freezer.parent_freezing", NULL) == 1;
	nsc_fd_close(&p.dir);
}

static void read_pids(const struct nsc_cgroup_tree *tree, const char *session,
		      uint64_t *ret_now, uint64_t *ret_limit)
{
	struct place p = open_place(tree, "pids", session);

	*ret_now = read_pids_now(&p);
	*ret_limit = read_one(&p, "pids.max", "pids.max");
	nsc_fd_close(&p.dir);
}

void nsc_stats_read_pids(const struct nsc_cgroup_tree *tree, uint64_t *ret_now,
			 uint64_t *ret_limit)
{
	read_pids(tree, NULL, ret_now, ret_limit);
}

void nsc_stats_read(const struct nsc_cgroup_tree *tree, const char *session,
		    struct nsc_stats *s)
{
	memset(s, 0, sizeof(*s));
	s->cpu_usage = s->cpu_user = s->cpu_system = NSC_STATS_NONE;
	s->periods = s->throttled_periods = NSC_STATS_NONE;
	s->throttled_time = s->io_queued = NSC_STATS_NONE;
	for (size_t i = 0; i < NSC_ARRAY_SIZE(s->pressure); i++)
		for (size_t j = 0; j < NSC_STATS_WAITS; j++)
			s->pressure[i][j].total = NSC_STATS_NONE;
	read_cpu(tree, session, s);
	read_memory(tree, session, s);
	read_pids(tree, session, &s->pids, &s->pids_limit);
	read_io(tree, session, s);
	if (!session)
		read_freezer(tree, s);
}
