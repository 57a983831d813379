/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: the builder, root of the host.  Talks to systemd's manager,
 * org.freedesktop.systemd1(5).
 */
#include "cgroup/cgroup_systemd.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "util/hash.h"
#include "util/library.h"
#include "config.h"

bool nsc_systemd_is_there(void)
{
	struct stat st;

	return lstat("/run/systemd/system", &st) == 0 && S_ISDIR(st.st_mode);
}

#ifndef HAVE_LIBSYSTEMD

int nsc_systemd_start_scope(const struct nsc_systemd_scope *scope,
			    struct nsc_error *err)
{
	(void)scope;
	return nsc_error_set(err, EOPNOTSUPP, "systemd manages this host's "
			     "groups, and nsinit was built without libsystemd");
}

#else

#include <systemd/sd-bus.h>

#define FUNCTIONS(_) _(sd_bus_call) _(sd_bus_error_free) \
	_(sd_bus_error_has_name) _(sd_bus_flush_close_unref) \
	_(sd_bus_match_signal) _(sd_bus_message_append) \
	_(sd_bus_message_close_container) _(sd_bus_message_new_method_call) \
	_(sd_bus_message_open_container) _(sd_bus_message_read) \
	_(sd_bus_message_unref) _(sd_bus_new) _(sd_bus_open_system) \
	_(sd_bus_process) _(sd_bus_set_address) _(sd_bus_start) \
	_(sd_bus_wait)
NSC_LIBRARY(sd, SONAME_SYSTEMD, FUNCTIONS);

#define DESTINATION "org.freedesktop.systemd1", "/org/freedesktop/systemd1", \
	"org.freedesktop.systemd1.Manager"
#define EXISTS "org.freedesktop.systemd1.UnitExists"
#define PRIVATE "unix:path=/run/systemd/private"
#define WAIT_US 10000000
#define TRIES 50		/* until an old scope with this name is gone */

struct call {
	sd_bus *bus;
	sd_bus_message *message;
	sd_bus_error error;
	const char *job;
	bool done;
	char result[32];
};

static void call_cleanup(struct call *c)
{
	sd.sd_bus_message_unref(c->message);
	sd.sd_bus_error_free(&c->error);
	sd.sd_bus_flush_close_unref(c->bus);
}

static int systemd_failed(const struct call *c, int ret, const char *what,
			  struct nsc_error *err)
{
	if (c->error.message)
		return nsc_error_set(err, -ret, "systemd: %s: %s", what,
				     c->error.message);
	return nsc_error_sys(err, -ret, "systemd: %s", what);
}

/*
 * Letters, digits, "_" and "." stay unescaped, see systemd.unit(5).  A name
 * that is too long ends with '-', which is none of its own, and a hash.
 */
static void print_unit(char buf[256], const char *name, const char *suffix)
{
	size_t at = (size_t)snprintf(buf, 256, "nscontainer-");
	uint64_t hash = nsc_hash_add_text(NSC_HASH_INIT, name);

	for (; *name && at < 200; name++) {
		bool plain = (*name >= '0' && *name <= '9') ||
			     (*name >= 'a' && *name <= 'z') ||
			     (*name >= 'A' && *name <= 'Z') || *name == '_' ||
			     *name == '.';

		at += (size_t)snprintf(buf + at, 256 - at,
				       plain ? "%c" : "\\x%02x",
				       (unsigned char)*name);
	}
	if (*name)
		at += (size_t)snprintf(buf + at, 256 - at, "-%016" PRIx64,
				       hash);
	snprintf(buf + at, 256 - at, "%s", suffix);
}

static int append_number(sd_bus_message *m, const char *name, uint64_t value)
{
	return sd.sd_bus_message_append(m, "(sv)", name, "t", value);
}

