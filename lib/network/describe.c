/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit and the builder, root of the host. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/destination_keys.h"
#include "config/network_keys.h"
#include "config/rate_keys.h"
#include "network/attached.h"
#include "network/bridge.h"
#include "network/network.h"
#include "util/fd.h"
#include "util/text.h"

/* Values with commas between them: "addresses=10.0.0.2/24,fd00::2/64". */
struct list {
	FILE *out;
	const char *key;	/* NULL after the first value */
};

static void network_put(struct list *list, const char *text)
{
	if (!*text)
		return;
	if (list->key)
		fprintf(list->out, " %s=", list->key);
	fprintf(list->out, "%s%s", list->key ? "" : ",", text);
	list->key = NULL;
}

static void network_put_all(struct list *list, char *const *texts)
{
	for (; texts && *texts; texts++)
		if (!nsc_network_is_auto(*texts))
			network_put(list, *texts);
}

static void describe_addresses(FILE *out, const struct nsc_plan *plan,
			       const struct nsc_config_network *n,
			       const struct nsc_network_made *made)
{
	struct list addresses = { out, "addresses" };
	struct list gateway = { out, "gateway" };
	char buf[NSC_ADDRESS_SIZE];

	if (n->type == NSC_NETWORK_LOOPBACK)
		return;
	if (n->type == NSC_NETWORK_PASTA && made)
		for (size_t i = 0; i < 2; i++)
			network_put(&addresses,
				    nsc_address_print(&made->pasta[i], true,
						      buf));
	else
		network_put_all(&addresses, n->address);
	for (size_t i = 0; nsc_network_has_auto(n) && i < 2; i++)
		network_put(&addresses,
			    nsc_address_print(&plan->automatic[i].address, true,
					      buf));
	network_put_all(&gateway, n->gateway);
	for (size_t i = 0; nsc_network_has_auto(n) && i < 2; i++)
		network_put(&gateway,
			    nsc_address_print(&plan->automatic[i].gateway,
					      false, buf));
}

/* Describe what 'nsinit update' can change. */
static void describe_lists(FILE *out, const struct nsc_config_network *n)
{
	char rate[NSC_RATE_SIZE];

	if (nsc_destinations_given(n))
		fprintf(out, " lists=%s", n->enforce ? "enforced" : "recorded");
	if (n->rate.up)
		fprintf(out, " rate_up=%s", nsc_rate_print(n->rate.up, rate));
	if (n->rate.down)
		fprintf(out, " rate_down=%s",
			nsc_rate_print(n->rate.down, rate));
}

static void describe(FILE *out, const struct nsc_plan *plan, size_t i,
		     const struct nsc_network_made *made)
{
	const struct nsc_config_network *n = &plan->config->networks[i];
	const char *host = n->parent ? n->parent :
			   made ? made->host[i] : "";
	char name[IFNAMSIZ];

	nsc_network_interface(plan->config, i, name);
	fprintf(out, "type=%s", nsc_network_type_name(n->type));
	if (name[0])
		fprintf(out, " interface=%s", name);
	if (host[0])
		fprintf(out, " host_interface=%s", host);
	if (n->bridge)
		fprintf(out, " bridge=%s", nsc_attached_on_bridge(n) ?
						   NSC_BRIDGE : n->bridge);
	describe_addresses(out, plan, n, made);
	if (n->mtu)
		fprintf(out, " mtu=%u", n->mtu);
	describe_lists(out, n);
	if (n->nspath)
		fprintf(out, " path=%s", n->nspath);
}

char **nsc_network_describe(const struct nsc_plan *plan,
			    const struct nsc_network_made *made)
{
	const struct nsc_config *config = plan->config;
	const char *only = config->namespaces & CLONE_NEWNET ?
				   "type=loopback interface=lo" : "type=host";
	char **vector = calloc(1, sizeof(*vector));
	size_t n = 0;
	int ret = vector ? 0 : -ENOMEM;

	if (ret == 0 && !config->n_networks)
		ret = nsc_text_append(&vector, &n, only);
	for (size_t i = 0; ret == 0 && i < config->n_networks; i++) {
		_cleanup_free_ char *text = NULL;
		size_t size = 0;
		FILE *out = open_memstream(&text, &size);

		if (out)
			describe(out, plan, i, made);
		ret = out && fclose(out) == 0 ?
			      nsc_text_append(&vector, &n, text) : -ENOMEM;
	}
	if (ret == 0)
		return vector;
	nsc_text_free_vector(vector);
	return NULL;
}

/* The entry of this description, if its interface may have lists. */
static const struct nsc_config_network *described(const struct nsc_config *c,
						  const char *text)
{
	for (size_t i = 0; i < c->n_networks; i++) {
		char name[IFNAMSIZ], word[IFNAMSIZ + 16];
		const char *found;

		nsc_network_interface(c, i, name);
		snprintf(word, sizeof(word), " interface=%s", name);
		found = *name ? strstr(text, word) : NULL;
		if (found && strchr(" ", found[strlen(word)]))
			return &c->networks[i];
	}
	return NULL;
}

/* The lists are behind all else that such an interface has. */
static char *describe_again(const char *text,
			    const struct nsc_config_network *n)
{
	const char *lists = strstr(text, " lists=");
	const char *end = lists ? lists : strstr(text, " rate_");
	char *again = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&again, &size);

	if (!out)
		return NULL;
	fprintf(out, "%.*s", (int)(end ? (size_t)(end - text) : strlen(text)),
		text);
	describe_lists(out, n);
	if (fclose(out) == 0)
		return again;
	free(again);
	return NULL;
}

char **nsc_network_describe_lists(const struct nsc_config *config,
				  char *const *networks)
{
	char **vector = calloc(1, sizeof(*vector));
	size_t n = 0;
	int ret = vector ? 0 : -ENOMEM;

	for (; ret == 0 && networks && *networks; networks++) {
		const struct nsc_config_network *one = described(config,
								 *networks);
		_cleanup_free_ char *text = one ? describe_again(*networks,
								 one) : NULL;

		ret = one && !text ? -ENOMEM :
			nsc_text_append(&vector, &n, text ? text : *networks);
	}
	if (ret == 0)
		return vector;
	nsc_text_free_vector(vector);
	return NULL;
}
