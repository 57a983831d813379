/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "util/fd.h"
#include "util/process.h"
#include "rundir/running.h"
#include "cgroup/cgroup_stats.h"

#define PERCENT_MS 100

static NSC_API_KEYS(stats_keys, NSCONTAINER_KEYS_STATS);

struct target {
	struct nsc_state *state;
	struct nsc_cgroup_tree tree;
	struct nsc_stats stats;
};

static json_t *stats_number(uint64_t value)
{
	return value == NSC_STATS_NONE ? json_null() :
					 json_integer((json_int_t)value);
}

static json_t *memory_json(const struct nsc_stats *s)
{
	json_t *stat = json_object();

	for (size_t i = 0; i < s->n_memory_stat; i++)
		json_object_set_new(stat, s->memory_stat[i].name,
				    stats_number(s->memory_stat[i].value));
	return json_pack("{s:o, s:o, s:o, s:o}", "usage",
			 stats_number(s->memory), "peak",
			 stats_number(s->memory_peak), "limit",
			 stats_number(s->memory_limit), "stat", stat);
}

static json_t *io_json(const struct nsc_stats *s)
{
	json_t *array = json_array();

	for (size_t i = 0; i < s->n_io; i++) {
		const struct nsc_stats_io *row = &s->io[i];
		char device[32];

		snprintf(device, sizeof(device), "%u:%u", row->major,
			 row->minor);
		json_array_append_new(
			array, json_pack("{s:s, s:s, s:o, s:o}", "device",
					 device, "op", row->op, "bytes",
					 stats_number(row->bytes), "operations",
					 stats_number(row->ops)));
	}
	return json_pack("{s:o, s:o}", "devices", array, "queued",
			 stats_number(s->io_queued));
}

static json_t *cpu_json(const struct nsc_stats *s, double percent)
{
	return json_pack("{s:o, s:f, s:o, s:o, s:{s:o, s:o, s:o}}", "usage_us",
			 stats_number(s->cpu_usage), "percent", percent,
			 "user_us", stats_number(s->cpu_user), "system_us",
			 stats_number(s->cpu_system), "throttling", "periods",
			 stats_number(s->periods), "throttled_periods",
			 stats_number(s->throttled_periods), "throttled_us",
			 stats_number(s->throttled_time));
}

/* The sessions that have a directory in the hierarchy for sessions. */
static json_t *sessions_json(struct target *t)
{
	struct nsc_stats *s = malloc(sizeof(*s));
	json_t *array = json_array();
	const struct dirent *entry;
	DIR *dir = NULL;

	for (size_t i = 0; s && i < t->tree.n && !dir; i++)
		if (t->tree.list[i].kind == 's')
			dir = opendir(t->tree.list[i].path);
	while (dir && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, "session-", 8) != 0)
			continue;
		nsc_stats_read(&t->tree, entry->d_name, s);
		if (s->pids == 0)
			continue;
		json_array_append_new(
			array, json_pack("{s:i, s:o, s:o, s:o}", "pid",
					 atoi(entry->d_name + 8), "memory",
					 stats_number(s->memory), "cpu_us",
					 stats_number(s->cpu_usage), "pids",
					 stats_number(s->pids)));
	}
	if (dir)
		closedir(dir);
	free(s);
	return array;
}

/* Measure the processor's usage over PERCENT_MS, and read all counters. */
static json_t *measure(struct target *t)
{
	const struct timespec pause = { 0, PERCENT_MS * 1000000L };
	struct nsc_stats *s = &t->stats;
	int64_t begin = nsc_process_now(), ms;
	double percent = 0;
	uint64_t before;

	nsc_stats_read(&t->tree, NULL, s);
	before = s->cpu_usage;
	nanosleep(&pause, NULL);
	nsc_stats_read(&t->tree, NULL, s);
	ms = nsc_process_now() - begin;
	if (s->cpu_usage != NSC_STATS_NONE && before != NSC_STATS_NONE &&
	    s->cpu_usage >= before && ms > 0)
		percent = (double)(s->cpu_usage - before) / (double)ms / 10;
	return json_pack("{s:s, s:I, s:o, s:o, s:o, s:{s:o, s:o}, s:o, "
			 "s:{s:s, s:b, s:b}, s:o}",
			 "user", t->state->user, "generation",
			 (json_int_t)t->state->generation, "external",
			 nsc_api_path(t->state->external), "cpu",
			 cpu_json(s, percent), "memory", memory_json(s), "pids",
			 "current", stats_number(s->pids), "limit",
			 stats_number(s->pids_limit), "io", io_json(s),
			 "freezer", "state",
			 s->frozen				? "FROZEN" :
			 s->self_freezing || s->parent_freezing ? "FREEZING" :
								  "THAWED",
			 "self", s->self_freezing, "parent", s->parent_freezing,
			 "sessions", sessions_json(t));
}

static int stats_open_target(int instance, struct target *t,
			     struct nsc_error *err)
{
	_cleanup_fd_ int pidfd = nsc_running_find(instance, &t->state, err);
	int ret;

	if (pidfd < 0)
		return pidfd;
	ret = t->state->has_groups ?
		      nsc_cgroup_tree_load(instance, &t->tree) : -ENOENT;
	if (ret < 0)
		return nsc_error_set(err, -ret, "the container has no control "
				     "groups to read counters from");
	return 0;
}

static int stats_add(int instance, unsigned int number, void *list,
		     struct nsc_error *err)
{
	struct target *t = calloc(1, sizeof(*t));
	int error;

	(void)number;
	if (!t)
		return nsc_error_sys(err, ENOMEM, "stats");
	error = stats_open_target(instance, t, err);
	if (error == 0)
		error = nsc_api_add(list, stats_keys, measure(t), err);
	nsc_state_cleanup(&t->state);
	free(t);
	return error;
}

NSC_PUBLIC int nscontainer_stats(const struct nscontainer *container,
				 struct nscontainer_record **ret,
				 struct nscontainer_error *err)
{
	struct nscontainer_record *list = NULL;
	const struct nsc_api_act act = { stats_add, &list };
	struct nsc_error e = NSC_ERROR_INIT;
	int error = nsc_api_each(container->rundir, &act, &e);

	if (error == 0)
		*ret = list;
	else
		nscontainer_record_free(list);
	return nsc_api_result(error, &e, err);
}
