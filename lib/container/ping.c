/* SPDX-License-Identifier: Apache-2.0 */
#include "container/ping.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "linux/sysctl.h"
#include "util/fd.h"

#define KEY "net/ipv4/ping_group_range="
#define GROUP_MAX UINT32_C(2147483647)	/* the kernel's limit here */

struct range {
	uint32_t first, last;
};

/* The value in container.json, or NULL. */
static const char *configured(const struct nsc_plan *plan)
{
	char *const *entry = plan->config->sysctl;

	for (; entry && *entry; entry++)
		if (!strncmp(*entry, KEY, strlen(KEY)))
			return *entry + strlen(KEY);
	return NULL;
}

static struct range to_host(const struct nsc_plan *plan, struct range inside)
{
	struct range host = { GROUP_MAX, 0 };

	if (!plan->n_gid_map)
		return inside;
	for (size_t i = 0; i < plan->n_gid_map; i++) {
		const struct nsc_id_mapping *m = &plan->gid_map[i];
		uint64_t first = m->container_id, last = first + m->size - 1;

		if (first > inside.last || last < inside.first)
			continue;
		if (first < inside.first)
			first = inside.first;
		if (last > inside.last)
			last = inside.last;
		first += (uint64_t)m->host_id - m->container_id;
		last += (uint64_t)m->host_id - m->container_id;
		if (first < host.first)
			host.first = (uint32_t)first;
		if (last > host.last && last <= GROUP_MAX)
			host.last = (uint32_t)last;
	}
	return host;
}

int nsc_ping_allow(const struct nsc_plan *plan, struct nsc_error *err)
{
	struct range range = { 0, GROUP_MAX };
	const char *value = configured(plan);
	char entry[64];
	char *const list[] = { entry, NULL };
	int ret;

	if (!(plan->config->namespaces & CLONE_NEWNET))
		return 0;
	/* "1 0" allows nobody. */
	if (value && (sscanf(value, "%" SCNu32 " %" SCNu32, &range.first,
			     &range.last) != 2 || range.first > range.last))
		return 0;
	range = to_host(plan, range);
	if (range.first > range.last)
		return 0;
	snprintf(entry, sizeof(entry), KEY "%" PRIu32 " %" PRIu32, range.first,
		 range.last);
	ret = nsc_sysctl_apply(list, plan->root_uid, value ? err : NSC_IGNORE);
	/* A host that is a container itself may lack some of these groups. */
	return value ? ret : 0;
}
