/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the login program, nsinit, container-monitor. */
#include "policy/lifecycle.h"

#include <errno.h>

static const char *const stop_names[] = { "empty", "logout", "never", NULL };
static const char *const disconnect_names[] = { "hangup", "kill", "keep",
						NULL };

#define AT(member) offsetof(struct nsc_lifecycle, member)
const struct nsc_lifecycle_key nsc_lifecycle_keys[NSC_LIFECYCLE_KEYS] = {
	{ "stop", AT(stop), 0, stop_names },
	{ "linger", AT(linger), 86400, NULL },
	{ "on_disconnect", AT(on_disconnect), 0, disconnect_names },
	{ "idle_timeout", AT(idle_timeout), 2592000, NULL },
	{ "max_lifetime", AT(max_lifetime), 31536000, NULL },
	{ "max_sessions", AT(max_sessions), 10000, NULL },
};
#undef AT

static unsigned int *value(struct nsc_lifecycle *l, size_t i)
{
	return (unsigned int *)(void *)((char *)l + nsc_lifecycle_keys[i].at);
}

void nsc_lifecycle_unset(struct nsc_lifecycle *lifecycle)
{
	for (size_t i = 0; i < NSC_LIFECYCLE_KEYS; i++)
		*value(lifecycle, i) = NSC_LIFECYCLE_UNSET;
}

void nsc_lifecycle_merge(const struct nsc_lifecycle *base,
			 const struct nsc_lifecycle *over,
			 struct nsc_lifecycle *ret)
{
	struct nsc_lifecycle from = *over;

	*ret = *base;
	for (size_t i = 0; i < NSC_LIFECYCLE_KEYS; i++)
		if (*value(&from, i) != NSC_LIFECYCLE_UNSET)
			*value(ret, i) = *value(&from, i);
}

const char *nsc_lifecycle_stop_name(unsigned int stop)
{
	return stop_names[stop];
}

unsigned int nsc_lifecycle_get(const struct nsc_lifecycle *lifecycle, size_t i)
{
	struct nsc_lifecycle copy = *lifecycle;

	return *value(&copy, i);
}

int nsc_lifecycle_check(const struct nsc_lifecycle *lifecycle, bool groups,
			struct nsc_error *err)
{
	bool kill = lifecycle->on_disconnect == NSC_DISCONNECT_KILL;

	if (groups || (!kill && !lifecycle->idle_timeout))
		return 0;
	return nsc_error_set(err, EOPNOTSUPP, "%s: needs control groups, to "
			     "know the processes of a session, and this host "
			     "has none that can be written to",
			     kill ? "on_disconnect \"kill\"" :
				    "idle_timeout");
}
