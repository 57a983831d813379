/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nsinit metrics: sessions, starts, refusals and usage in the text format of
 * OpenMetrics 1.0, to standard output, to a file, or as an answer to HTTP.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "nsinit.h"

#define TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define REQUEST_MAX 8192
#define REQUEST_S 5		/* for a request to arrive */

/* --- the text */

/* The textfile collector of node_exporter knows the older format alone. */
static const char *after_counter = "";

/* The name of a family, without "nscontainer_". */
static void put_family(FILE *out, const char *name, const char *type,
		       const char *unit, const char *help)
{
	const char *after = strcmp(type, "counter") ? "" : after_counter;

	fprintf(out, "# TYPE nscontainer_%s%s %s\n", name, after, type);
	if (*unit)
		fprintf(out, "# UNIT nscontainer_%s%s %s\n", name, after, unit);
	fprintf(out, "# HELP nscontainer_%s%s %s\n", name, after, help);
}

static void put_label(FILE *out, const char *name, const char *value)
{
	fprintf(out, "%s=\"", name);
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			fputc('\\', out);
		fputc(*value, out);
	}
	fputc('"', out);
}

static void put_container(FILE *out, const struct nscontainer_record *r)
{
	const char *dir = nscontainer_record_text(r, "directory");

	fputc('{', out);
	put_label(out, "user", nscontainer_record_text(r, "user"));
	fputc(',', out);
	put_label(out, "generation", nscontainer_record_text(r, "generation"));
	if (strcmp(dir, "-") != 0) {
		fputc(',', out);
		put_label(out, "directory", dir);
	}
}

/* A family with a sample for each container whose record has the key. */
static const struct family {
	const char *name, *suffix, *type, *unit, *key, *help;
	bool us;		/* from microseconds to seconds */
} of_containers[] = {
	{ "sessions", "", "gauge", "", "sessions",
	  "Sessions in a container.", false },
}, of_stats[] = {
	{ "memory_bytes", "", "gauge", "bytes", "memory.usage",
	  "Memory that a container uses.", false },
	{ "memory_limit_bytes", "", "gauge", "bytes", "memory.limit",
	  "Limit of its memory.", false },
	{ "oom_kills", "_total", "counter", "", "memory.oom_kills",
	  "Processes of a container that were killed for want of memory.",
	  false },
	{ "cpu_seconds", "_total", "counter", "seconds", "cpu.usage_us",
	  "Processor time of a container.", true },
	{ "pids", "", "gauge", "", "pids.current",
	  "Processes and threads of a container.", false },
	{ "pids_limit", "", "gauge", "", "pids.limit",
	  "Limit of its processes and threads.", false },
};

static void put_us(FILE *out, int64_t us)
{
	fprintf(out, "%" PRId64 ".%06" PRId64, us / 1000000, us % 1000000);
}

static void put_records(FILE *out, const struct family *f,
			const struct nscontainer_record *r)
{
	int64_t value;

	put_family(out, f->name, f->type, f->unit, f->help);
	for (; r; r = nscontainer_record_next(r)) {
		if (nscontainer_record_int64(r, f->key, &value) < 0)
			continue;
		fprintf(out, "nscontainer_%s%s", f->name, f->suffix);
		put_container(out, r);
		fputs("} ", out);
		if (f->us)
			put_us(out, value);
		else
			fprintf(out, "%" PRId64, value);
		fputc('\n', out);
	}
}

/* One way through an interface, if it has a rate. */
static void put_drop(FILE *out, const struct nscontainer_record *r, int i,
		     const char *way)
{
	char key[64];
	int64_t value;

	snprintf(key, sizeof(key), "networks[%d].%s_dropped", i, way);
	if (nscontainer_record_int64(r, key, &value) < 0)
		return;
	fputs("nscontainer_rate_dropped_packets_total", out);
	put_container(out, r);
	snprintf(key, sizeof(key), "networks[%d].interface", i);
	fputc(',', out);
	put_label(out, "interface", nscontainer_record_text(r, key));
	fprintf(out, ",direction=\"%s\"} %" PRId64 "\n", way, value);
}

