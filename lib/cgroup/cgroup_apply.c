/* SPDX-License-Identifier: Apache-2.0 */
/* Translate limits to writes.  Runs in: the builder, root of the host. */
#include "cgroup/cgroup.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>


/* Like systemd, convert so that the defaults of both scales are equal. */
int64_t nsc_cgroup_shares_to_weight(int64_t shares)
{
	int64_t weight = shares * 100 / 1024;

	return weight < 1 ? 1 : weight > 10000 ? 10000 : weight;
}

int64_t nsc_cgroup_weight_to_shares(int64_t weight)
{
	int64_t shares = weight * 1024 / 100;

	return shares < 2 ? 2 : shares > 262144 ? 262144 : shares;
}

void nsc_cgroup_put(struct nsc_cgroup_setting *setting, const char *file,
		    const char *fmt, ...)
{
	va_list ap;

	snprintf(setting->file, sizeof(setting->file), "%s", file);
	va_start(ap, fmt);
	vsnprintf(setting->value, sizeof(setting->value), fmt, ap);
	va_end(ap);
}

/* Iterates over all configured limits. */
struct walk {
	const struct nsc_cgroup_limits *limits;
	unsigned int numbers;	/* limits->set, or with wished */
	size_t at;
};

/*
 * Get the key and controller of the current limit; ops may be NULL.  Returns
 * the number of its settings, -ENOENT at the end, -EOPNOTSUPP, or -EAGAIN if it
 * is not configured.
 */
static int visit(const struct walk *w, const struct nsc_cgroup_ops *ops,
		 struct nsc_cgroup_setting *s)
{
	const struct nsc_cgroup_limits *l = w->limits;
	size_t at = w->at;

	memset(s, 0, NSC_CGROUP_SETTINGS_MAX * sizeof(*s));
	if (at < NSC_CGROUP_NUMBERS) {
		if (!(w->numbers & 1U << at))
			return -EAGAIN;
		s->key = nsc_cgroup_keys[at].name;
		s->controller = nsc_cgroup_keys[at].controller;
		return ops ? ops->number(l, (enum nsc_cgroup_number)at, s) : 0;
	}
	at -= NSC_CGROUP_NUMBERS;
	if (at < 2) {
		const char *text = at ? l->mems : l->cpus;

		if (!text)
			return -EAGAIN;
		s->key = at ? "cpuset_mems" : "cpuset_cpus";
		s->controller = NSC_CGROUP_CPUSET;
		nsc_cgroup_put(s, at ? "cpuset.mems" : "cpuset.cpus", "%s",
			       text);
		return 1;
	}
	at -= 2;
	if (at < l->n_io_max) {
		s->key = "io_max";
		s->controller = NSC_CGROUP_IO;
		return ops ? ops->io_max(&l->io_max[at], s) : 0;
	}
	at -= l->n_io_max;
	if (at < l->n_hugetlb) {
		s->key = "hugetlb";
		s->controller = NSC_CGROUP_HUGETLB;
		return ops ? ops->hugetlb(&l->hugetlb[at], s) : 0;
	}
	at -= l->n_hugetlb;
	if (at < l->n_rdma) {
		s->key = "rdma";
		s->controller = NSC_CGROUP_RDMA;
		nsc_cgroup_put(s, "rdma.max", "%s %s", l->rdma[at].name,
			       l->rdma[at].value);
		return 1;
	}
	at -= l->n_rdma;
	if (at >= l->n_unified)
		return -ENOENT;
	s->key = "unified";
	s->controller = NSC_CGROUP_UNIFIED;
	nsc_cgroup_put(s, l->unified[at].name, "%s", l->unified[at].value);
	return 1;
}

/* For example, "memory.high" in unified needs the memory controller. */
static unsigned int unified_needs(const struct nsc_cgroup_limits *l)
{
	unsigned int bits = 0;

	for (size_t i = 0; i < l->n_unified; i++) {
		char name[32];

		snprintf(name, sizeof(name), "%.*s",
			 (int)strcspn(l->unified[i].name, "."),
			 l->unified[i].name);
		bits |= nsc_cgroup_controllers(name, ".");
	}
	return bits;
}

