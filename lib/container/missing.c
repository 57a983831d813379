/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit, root of the host. */
#include "container/missing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "util/error.h"
#include "util/fd.h"
#include "util/proc.h"
#include "util/text.h"
#include "container/nested.h"
#include "network/firewall.h"
#include "rootfs/home_open.h"
#include "rootfs/submounts.h"

#define LOG_LINES 4	/* a user can make any number of mounts */

static void find_submounts(const struct nsc_plan *plan, char ***list, size_t *n)
{
	_cleanup_submounts_ struct nsc_submounts mounts = NSC_SUBMOUNTS_INIT;

	if (nsc_submounts_find(plan, &mounts, NSC_IGNORE) < 0)
		return;
	for (size_t i = 0; i < mounts.n; i++)
		if (mounts.list[i].left_out)
			(void)!nsc_text_append(list, n,
					       mounts.list[i].left_out);
}

/* Is what the host mounts at path later seen by a slave of its mount? */
static bool is_shared(const char *path)
{
	_cleanup_free_ char *text = NULL;
	struct nsc_proc_mount m;
	size_t longest = 0;
	bool shared = true;
	char *rest;

	if (nsc_proc_read("/proc/self/mountinfo", &text, NSC_IGNORE) < 0)
		return true;
	for (rest = text; nsc_proc_mount_next(&rest, &m);) {
		if (!nsc_text_is_below(path, m.point) ||
		    strlen(m.point) < longest)
			continue;
		longest = strlen(m.point);
		shared = m.shared;
	}
	return shared;
}

static void find_unshared(const struct nsc_plan *plan, char ***list, size_t *n)
{
	const struct nsc_config *config = plan->config;

	for (size_t i = 0; i < config->n_mounts; i++) {
		const struct nsc_config_mount *m = &config->mounts[i];
		_cleanup_free_ char *text = NULL;

		if (!m->slave || m->type != NSC_MOUNT_BIND ||
		    is_shared(m->source) ||
		    asprintf(&text, "mounts[%zu].private: what is mounted "
			     "below '%s' later does not appear inside: its "
			     "mount is not shared, see 'mount --make-shared'",
			     i, m->source) < 0)
			continue;
		(void)!nsc_text_append(list, n, text);
	}
}

int nsc_missing_check(struct nsc_plan *plan, struct nsc_error *err)
{
	const struct nsc_config *config = plan->config;
	struct nsc_error why = NSC_ERROR_INIT;
	char path[PATH_MAX];
	_cleanup_fd_ int fd = -1;

	if (!plan->login || config->home != NSC_HOME_BIND)
		return 0;
	fd = nsc_home_open(plan->user, path, &why);
	if (fd >= 0)
		return 0;
	if (config->home_required)
		return nsc_error_set(err, -fd, "%s: home_required: %s",
				     config->file, why.code ? why.text :
				     "the user has no home");
	/* Without a home, a login is at "/", as on the host. */
	plan->home_missing = why.code ? strdup(why.text) : NULL;
	return !why.code || plan->home_missing ? 0 :
		nsc_error_sys(err, ENOMEM, "home");
}

char **nsc_missing_find(const struct nsc_plan *plan)
{
	char **list = NULL;
	size_t n = 0;

	if (plan->home_missing)
		(void)!nsc_text_append(&list, &n, plan->home_missing);
	find_submounts(plan, &list, &n);
	find_unshared(plan, &list, &n);
	nsc_firewall_find(plan->config, &list, &n);
	nsc_nested_missing(plan, &list, &n);
	return list;
}

void nsc_missing_log(const struct nsc_plan *plan)
{
	char **list = nsc_missing_find(plan);
	const char *user = plan->user->name;
	size_t n = 0;

	for (; list && list[n]; n++) {
		char text[512];

		if (n < LOG_LINES)
			syslog(LOG_AUTHPRIV | LOG_NOTICE, "nscontainer: user "
			       "'%s': %s", user,
			       nsc_text_escape(list[n], text, sizeof(text)));
	}
	if (n > LOG_LINES)
		syslog(LOG_AUTHPRIV | LOG_NOTICE, "nscontainer: user '%s': %zu "
		       "more: see 'nsinit check %s'", user, n - LOG_LINES,
		       user);
	nsc_text_free_vector(list);
}