/* Add our limits as properties of a slice: systemd.resource-control(5). */
static int append_limits(sd_bus_message *m, const struct nsc_cgroup_limits *l)
{
	static const char *const names[NSC_CGROUP_NUMBERS] = {
		[NSC_CGROUP_N_MEMORY] = "MemoryMax",
		[NSC_CGROUP_N_RESERVATION] = "MemoryLow",
		[NSC_CGROUP_N_HIGH] = "MemoryHigh",
		[NSC_CGROUP_N_WEIGHT] = "CPUWeight",
		[NSC_CGROUP_N_PIDS] = "TasksMax",
		[NSC_CGROUP_N_IO_WEIGHT] = "IOWeight",
	};
	int64_t memory = l->number[NSC_CGROUP_N_MEMORY];
	int64_t swap = l->number[NSC_CGROUP_N_SWAP];
	int64_t quota = l->number[NSC_CGROUP_N_QUOTA];
	int64_t period = nsc_cgroup_has(l, NSC_CGROUP_N_PERIOD) ?
				 l->number[NSC_CGROUP_N_PERIOD] : 100000;
	int ret = 0;

	for (int n = 0; ret >= 0 && n < NSC_CGROUP_NUMBERS; n++)
		if (names[n] && nsc_cgroup_has(l, n))
			ret = append_number(m, names[n],
					    (uint64_t)l->number[n]);
	if (ret >= 0 && memory && swap >= 0)
		ret = append_number(m, "MemorySwapMax", (uint64_t)
				    (swap ? swap - memory : memory));
	if (ret >= 0 && nsc_cgroup_has(l, NSC_CGROUP_N_SHARES))
		ret = append_number(m, "CPUWeight", (uint64_t)
				    nsc_cgroup_shares_to_weight(
					l->number[NSC_CGROUP_N_SHARES]));
	if (ret >= 0 && nsc_cgroup_has(l, NSC_CGROUP_N_QUOTA) && quota > 0)
		ret = append_number(m, "CPUQuotaPerSecUSec", (uint64_t)
				    (quota * 1000000 / period));
	return ret;
}

/* systemd owns the group of the slice, so it must write the limits. */
static int limit_slice(struct call *c, const char *slice,
		       const struct nsc_cgroup_limits *limits,
		       struct nsc_error *err)
{
	sd_bus_message *m = NULL;
	int ret = sd.sd_bus_message_new_method_call(c->bus, &m, DESTINATION,
						    "SetUnitProperties");

	if (ret >= 0)
		ret = sd.sd_bus_message_append(m, "sb", slice, 1);
	if (ret >= 0)
		ret = sd.sd_bus_message_open_container(m, 'a', "(sv)");
	if (ret >= 0)
		ret = append_limits(m, limits);
	if (ret >= 0)
		ret = sd.sd_bus_message_close_container(m);
	if (ret >= 0)
		ret = sd.sd_bus_call(c->bus, m, WAIT_US, &c->error, NULL);
	sd.sd_bus_message_unref(m);
	return ret < 0 ? systemd_failed(c, ret, "limit the slice", err) : 0;
}

static int on_removed(sd_bus_message *m, void *data, sd_bus_error *error)
{
	struct call *c = data;
	const char *job, *unit, *result;
	uint32_t id;

	(void)error;
	if (sd.sd_bus_message_read(m, "uoss", &id, &job, &unit, &result) < 0 ||
	    !c->job || strcmp(job, c->job) != 0)
		return 0;
	snprintf(c->result, sizeof(c->result), "%s", result);
	c->done = true;
	return 0;
}

/*
 * "replace": a login that comes while the user's slice is being stopped, after
 * the last session, wins over that stop.
 */
