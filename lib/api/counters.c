/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters, from the lines of the session log.  Logins only append lines: no
 * login writes a counter, and none waits for one.
 */
#include "api/api.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "session/refusal.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/kv.h"
#include "util/lock.h"
#include "util/paths.h"
#include "util/process.h"
#include "util/text.h"

/* No name of a user begins with a dot, and users have directories there. */
#define FILE_COUNTERS ".counters"
#define FILE_LOCK ".counters.lock"
#define WAIT_MS 5000
#define PIECE ((size_t)256 * 1024)	/* more than the longest line */

/* Upper limits in microseconds; the last bucket has none. */
static const uint64_t limits[] = {
	2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000,
	2500000, 5000000, 10000000,
};

#define BUCKETS (NSC_ARRAY_SIZE(limits) + 1)
#define CAUSES NSC_REFUSAL_CAUSES

/* The file: sums, and how far the log has been read. */
struct counters {
	uint64_t log[3];	/* inode and time of birth of the file */
	uint64_t offset;
	uint64_t starts, sessions, oom_kills;
	uint64_t refusals[CAUSES];
	uint64_t join_us;
	uint64_t joins[BUCKETS];
};

#define AT(member) offsetof(struct counters, member)
static const struct nsc_kv_field fields[] = {
	{ "log", NSC_KV_U64, AT(log), 3 },
	{ "offset", NSC_KV_U64, AT(offset), 0 },
	{ "starts", NSC_KV_U64, AT(starts), 0 },
	{ "sessions", NSC_KV_U64, AT(sessions), 0 },
	{ "oom_kills", NSC_KV_U64, AT(oom_kills), 0 },
	{ "refusals", NSC_KV_U64, AT(refusals), CAUSES },
	{ "join_us", NSC_KV_U64, AT(join_us), 0 },
	{ "joins", NSC_KV_U64, AT(joins), BUCKETS },
};

static const struct nsc_kv kv = {
	.name = FILE_COUNTERS, .max = 4096, .size = sizeof(struct counters),
	.fields = fields, .n = NSC_ARRAY_SIZE(fields),
};

static NSC_API_KEYS(counters_keys, NSCONTAINER_KEYS_COUNTERS);

/* --- a line */

static uint64_t counters_number(const json_t *line, const char *key)
{
	long long value;

	return nsc_text_number(nsc_api_log_text(line, key), 0, INT64_MAX,
			       &value) == 0 ? (uint64_t)value : UINT64_MAX;
}

static void count_join(struct counters *c, uint64_t us)
{
	size_t i = 0;

	if (us == UINT64_MAX)
		return;
	while (i < NSC_ARRAY_SIZE(limits) && us > limits[i])
		i++;
	c->joins[i]++;
	c->join_us += us;
}

static void count_line(struct counters *c, char *text)
{
	json_t *line = nsc_api_history_parse(text);
	const char *event = nsc_api_log_text(line, "event");

	if (!strcmp(event, "start")) {
		c->starts++;
	} else if (!strcmp(event, "open")) {
		c->sessions++;
		count_join(c, counters_number(line, "join_us"));
	} else if (!strcmp(event, "refused")) {
		c->refusals[nsc_refusal_number(nsc_api_log_text(line,
							     "cause"))]++;
	} else if (!strcmp(event, "oom")) {
		uint64_t kills = counters_number(line, "kills");

		c->oom_kills += kills == UINT64_MAX ? 0 : kills;
	}
	json_decref(line);
}

/* --- the log */

/* Count the complete lines of n bytes; returns the bytes that they have. */
static size_t count_lines(struct counters *c, char *text, size_t n)
{
	char *line = text, *end;

	while ((end = memchr(line, '\n', (size_t)(text + n - line)))) {
		*end = '\0';
		/* A crash can leave NUL bytes, which end the line. */
		count_line(c, line);
		line = end + 1;
	}
	return (size_t)(line - text);
}

/* Count from c->offset.  A piece without an end of line is no line of ours. */
static int count_file(struct counters *c, int fd, struct nsc_error *err)
{
	_cleanup_free_ char *text = malloc(PIECE);
	ssize_t n;

	if (!text)
		return nsc_error_sys(err, ENOMEM, "counters");
	while ((n = pread(fd, text, PIECE, (off_t)c->offset)) > 0) {
		size_t used = count_lines(c, text, (size_t)n);

		if (!used && (size_t)n < PIECE)
			return 0;
		c->offset += used ? used : (size_t)n;
	}
	return n < 0 ? nsc_error_sys(err, errno, NSC_HISTORY) : 0;
}

/* An inode may be used again, but not with the same time of birth. */
static int identify(int fd, uint64_t ret[3], struct nsc_error *err)
{
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME,
		  &st) < 0)
		return nsc_error_sys(err, errno, NSC_HISTORY);
	ret[0] = st.stx_ino;
	ret[1] = (uint64_t)st.stx_btime.tv_sec;
	ret[2] = st.stx_btime.tv_nsec;
	return 0;
}

/*
 * Count what the file at path has, if it is the one that was read last, or
 * if new.  Returns 1 if it was read, 0, or a negative errno.
 */