unsigned int nsc_cgroup_needs(const struct nsc_cgroup_limits *limits)
{
	struct nsc_cgroup_setting s[NSC_CGROUP_SETTINGS_MAX];
	struct walk w = { limits, limits->set, 0 };
	unsigned int bits = unified_needs(limits);

	for (int n; (n = visit(&w, NULL, s)) != -ENOENT; w.at++)
		if (n != -EAGAIN)
			bits |= NSC_CGROUP_BIT(s->controller);
	return bits;
}

static int unavailable(const struct nsc_cgroup_limits *limits,
		       const struct nsc_cgroup_setting *s, const char *why,
		       struct nsc_error *err)
{
	if (s->controller == NSC_CGROUP_UNIFIED)
		return nsc_error_set(err, EOPNOTSUPP, "%s.%s: the cgroup v2 "
				     "hierarchy is not available: %s",
				     limits->origin, s->key, why);
	return nsc_error_set(err, EOPNOTSUPP, "%s.%s: the %s controller is "
			     "not available: %s", limits->origin, s->key,
			     nsc_cgroup_controller_name(s->controller, false),
			     why);
}

int nsc_cgroup_limits_possible(const struct nsc_cgroup_limits *limits,
			       const struct nsc_cgroup_host *host,
			       struct nsc_error *err)
{
	struct nsc_cgroup_setting s[NSC_CGROUP_SETTINGS_MAX];
	struct walk w = { limits, limits->set, 0 };

	for (int n; (n = visit(&w, NULL, s)) != -ENOENT; w.at++) {
		const struct nsc_cgroup_hierarchy *h;

		if (n == -EAGAIN)
			continue;
		h = nsc_cgroup_find(host, s->controller);
		if (!h)
			return unavailable(limits, s, "no mounted cgroup "
					   "hierarchy of this host has it",
					   err);
		if (h->readonly)
			return unavailable(limits, s, "its hierarchy is "
					   "mounted read-only", err);
		if (visit(&w, h->v2 ? &nsc_cgroup_v2 : &nsc_cgroup_v1, s) ==
		    -EOPNOTSUPP)
			return unavailable(limits, s, h->v2 ?
					   "cgroup v2, where it is on this "
					   "host, has no such limit" :
					   "cgroup v1, where it is on this "
					   "host, has no such limit", err);
	}
	return 0;
}

static int write_settings(const struct nsc_cgroup_limits *limits,
			  const struct nsc_cgroup_setting *s, int n, int dir,
			  struct nsc_error *err)
{
	const char *key = s->key;

	for (int i = 0; i < n; i++) {
		int ret = nsc_cgroup_write(dir, s[i].file, s[i].value);

		if (ret == -ENOENT && (s[i].optional || s[i].or_next))
			continue;
		if (ret == -ENOENT && faccessat(dir, s[i].file, F_OK, 0) < 0)
			return nsc_error_set(err, EOPNOTSUPP, "%s.%s: the "
					     "container's group has no file "
					     "'%s': this kernel, or the groups "
					     "above, do not provide it",
					     limits->origin, key, s[i].file);
		if (ret < 0)
			return nsc_error_sys(err, -ret, "%s.%s: write \"%s\" "
					     "to '%s'", limits->origin, key,
					     s[i].value, s[i].file);
		/* Skip the setting that would replace this one. */
		i += s[i].or_next;
	}
	return 0;
}

int nsc_cgroup_apply(const struct nsc_cgroup_limits *limits,
		     const struct nsc_cgroup_hierarchy *h, int dir,
		     struct nsc_error *err)
{
	const struct nsc_cgroup_ops *ops = h->v2 ? &nsc_cgroup_v2 :
						   &nsc_cgroup_v1;
	struct nsc_cgroup_setting s[NSC_CGROUP_SETTINGS_MAX];
	struct walk w = { limits, limits->set | limits->wished, 0 };

	for (int n; (n = visit(&w, ops, s)) != -ENOENT; w.at++) {
		int ret;

		if (n == -EAGAIN || n == -EOPNOTSUPP ||
		    !(s->controller == NSC_CGROUP_UNIFIED ? h->v2 :
		      !!(h->controllers & NSC_CGROUP_BIT(s->controller))))
			continue;
		if (w.at < NSC_CGROUP_NUMBERS && limits->wished & 1U << w.at) {
			write_settings(limits, s, n, dir, NSC_IGNORE);
			continue;
		}
		ret = write_settings(limits, s, n, dir, err);
		if (ret < 0)
			return ret;
	}
	return 0;
}
