/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit and the builder, root of the host. */
#include "network/lists_names.h"

#include <sched.h>
#include <stdlib.h>

#include "network/lists.h"
#include "util/fd.h"
#include "util/hash.h"
#include "util/names.h"

uint32_t nsc_lists_number(const struct nsc_destination *to)
{
	const unsigned int rest[] = { to->protocol, to->first, to->last };
	uint64_t hash = nsc_hash_add_text(NSC_HASH_INIT, to->name);

	hash = nsc_hash_add(hash, rest, sizeof(rest));
	return (uint32_t)(hash ^ hash >> 32) | 1;
}

bool nsc_lists_have_names(const struct nsc_config *config)
{
	if (nsc_lists_only_log(config) && config->namespaces & CLONE_NEWUSER)
		return true;
	for (size_t i = 0; i < config->n_networks; i++)
		for (size_t k = 0; k < config->networks[i].allow.n; k++)
			if (config->networks[i].allow.list[k].name)
				return true;
	return false;
}

/* Is it the first of its number? */
static bool is_first(const struct nsc_config *config,
		     const struct nsc_destination *to)
{
	uint32_t number = nsc_lists_number(to);

	for (size_t i = 0; i < config->n_networks; i++) {
		const struct nsc_destinations *all =
			&config->networks[i].allow;

		for (size_t k = 0; k < all->n; k++)
			if (all->list[k].name &&
			    nsc_lists_number(&all->list[k]) == number)
				return &all->list[k] == to;
	}
	return false;
}

void nsc_lists_each_name(FILE *out, const struct nsc_config *config,
			 void (*use)(FILE *out,
				     const struct nsc_destination *to))
{
	for (size_t i = 0; i < config->n_networks; i++) {
		const struct nsc_destinations *all =
			&config->networks[i].allow;

		for (size_t k = 0; k < all->n; k++)
			if (all->list[k].name &&
			    is_first(config, &all->list[k]))
				use(out, &all->list[k]);
	}
}

/* The servers of context.dns, or else the host's. */
static void print_servers(FILE *out, const struct nsc_config *config)
{
	_cleanup_file_ FILE *host = NULL;
	char line[512], server[64];
	bool any = false;

	for (size_t i = 0; i < config->n_networks; i++)
		for (char **d = config->networks[i].dns; d && *d; d++) {
			fprintf(out, "server %s\n", *d);
			any = true;
		}
	host = any ? NULL : fopen("/etc/resolv.conf", "re");
	while (host && fgets(line, sizeof(line), host))
		if (sscanf(line, "nameserver %63s", server) == 1)
			fprintf(out, "server %s\n", server);
}

static void print_name(FILE *out, const struct nsc_destination *to)
{
	fprintf(out, "name %08x %s\n", nsc_lists_number(to), to->name);
}

char *nsc_lists_names(const struct nsc_config *config, bool servers)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (servers)
		print_servers(out, config);
	if (nsc_lists_only_log(config))
		fputs(NSC_NAMES_OPEN, out);
	if (nsc_lists_log(config))
		fputs(NSC_NAMES_LOG, out);
	nsc_lists_each_name(out, config, print_name);
	fputs(&NSC_NAMES_END[1], out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}
