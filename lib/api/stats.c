/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/sessions.h"
#include "util/fd.h"
#include "util/names.h"
#include "util/process.h"
#include "util/text.h"
#include "linux/namespace.h"
#include "linux/netdev.h"
#include "linux/nft_counted.h"
#include "linux/pidfd.h"
#include "rundir/running.h"
#include "cgroup/cgroup_stats.h"

#define PERCENT_MS 100	/* once for all containers */

static NSC_API_KEYS(stats_keys, NSCONTAINER_KEYS_STATS);

/* A container, between the two readings. */
struct target {
	struct target *next;
	struct nsc_state *state;
	struct nsc_cgroup_tree *tree;
	uint64_t before;	/* microseconds of processor time */
	int64_t begin;
};

struct targets {
	struct target *first, **end;
	char boot_id[NSC_BOOT_ID_SIZE];
};

static json_t *percent_json(const struct nsc_stats_pressure *p)
{
	return p->total == NSC_STATS_NONE ? json_null() : json_real(p->avg10);
}

static json_t *pressure_json(
	const struct nsc_stats_pressure waits[NSC_STATS_WAITS])
{
	const struct nsc_stats_pressure *some = &waits[NSC_STATS_SOME];
	const struct nsc_stats_pressure *full = &waits[NSC_STATS_FULL];

	return json_pack("{s:o, s:o, s:o, s:o}", "some_us",
			 nsc_api_number(some->total), "some_percent",
			 percent_json(some), "full_us",
			 nsc_api_number(full->total), "full_percent",
			 percent_json(full));
}

static json_t *memory_json(const struct nsc_stats *s)
{
	json_t *stat = json_object();

	for (size_t i = 0; i < s->n_memory_stat; i++)
		json_object_set_new(stat, s->memory_stat[i].name,
				    nsc_api_number(s->memory_stat[i].value));
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "usage",
			 nsc_api_number(s->memory), "peak",
			 nsc_api_number(s->memory_peak), "limit",
			 nsc_api_number(s->memory_limit), "oom_kills",
			 nsc_api_number(s->oom_kills), "pressure",
			 pressure_json(s->pressure[1]), "stat", stat);
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
					 nsc_api_number(row->bytes),
					 "operations",
					 nsc_api_number(row->ops)));
	}
	return json_pack("{s:o, s:o, s:o}", "devices", array, "queued",
			 nsc_api_number(s->io_queued), "pressure",
			 pressure_json(s->pressure[2]));
}

static json_t *cpu_json(const struct nsc_stats *s, double percent)
{
	json_t *array = json_array();

	for (size_t i = 0; i < s->n_processors; i++)
		json_array_append_new(
			array, json_pack("{s:o}", "usage_us",
					 nsc_api_number(s->processors[i])));
	return json_pack("{s:o, s:f, s:o, s:o, s:o, s:o, s:{s:o, s:o, s:o}}",
			 "usage_us", nsc_api_number(s->cpu_usage), "percent",
			 percent, "processors", array, "pressure",
			 pressure_json(s->pressure[0]),
			 "user_us", nsc_api_number(s->cpu_user), "system_us",
			 nsc_api_number(s->cpu_system), "throttling", "periods",
			 nsc_api_number(s->periods), "throttled_periods",
			 nsc_api_number(s->throttled_periods), "throttled_us",
			 nsc_api_number(s->throttled_time));
}

/* The sessions that have a directory in the hierarchy for sessions. */
static json_t *sessions_json(const struct target *t)
{
	struct nsc_stats_session s;
	struct nsc_stats_oom oom;
	json_t *array = json_array();
	const struct dirent *entry;
	DIR *dir = NULL;

	for (size_t i = 0; i < t->tree->n && !dir; i++)
		if (t->tree->list[i].kind == 's')
			dir = opendir(t->tree->list[i].path);
	while (dir && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, "session-", 8) != 0)
			continue;
		nsc_stats_read_session(t->tree, entry->d_name, &s);
		if (s.pids == 0)
			continue;
		nsc_stats_read_oom(t->tree, entry->d_name, &oom);
		json_array_append_new(
			array, json_pack("{s:i, s:o, s:o, s:o, s:o}", "pid",
					 atoi(entry->d_name + 8), "memory",
					 nsc_api_number(s.memory), "cpu_us",
					 nsc_api_number(s.cpu_us), "pids",
					 nsc_api_number(s.pids), "oom_kills",
					 nsc_api_number(oom.kills)));
	}
	if (dir)
		closedir(dir);
	return array;
}

/* A socket for the counters of rates; -1: there is no rate. */
static int open_rates(const struct nsc_state *state)
{
	_cleanup_fd_ int net = -1;
	bool any = false;

	for (char **n = state->networks; n && *n; n++)
		any = any || strstr(*n, " rate_");
	if (any)
		net = nsc_namespace_open(state->pid, CLONE_NEWNET);
	return net < 0 ? -1 : nsc_nft_counted_open(net);
}

/* The number of packets that were above the rate. */
static json_t *dropped_json(int rates, const char *way, const char *interface)
{
	uint64_t packets = NSC_STATS_NONE;
	char name[64];

	snprintf(name, sizeof(name), NSC_COUNTED_RATE, way, interface);
	if (rates >= 0)
		nsc_nft_counted_packets(rates, NSC_NAMES_TABLE, name, &packets);
	return nsc_api_number(packets);
}

