/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the builder and nsinit, root of the host. */
#include "container/made.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup/cgroup_device_policy.h"
#include "network/lists.h"
#include "network/lists_names.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/hash.h"
#include "util/kv.h"
#include "util/paths.h"
#include "util/text.h"

#define FIELD(name, kind) { #name, NSC_KV_##kind, \
			    offsetof(struct nsc_made, name), 0 }
static const struct nsc_kv_field fields[] = {
	FIELD(rest, U64), FIELD(cdi_rest, U64), FIELD(cdi_nodes, U64),
	FIELD(rules, U64), FIELD(limits, UINT), FIELD(nodes, VECTOR),
};
#undef FIELD

static const struct nsc_kv made_kv = {
	.name = NSC_FILE_MADE, .max = (size_t)1024 * 1024,
	.size = sizeof(struct nsc_made),
	.fields = fields, .n = NSC_ARRAY_SIZE(fields),
};

static int fill_rules(const struct nsc_plan *plan, uint64_t *ret,
		      struct nsc_error *err)
{
	const struct nsc_cgroup_request request = nsc_plan_cgroups(plan);
	_cleanup_device_policy_ struct nsc_device_policy policy = { NULL, 0 };
	int error;

	if (request.own->allow_all_devices)
		return 0;
	error = nsc_device_policy_make(&request, &policy, err);
	if (error < 0)
		return error;
	*ret = NSC_HASH_INIT;
	for (size_t i = 0; i < policy.n; i++) {
		char text[48];

		nsc_device_rule_print(&policy.rules[i], text);
		*ret = nsc_hash_add_text(*ret, text);
	}
	return 0;
}

/* In new memory, or NULL. */
static char *node_print(const struct nsc_made_node *n)
{
	char *text;

	return asprintf(&text, "%c %u %u %04o %u %u %s", n->type, n->major,
			n->minor, n->mode, n->uid, n->gid, n->path) < 0 ?
		       NULL : text;
}

int nsc_made_node_parse(const char *text, struct nsc_made_node *ret,
			struct nsc_error *err)
{
	ret->path = strchr(text, '/');
	if (ret->path && !strncmp(ret->path, "/dev/", 5) &&
	    sscanf(text, "%c %u %u %o %u %u", &ret->type, &ret->major,
		   &ret->minor, &ret->mode, &ret->uid, &ret->gid) == 6)
		return 0;
	return nsc_error_sys(err, EBADMSG, NSC_FILE_MADE);
}

static int fill_nodes(const struct nsc_plan *plan, char ***ret,
		      struct nsc_error *err)
{
	const struct nsc_device_node *node;
	size_t count = 0;
	int error = 0;

	for (size_t i = 0; error == 0 &&
			   (node = nsc_config_device(plan->config, i)); i++) {
		_cleanup_free_ char *text = NULL;
		struct nsc_made_node n = {
			.type = node->type, .major = node->major,
			.minor = node->minor, .mode = (unsigned int)node->mode,
			.path = node->path,
		};

		error = nsc_plan_owner(plan, node, &n.uid, &n.gid, err);
		if (error < 0)
			break;
		text = node_print(&n);
		if (!text || nsc_text_append(ret, &count, text) < 0)
			error = nsc_error_sys(err, ENOMEM, "devices");
	}
	return error;
}

/*
 * Hash what only a new container can have for its lists: a network that is not
 * its own, and name-resolver as the name server of /etc/resolv.conf.
 */
static uint64_t fill_rest(const struct nsc_config *config)
{
	const bool lists[] = {
		nsc_lists_wanted(config), nsc_lists_have_names(config),
	};

	return nsc_hash_add(nsc_digest_hash_files(config->rest,
						  config->seccomp),
			    lists, sizeof(lists));
}

int nsc_made_fill(const struct nsc_plan *plan, struct nsc_made *ret,
		  struct nsc_error *err)
{
	const struct nsc_config *config = plan->config;
	int error;

	*ret = (struct nsc_made){
		.rest = fill_rest(config),
		.cdi_rest = config->cdi_rest, .cdi_nodes = config->cdi_nodes,
		.limits = config->cgroups.limits.set,
	};
	error = fill_rules(plan, &ret->rules, err);
	return error < 0 ? error : fill_nodes(plan, &ret->nodes, err);
}

int nsc_made_save(int instance, const struct nsc_made *made,
		  struct nsc_error *err)
{
	_cleanup_free_ char *text = NULL;
	int ret = nsc_kv_print(&made_kv, made, 1, &text, err);

	return ret < 0 ? ret : nsc_file_write_at(instance, NSC_FILE_MADE, text,
						 strlen(text), 0600, err);
}

int nsc_made_load(int instance, struct nsc_made *ret, struct nsc_error *err)
{
	_cleanup_free_ char *text = NULL;
	struct nsc_made made = { .nodes = NULL };
	int error = nsc_kv_read(&made_kv, instance, NSC_FILE_MADE, &text, err);
	char *rest = text;
	size_t n = 0;

	if (error == 0)
		error = nsc_kv_parse(&made_kv, &rest, &made, err);
	if (error == 0) {
		*ret = made;
		ret->nodes = NULL;
	}
	/* Its texts point into the text. */
	for (char **v = made.nodes; error == 0 && v && *v; v++)
		if (nsc_text_append(&ret->nodes, &n, *v) < 0)
			error = nsc_error_sys(err, ENOMEM, NSC_FILE_MADE);
	nsc_kv_free(&made_kv, &made);
	return error;
}

bool nsc_made_has(const struct nsc_made *made, const char *node)
{
	for (char **v = made->nodes; v && *v; v++)
		if (!strcmp(*v, node))
			return true;
	return false;
}

void nsc_made_free(struct nsc_made *made)
{
	nsc_text_free_vector(made->nodes);
	made->nodes = NULL;
}