static void put_drops(FILE *out, const struct nscontainer_record *r)
{
	put_family(out, "rate_dropped_packets", "counter", "packets",
		   "Packets above the rate of a container's network.");
	for (; r; r = nscontainer_record_next(r))
		for (int i = 0;; i++) {
			const char *name;
			char key[64];

			snprintf(key, sizeof(key), "networks[%d].interface", i);
			name = nscontainer_record_text(r, key);
			if (!name || !strcmp(name, "-"))
				break;
			put_drop(out, r, i, "rx");
			put_drop(out, r, i, "tx");
		}
}

static void put_counter(FILE *out, const struct nscontainer_record *counters,
			const char *key, const char *name, const char *help)
{
	put_family(out, name, "counter", "", help);
	fprintf(out, "nscontainer_%s_total %s\n", name,
		nscontainer_record_text(counters, key));
}

static void put_refusals(FILE *out, const struct nscontainer_record *counters)
{
	const char *cause;
	char key[64];

	put_family(out, "refusals", "counter", "",
		   "Logins that pam_container refused, by class of error.");
	for (int i = 0;; i++) {
		snprintf(key, sizeof(key), "refusals[%d].cause", i);
		cause = nscontainer_record_text(counters, key);
		if (!cause || !strcmp(cause, "-"))
			return;
		fputs("nscontainer_refusals_total{", out);
		put_label(out, "cause", cause);
		snprintf(key, sizeof(key), "refusals[%d].count", i);
		fprintf(out, "} %s\n", nscontainer_record_text(counters, key));
	}
}

static void put_joins(FILE *out, const struct nscontainer_record *counters)
{
	int64_t us = 0;
	char key[64];

	put_family(out, "join_seconds", "histogram", "seconds",
		   "Time that logins took to enter, with a start if there was "
		   "one.");
	for (int i = 0;; i++) {
		const char *count;

		snprintf(key, sizeof(key), "joins.buckets[%d].count", i);
		count = nscontainer_record_text(counters, key);
		if (!count || !strcmp(count, "-"))
			break;
		snprintf(key, sizeof(key), "joins.buckets[%d].at_most_us", i);
		fputs("nscontainer_join_seconds_bucket{le=\"", out);
		if (nscontainer_record_int64(counters, key, &us) < 0)
			fputs("+Inf", out);
		else
			fprintf(out, "%g", (double)us / 1e6);
		fprintf(out, "\"} %s\n", count);
	}
	us = 0;
	(void)!nscontainer_record_int64(counters, "joins.sum_us", &us);
	fprintf(out, "nscontainer_join_seconds_count %s\n"
		"nscontainer_join_seconds_sum ",
		nscontainer_record_text(counters, "joins.count"));
	put_us(out, us);
	fputc('\n', out);
}

static void put_counters(FILE *out, const struct nscontainer_record *counters)
{
	put_counter(out, counters, "starts", "starts",
		    "Containers that were started.");
	put_counter(out, counters, "sessions", "session_opens",
		    "Sessions that were opened.");
	put_counter(out, counters, "oom_kills", "host_oom_kills",
		    "Processes of all containers, also of ended ones, that "
		    "were killed for want of memory.");
	put_refusals(out, counters);
	put_joins(out, counters);
}

static int complain(int ret, const struct nscontainer_error *err)
{
	if (ret < 0)
		nsinit_fail(err, 0);
	return ret;
}

/*
 * What can be read is told, even if something else cannot: a container without
 * control groups, for example, hides no other.
 */
