/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit and the builder, root of the host. */
#include "network/rate.h"

#include "config/network_keys.h"
#include "config/rate_keys.h"
#include "linux/nft_counted.h"

/*
 * The kernel lets a second's bytes and the burst pass at once.  After a loss
 * TCP waits for 0.2, 0.4 and 0.8 seconds, and then uses what was saved.
 */
static uint64_t rate_burst(const struct nsc_rate *rate, uint64_t bytes)
{
	uint64_t share = bytes / 2;

	if (rate->burst)
		return rate->burst;
	if (share > NSC_RATE_BURST_MAX)
		return NSC_RATE_BURST_MAX;
	return share < NSC_RATE_BURST_MIN ? NSC_RATE_BURST_MIN : share;
}

/* Up: after the lists, so that what they refuse does not count. */
static void print_direction(FILE *out, const struct nsc_config *config, bool up)
{
	const char *way = up ? NSC_COUNTED_UP : NSC_COUNTED_DOWN;
	char name[IFNAMSIZ];

	for (size_t i = 0; i < config->n_networks; i++) {
		const struct nsc_rate *rate = &config->networks[i].rate;
		uint64_t bytes = up ? rate->up : rate->down;

		if (!bytes)
			continue;
		nsc_network_interface(config, i, name);
		fprintf(out, "counter " NSC_COUNTED_RATE " { }\n"
			"chain " NSC_COUNTED_RATE " {\ntype filter hook %s;\n"
			"%s \"%s\" limit rate over %llu bytes/second "
			"burst %llu bytes counter name " NSC_COUNTED_RATE
			" drop\n}\n", way, name, way, name,
			up ? "postrouting priority 300" :
			     "prerouting priority -450",
			up ? "oifname" : "iifname", name,
			(unsigned long long)bytes,
			(unsigned long long)rate_burst(rate, bytes), way, name);
	}
}

void nsc_rate_rules(FILE *out, const struct nsc_config *config)
{
	print_direction(out, config, true);
	print_direction(out, config, false);
}