/* The user chooses the names of interfaces. */
static json_t *networks_json(const struct nsc_state *state)
{
	struct nsc_netdev list[NSC_NETDEV_MAX];
	size_t n = nsc_netdev_read(state->pid, list);
	_cleanup_fd_ int rates = open_rates(state);
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++) {
		char name[4 * IF_NAMESIZE];

		json_array_append_new(
			array, json_pack("{s:s, s:o, s:o, s:o, s:o}",
					 "interface",
					 nsc_text_escape(list[i].name, name,
							 sizeof(name)),
					 "rx_bytes",
					 nsc_api_number(list[i].rx_bytes),
					 "tx_bytes",
					 nsc_api_number(list[i].tx_bytes),
					 "rx_dropped",
					 dropped_json(rates, NSC_COUNTED_DOWN,
						      list[i].name),
					 "tx_dropped",
					 dropped_json(rates, NSC_COUNTED_UP,
						      list[i].name)));
	}
	return array;
}

static double percent_of(const struct target *t, uint64_t usage)
{
	int64_t ms = nsc_process_now() - t->begin;

	if (usage == NSC_STATS_NONE || t->before == NSC_STATS_NONE ||
	    usage < t->before || ms <= 0)
		return 0;
	return (double)(usage - t->before) / (double)ms / 10;
}

static json_t *target_json(const struct target *t, const struct nsc_stats *s)
{
	return json_pack("{s:s, s:o, s:I, s:o, s:o, s:o, s:{s:o, s:o}, s:o, "
			 "s:o, s:{s:s, s:b, s:b}, s:o}",
			 "user", t->state->user, "directory",
			 nsc_api_directory(t->state), "generation",
			 (json_int_t)t->state->generation, "external",
			 nsc_api_path(t->state->external), "cpu",
			 cpu_json(s, percent_of(t, s->cpu_usage)), "memory",
			 memory_json(s), "pids", "current",
			 nsc_api_number(s->pids), "limit",
			 nsc_api_number(s->pids_limit), "io", io_json(s),
			 "networks", networks_json(t->state),
			 "freezer", "state",
			 s->frozen				? "FROZEN" :
			 s->self_freezing || s->parent_freezing ? "FREEZING" :
								  "THAWED",
			 "self", s->self_freezing, "parent", s->parent_freezing,
			 "sessions", sessions_json(t));
}

static int stats_open_target(int instance, const char *boot_id,
			     struct target *t, struct nsc_error *err)
{
	bool ending;
	int ret = nsc_running_see(instance, boot_id, &ending, &t->state, err);

	if (ret < 0)
		return ret;
	if (ending)
		return nsc_running_gone("it is being stopped", err);
	ret = t->state->has_groups ?
		      nsc_cgroup_tree_load(instance, &t->tree) : -ENOENT;
	if (ret < 0)
		return nsc_error_set(err, -ret, "the container has no control "
				     "groups to read counters from");
	t->begin = nsc_process_now();
	t->before = nsc_stats_cpu(t->tree, NULL);
	return 0;
}

static void target_free(struct target *t)
{
	nsc_state_cleanup(&t->state);
	free(t->tree);
	free(t);
}

static int stats_begin(int instance, unsigned int number, void *arg,
		       struct nsc_error *err)
{
	struct target *t = calloc(1, sizeof(*t));
	struct targets *all = arg;
	int error;

	(void)number;
	if (!t)
		return nsc_error_sys(err, ENOMEM, "stats");
	error = stats_open_target(instance, all->boot_id, t, err);
	if (error < 0) {
		target_free(t);
		return error;
	}
	*all->end = t;
	all->end = &t->next;
	return 0;
}

/* Read all counters, unless the container has ended meanwhile. */
static int stats_end(const struct target *t, struct nsc_stats *s,
		     struct nscontainer_record **list, struct nsc_error *err)
{
	uint64_t start;

	nsc_stats_read(t->tree, NULL, s);
	if (nsc_pidfd_start_time(t->state->pid, &start) < 0 ||
	    start != t->state->start)
		return 0;
	return nsc_api_add(list, stats_keys, target_json(t, s), err);
}

static int stats_of(struct targets *all, struct nscontainer_record **list,
		    struct nsc_error *err)
{
	const struct timespec pause = { 0, PERCENT_MS * 1000000L };
	_cleanup_free_ struct nsc_stats *s = malloc(sizeof(*s));
	int ret = s ? 0 : nsc_error_sys(err, ENOMEM, "stats");

	if (all->first)
		nanosleep(&pause, NULL);
	while (all->first) {
		struct target *t = all->first;

		all->first = t->next;
		if (ret == 0)
			ret = stats_end(t, s, list, err);
		target_free(t);
	}
	return ret;
}

NSC_PUBLIC int nscontainer_stats(const struct nscontainer *container,
				 struct nscontainer_record **ret,
				 struct nscontainer_error *err)
{
	struct nscontainer_record *list = NULL;
	struct targets all = { .first = NULL };
	const struct nsc_api_act act = { stats_begin, &all };
	struct nsc_error e = NSC_ERROR_INIT;
	int error, end;

	all.end = &all.first;
	error = nsc_running_boot(all.boot_id, &e);
	if (error == 0)
		error = container ? nsc_api_each(container->rundir, &act, &e) :
				    nsc_api_all(&act, &e);
	end = stats_of(&all, &list, error < 0 ? NSC_IGNORE : &e);
	error = error < 0 ? error : end;
	if (error == 0 && container && !list)
		error = nsc_error_set(&e, ESRCH, "the container has ended");
	if (error < 0 && container)
		nscontainer_record_free(list);
	else
		*ret = list;
	return nsc_api_result_of(container, error, &e, err);
}
