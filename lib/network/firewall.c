/* SPDX-License-Identifier: Apache-2.0 */
#include "network/firewall.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "util/fd.h"
#include "util/text.h"
#include "network/attached.h"
#include "network/bridge.h"
#include "network/nft.h"

struct chain {
	char family[16], table[128], name[128];
};

/* Move *text to the next chain with this policy; the tables may be ours. */
static bool next_chain(char **text, struct chain *chain)
{
	while (**text) {
		char *line = *text;

		*text += strcspn(line, "\n");
		if (**text)
			*(*text)++ = '\0';
		if (sscanf(line, "table %15s %127s", chain->family,
			   chain->table) == 2 ||
		    sscanf(line, " chain %127s", chain->name) == 1)
			continue;
		if (strstr(line, "hook forward") && strstr(line, "policy drop"))
			return true;
	}
	return false;
}

/* A rule with its name was written for it. */
static bool names_bridge(const struct chain *chain, const char *bridge)
{
	_cleanup_free_ char *rules = NULL;
	char command[320], name[64];

	snprintf(command, sizeof(command), "list chain %s %s %s", chain->family,
		 chain->table, chain->name);
	snprintf(name, sizeof(name), "\"%s\"", bridge);
	return nsc_nft_run(command, &rules, NSC_IGNORE) < 0 ||
	       strstr(rules, name);
}

static void firewall_find(const char *bridge, char ***list, size_t *n)
{
	_cleanup_free_ char *text = NULL;
	struct chain chain = { "", "", "" };
	char *rest;

	if (nsc_nft_run("list chains", &text, NSC_IGNORE) < 0)
		return;
	for (rest = text; next_chain(&rest, &chain);) {
		_cleanup_free_ char *sentence = NULL;

		if (!strcmp(chain.family, "bridge") ||
		    names_bridge(&chain, bridge) ||
		    asprintf(&sentence, "networks: the chain '%s' of the table "
			     "'%s %s' drops packets that it does not accept: "
			     "'nft insert rule %s %s %s iifname %s accept', "
			     "and the same with oifname", chain.name,
			     chain.family, chain.table, chain.family,
			     chain.table, chain.name, bridge) < 0)
			continue;
		(void)!nsc_text_append(list, n, sentence);
	}
}

void nsc_firewall_find(const struct nsc_config *config, char ***list, size_t *n)
{
	for (size_t i = 0; i < config->n_networks; i++) {
		const struct nsc_config_network *network = &config->networks[i];

		if (nsc_attached_is(network))
			firewall_find(nsc_attached_on_bridge(network) ?
				      NSC_BRIDGE : network->bridge, list, n);
	}
}