static int count_path(struct counters *c, const char *path, bool new,
		      struct nsc_error *err)
{
	struct stat st;
	_cleanup_fd_ int fd = nsc_api_history_open(path, &st, err);
	uint64_t log[3] = { 0 };
	bool same;
	int ret;

	if (fd < 0)
		return fd == -ENOENT ? nsc_error_clear(err) : fd;
	ret = identify(fd, log, err);
	if (ret < 0)
		return ret;
	same = !memcmp(log, c->log, sizeof(log)) &&
	       (uint64_t)st.st_size >= c->offset;
	if (!same && !new)
		return 0;
	if (!same)
		c->offset = 0;
	memcpy(c->log, log, sizeof(log));
	ret = count_file(c, fd, err);
	return ret < 0 ? ret : 1;
}

/* After a rotation, count the rest of the previous file first. */
static int count_log(struct counters *c, struct nsc_error *err)
{
	int ret = count_path(c, NSC_HISTORY, false, err);

	if (ret == 0)
		ret = count_path(c, NSC_HISTORY ".1", false, err);
	if (ret >= 0)
		ret = count_path(c, NSC_HISTORY, true, err);
	return ret < 0 ? ret : 0;
}

/* --- the file */

/* A file of another version begins anew, as after its removal. */
static void counters_load(int dir, struct counters *c)
{
	_cleanup_free_ char *text = NULL;

	*c = (struct counters){ .offset = 0 };
	if (nsc_kv_read(&kv, dir, FILE_COUNTERS, &text, NSC_IGNORE) == 0)
		nsc_kv_scan(&kv, text, c);
}

/* If this fails, the next call counts the same lines again: no harm. */
static void counters_save(int dir, const struct counters *c)
{
	_cleanup_free_ char *text = NULL;

	if (nsc_kv_print(&kv, c, 1, &text, NSC_IGNORE) == 0)
		(void)nsc_file_write_at(dir, FILE_COUNTERS, text, strlen(text),
					0600, NSC_IGNORE);
}

static int counters_lock(int dir, struct nsc_error *err)
{
	_cleanup_fd_ int fd = openat(dir, FILE_LOCK, O_RDWR | O_CREAT |
				     O_NOFOLLOW | O_CLOEXEC, 0600);
	int ret;

	if (fd < 0)
		return nsc_error_sys(err, errno, "open '" FILE_LOCK "'");
	ret = nsc_lock(fd, FILE_LOCK, LOCK_EX, nsc_process_now() + WAIT_MS,
		       err);
	return ret < 0 ? ret : NSC_TAKE_FD(fd);
}

static json_t *buckets_json(const struct counters *c, uint64_t *ret_count)
{
	json_t *array = json_array();

	*ret_count = 0;
	for (size_t i = 0; i < BUCKETS; i++) {
		*ret_count += c->joins[i];
		json_array_append_new(
			array, json_pack("{s:o, s:I}", "at_most_us",
					 i < NSC_ARRAY_SIZE(limits) ?
					 json_integer((json_int_t)limits[i]) :
					 json_null(), "count",
					 (json_int_t)*ret_count));
	}
	return array;
}

static json_t *counters_json(const struct counters *c)
{
	json_t *refusals = json_array(), *buckets;
	uint64_t count;

	for (size_t i = 0; i < CAUSES; i++)
		json_array_append_new(
			refusals, json_pack("{s:s, s:I}", "cause",
					    nsc_refusal_names[i], "count",
					    (json_int_t)c->refusals[i]));
	buckets = buckets_json(c, &count);
	return json_pack("{s:I, s:I, s:I, s:o, s:{s:I, s:I, s:o}}", "starts",
			 (json_int_t)c->starts, "sessions",
			 (json_int_t)c->sessions, "oom_kills",
			 (json_int_t)c->oom_kills, "refusals", refusals,
			 "joins", "count", (json_int_t)count, "sum_us",
			 (json_int_t)c->join_us, "buckets", buckets);
}

static int counters_get(struct nscontainer_record **list,
			struct nsc_error *err)
{
	int ret = nsc_file_make_dir(NSC_STATEDIR, 0755, err);
	_cleanup_fd_ int dir = ret < 0 ? -1 : nsc_file_open_dir(NSC_STATEDIR,
								err);
	_cleanup_fd_ int lock = -1;
	struct counters c;

	if (dir < 0)
		return ret < 0 ? ret : dir;
	lock = counters_lock(dir, err);
	if (lock < 0)
		return lock;
	counters_load(dir, &c);
	ret = count_log(&c, err);
	if (ret < 0)
		return ret;
	counters_save(dir, &c);
	return nsc_api_add(list, counters_keys, counters_json(&c), err);
}

NSC_PUBLIC int nscontainer_counters(struct nscontainer_record **ret,
				    struct nscontainer_error *err)
{
	struct nscontainer_record *list = NULL;
	struct nsc_error e = NSC_ERROR_INIT;
	int error = counters_get(&list, &e);

	if (error == 0)
		*ret = list;
	return nsc_api_result(error, &e, err);
}
