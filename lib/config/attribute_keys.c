/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit and login-start. */
#include "config/attribute_keys.h"

#include <errno.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>

#include "util/fd.h"
#include "config/cgroup_keys.h"
#include "config/container_config.h"
#include "config/process_keys.h"
#include "linux/attributes.h"

/*
 * SCHED_DEADLINE is not among them: a process that has it cannot fork, which
 * each login does.
 */
static const char *const policies[] = {
	"SCHED_OTHER", "SCHED_BATCH", "SCHED_IDLE", "SCHED_FIFO", "SCHED_RR",
	NULL,
};
static const int policy_numbers[] = {
	SCHED_OTHER, SCHED_BATCH, SCHED_IDLE, SCHED_FIFO, SCHED_RR,
};
static const char *const io_classes[] = {
	"IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE", NULL,
};
static const char *const personalities[] = { "LINUX", "LINUX32", NULL };

struct scheduler {
	unsigned int policy;	/* an index */
	int nice, priority;
};

#define AT(member) offsetof(struct scheduler, member)
const struct nsc_field nsc_scheduler_fields[] = {
	{ .name = "policy", .read = nsc_read_choice, .at = AT(policy),
	  .choices = policies },
	{ .name = "nice", .read = nsc_read_signed, .at = AT(nice),
	  .min = -20, .max = 19 },
	{ .name = "priority", .read = nsc_read_signed, .at = AT(priority),
	  .min = 0, .max = 99 },
	{ .name = NULL },
};
#undef AT

int nsc_read_scheduler(struct nsc_reader *r, const json_t *value,
		       const struct nsc_field *f, void *to)
{
	struct nsc_process *process = &((struct nsc_config *)to)->process;
	struct scheduler s = { .policy = 0 };
	int ret = nsc_field_object(r, value, f->members, &s), policy;

	if (ret < 0)
		return ret;
	if (!nsc_field_has(value, "policy"))
		return nsc_field_refuse_member(r, "policy", "is missing");
	policy = policy_numbers[s.policy];
	if ((policy == SCHED_FIFO || policy == SCHED_RR) != (s.priority > 0))
		return nsc_field_refuse_member(r, "priority", "expected 1 to "
					       "99 for SCHED_FIFO and "
					       "SCHED_RR, and none for other "
					       "policies");
	/* The kernel ignores it otherwise. */
	if (s.nice && policy != SCHED_OTHER && policy != SCHED_BATCH)
		return nsc_field_refuse_member(r, "nice", "is for SCHED_OTHER "
					       "and SCHED_BATCH");
	process->sched_policy = policy;
	process->sched_nice = s.nice;
	process->sched_priority = s.priority;
	return 0;
}

struct io_priority {
	unsigned int class;	/* an index */
	int priority;
};

#define AT(member) offsetof(struct io_priority, member)
const struct nsc_field nsc_io_priority_fields[] = {
	{ .name = "class", .read = nsc_read_choice, .at = AT(class),
	  .choices = io_classes },
	{ .name = "priority", .read = nsc_read_signed, .at = AT(priority),
	  .min = 0, .max = 7 },
	{ .name = NULL },
};
#undef AT

int nsc_read_io_priority(struct nsc_reader *r, const json_t *value,
			 const struct nsc_field *f, void *to)
{
	struct nsc_process *process = &((struct nsc_config *)to)->process;
	struct io_priority io = { .class = 0 };
	int ret = nsc_field_object(r, value, f->members, &io);

	if (ret < 0)
		return ret;
	if (!nsc_field_has(value, "class"))
		return nsc_field_refuse_member(r, "class", "is missing");
	if (io.class == 2 && io.priority)
		return nsc_field_refuse_member(r, "priority", "expected none "
					       "for IOPRIO_CLASS_IDLE");
	/* The names are in the order of the numbers, which begin with 1. */
	process->io_priority = IOPRIO_PRIO_VALUE((int)io.class + 1,
						 io.priority);
	return 0;
}

int nsc_read_personality(struct nsc_reader *r, const json_t *value,
			 const struct nsc_field *f, void *to)
{
	struct nsc_process *process = &((struct nsc_config *)to)->process;
	struct nsc_field choice = *f;
	unsigned int i = 0;
	int ret;

	choice.choices = personalities;
	ret = nsc_read_choice(r, value, &choice, &i);
	if (ret == 0)
		process->personality = i ? PER_LINUX32 : PER_LINUX;
	return ret;
}

int nsc_read_affinity(struct nsc_reader *r, const json_t *value,
		      const struct nsc_field *f, void *to)
{
	struct nsc_process *process = &((struct nsc_config *)to)->process;

	return nsc_read_processors(r, value, f, &process->cpu_affinity);
}

static int read_offset(struct nsc_reader *r, const json_t *value,
		       const struct nsc_field *f, void *to)
{
	return nsc_field_object(r, value, f->members, to);
}

#define AT(member) offsetof(struct nsc_config_offset, member)
static const struct nsc_field offset_fields[] = {
	{ .name = "secs", .read = nsc_read_integer, .at = AT(secs),
	  .min = -INT64_MAX / 2000000000, .max = INT64_MAX / 2000000000 },
	{ .name = "nanosecs", .read = nsc_read_number, .at = AT(nanosecs),
	  .max = 999999999 },
	{ .name = NULL },
};
#undef AT

#define AT(n) offsetof(struct nsc_config, time_offsets[n])
const struct nsc_field nsc_time_fields[] = {
	{ .name = "monotonic", .read = read_offset, .at = AT(0),
	  .members = offset_fields },
	{ .name = "boottime", .read = read_offset, .at = AT(1),
	  .members = offset_fields },
	{ .name = NULL },
};
#undef AT
