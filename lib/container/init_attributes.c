/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: the builder, root of the host; and the container's PID 1 before its
 * exec.
 */
#include "container/init_attributes.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/process.h"
#include "linux/attributes.h"

#define TRY_MS 10000

static int set_clocks(const struct nsc_config *config, pid_t pid,
		      struct nsc_error *err)
{
	static const char *const clocks[] = { "monotonic", "boottime" };
	char path[48], text[96];
	_cleanup_fd_ int fd = -1;

	snprintf(path, sizeof(path), "/proc/%d/timens_offsets", (int)pid);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return nsc_error_sys(err, errno, "open '%s'", path);
	for (size_t i = 0; i < NSC_ARRAY_SIZE(clocks); i++) {
		const struct nsc_config_offset *o = &config->time_offsets[i];
		int n = snprintf(text, sizeof(text), "%s %" PRId64 " %u\n",
				 clocks[i], o->secs, o->nanosecs);

		if (!nsc_offset_set(o))
			continue;
		if (write(fd, text, (size_t)n) == n)
			continue;
		return errno == ERANGE ?
			nsc_error_set(err, ERANGE, "time_offsets.%s: the clock "
				      "would be negative, or beyond what the "
				      "kernel can count", clocks[i]) :
			nsc_error_sys(err, errno, "time_offsets.%s", clocks[i]);
	}
	return 0;
}

int nsc_attributes_of_init(const struct nsc_config *config, pid_t pid,
			   struct nsc_error *err)
{
	/* container-init must not wait behind the processes that it ends. */
	const struct nsc_process usual = {
		.sched_policy = SCHED_OTHER,
		.io_priority = IOPRIO_PRIO_VALUE(IOPRIO_CLASS_NONE, 0),
	};
	const struct nsc_process *own = &config->process;
	int ret = nsc_attributes_schedule(own, pid, err);

	/*
	 * Reset only what was just set: on a host that is a container, the rest
	 * is not permitted.
	 */
	if (ret == 0 && !config->init &&
	    (own->sched_policy >= 0 || own->io_priority >= 0))
		ret = nsc_attributes_schedule(&usual, pid, err);
	return ret < 0 || !(config->namespaces & CLONE_NEWTIME) ? ret :
	       set_clocks(config, pid, err);
}

static void try_affinity(const void *arg, void *answer)
{
	nsc_attributes_affinity(arg, answer);
}

int nsc_init_attributes(const struct nsc_config *config,
			struct nsc_error *err)
{
	const struct nsc_process *own = &config->process;
	struct nsc_error report = NSC_ERROR_INIT;
	int ret = 0;

	if (own->personality >= 0 && config->init &&
	    personality((unsigned long)own->personality) < 0)
		return nsc_error_sys(err, errno, "personality");
	/* It is for sessions: a child tries whether it is possible. */
	if (own->cpu_affinity)
		ret = nsc_process_ask(try_affinity, own, &report,
				      sizeof(report), nsc_process_now() +
				      TRY_MS);
	return ret < 0 ? nsc_error_sys(err, -ret, "cpu_affinity") :
			 nsc_error_take(&report, err);
}