static int put_all(FILE *out)
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	struct nscontainer_record *list = NULL, *stats = NULL, *counters = NULL;
	int ret = complain(nscontainer_list(&list, &err), &err), error;

	error = nscontainer_stats(NULL, &stats, &err);
	if (error != -ENOENT && complain(error, &err) < 0)
		ret = error;
	error = complain(nscontainer_counters(&counters, &err), &err);
	ret = error < 0 ? error : ret;
	put_records(out, &of_containers[0], list);
	for (size_t i = 0; i < sizeof(of_stats) / sizeof(*of_stats); i++)
		put_records(out, &of_stats[i], stats);
	put_drops(out, stats);
	if (counters)
		put_counters(out, counters);
	fputs("# EOF\n", out);
	nscontainer_record_free(list);
	nscontainer_record_free(stats);
	nscontainer_record_free(counters);
	return ret;
}

/* --- where it goes */

static int write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

/*
 * Replace FILE in one step: node_exporter reads the old text or the new one.
 * The name of the new file does not end like FILE, so it is not read.
 */
static int replace_file(const char *file, const char *text, size_t len)
{
	char *one = strdup(file), *other = strdup(file), name[300];
	int dir = one ? open(dirname(one), O_RDONLY | O_DIRECTORY | O_CLOEXEC) :
			-1;
	const char *base = other ? basename(other) : "";
	int fd = -1, ret = -1;

	snprintf(name, sizeof(name), ".%.255s.%d", base, (int)getpid());
	if (dir >= 0)
		fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL |
			    O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd >= 0) {
		ret = write_all(fd, text, len);
		if (close(fd) < 0 || ret < 0 ||
		    renameat(dir, name, dir, base) < 0) {
			ret = errno;
			unlinkat(dir, name, 0);
			errno = ret;
			ret = -1;
		}
	}
	if (ret < 0)
		fprintf(stderr, "nsinit metrics: write '%s': %s\n", file,
			strerror(errno));
	if (dir >= 0)
		close(dir);
	free(one);
	free(other);
	return ret;
}

/*
 * Read a request up to its empty line.  Nothing in it matters except that it
 * asks for something: its sender may be anybody who reaches the socket.
 */
static bool read_request(void)
{
	time_t end = time(NULL) + REQUEST_S;
	char text[REQUEST_MAX + 1];
	size_t len = 0;

	while (len < REQUEST_MAX && time(NULL) <= end) {
		struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
		ssize_t n;

		if (poll(&p, 1, REQUEST_S * 1000) <= 0)
			return false;
		n = read(STDIN_FILENO, text + len, REQUEST_MAX - len);
		if (n <= 0)
			return false;
		len += (size_t)n;
		text[len] = '\0';
		if (strstr(text, "\r\n\r\n") || strstr(text, "\n\n"))
			return !strncmp(text, "GET ", 4);
	}
	return false;
}

static int answer(const char *text, size_t len)
{
	char head[256];
	int n = snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\n"
			 "Content-Type: " TYPE "\r\nContent-Length: %zu\r\n"
			 "Connection: close\r\n\r\n", len);

	if (write_all(STDOUT_FILENO, head, (size_t)n) < 0 ||
	    write_all(STDOUT_FILENO, text, len) < 0)
		return -1;
	return 0;
}

static int refuse_request(void)
{
	static const char text[] = "HTTP/1.1 400 Bad Request\r\n"
		"Content-Length: 0\r\nConnection: close\r\n\r\n";

	(void)!write(STDOUT_FILENO, text, sizeof(text) - 1);
	return NSINIT_FAILED;
}

int nsinit_metrics(const struct nsinit_options *options)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out;
	int ret, error;

	if (options->http && !read_request())
		return refuse_request();
	if (options->output)
		after_counter = "_total";
	out = open_memstream(&text, &len);
	if (!out)
		return NSINIT_FAILED;
	ret = put_all(out);
	if (fclose(out) != 0)
		return NSINIT_FAILED;
	if (options->http)
		error = answer(text, len);
	else if (options->output)
		error = replace_file(options->output, text, len);
	else
		error = write_all(STDOUT_FILENO, text, len);
	free(text);
	return ret < 0 || error < 0 ? NSINIT_FAILED : NSINIT_OK;
}