static int request_scope(struct call *c, const char *unit, const char *slice)
{
	sd_bus_message *m = NULL;
	int ret = sd.sd_bus_message_new_method_call(c->bus, &m, DESTINATION,
						    "StartTransientUnit");

	if (ret >= 0)
		ret = sd.sd_bus_message_append(m, "ss", unit, "replace");
	if (ret >= 0)
		ret = sd.sd_bus_message_open_container(m, 'a', "(sv)");
	if (ret >= 0)
		ret = sd.sd_bus_message_append(m, "(sv)(sv)(sv)(sv)(sv)",
			"Description", "s", "Container of nscontainer",
			"Slice", "s", slice,
			"Delegate", "b", 1,
			"CollectMode", "s", "inactive-or-failed",
			"PIDs", "au", 1, (uint32_t)getpid());
	if (ret >= 0)
		ret = sd.sd_bus_message_close_container(m);
	if (ret >= 0)
		ret = sd.sd_bus_message_append(m, "a(sa(sv))", 0);
	if (ret >= 0)
		ret = sd.sd_bus_call(c->bus, m, WAIT_US, &c->error,
				     &c->message);
	sd.sd_bus_message_unref(m);
	return ret;
}

static int wait_for_job(struct call *c, struct nsc_error *err)
{
	int ret = sd.sd_bus_message_read(c->message, "o", &c->job);

	while (ret >= 0 && !c->done) {
		ret = sd.sd_bus_process(c->bus, NULL);
		if (ret == 0)
			ret = sd.sd_bus_wait(c->bus, WAIT_US);
		/* 0 means that the time is up. */
		if (ret == 0)
			ret = -ETIMEDOUT;
	}
	if (ret < 0)
		return systemd_failed(c, ret, "wait for the scope", err);
	if (strcmp(c->result, "done") != 0)
		return nsc_error_set(err, EIO, "systemd: the scope was not "
				     "started: %s", c->result);
	return 0;
}

static int systemd_start(struct call *c, const struct nsc_systemd_scope *scope,
			 struct nsc_error *err)
{
	const struct timespec pause = { 0, 100000000 };
	char unit[256], slice[256];
	int ret;

	print_unit(unit, scope->name, ".scope");
	snprintf(slice, sizeof(slice), "%s", scope->slice);
	if (scope->shared) {
		print_unit(slice, scope->shared, ".slice");
		ret = scope->limits ?
			      limit_slice(c, slice, scope->limits, err) : 0;
		if (ret < 0)
			return ret;
	}
	ret = sd.sd_bus_match_signal(c->bus, NULL, DESTINATION, "JobRemoved",
				     on_removed, c);
	for (int i = 0; ret >= 0 && i < TRIES; i++) {
		sd.sd_bus_error_free(&c->error);
		ret = request_scope(c, unit, slice);
		/* The previous container's monitor may have ended just now. */
		if (ret >= 0 || !sd.sd_bus_error_has_name(&c->error, EXISTS))
			break;
		ret = i + 1 < TRIES ? 0 : ret;
		nanosleep(&pause, NULL);
	}
	if (ret < 0)
		return systemd_failed(c, ret, "start the scope", err);
	return wait_for_job(c, err);
}

/*
 * Connect to the bus or, on a small host without one, to the manager's own
 * socket.
 */
static int connect_to_manager(sd_bus **bus)
{
	int ret = sd.sd_bus_open_system(bus);

	if (ret >= 0)
		return ret;
	ret = sd.sd_bus_new(bus);
	if (ret >= 0)
		ret = sd.sd_bus_set_address(*bus, PRIVATE);
	return ret < 0 ? ret : sd.sd_bus_start(*bus);
}

static int connect_and_start(const struct nsc_systemd_scope *scope,
			     struct nsc_error *err)
{
	__attribute__((cleanup(call_cleanup))) struct call c = { .bus = NULL };
	int ret = connect_to_manager(&c.bus);

	if (ret < 0)
		return systemd_failed(&c, ret, "connect to the bus", err);
	return systemd_start(&c, scope, err);
}

int nsc_systemd_start_scope(const struct nsc_systemd_scope *scope,
			    struct nsc_error *err)
{
	int ret = nsc_library_load(&sd_library, err);

	return ret < 0 ? ret : connect_and_start(scope, err);
}

#endif
