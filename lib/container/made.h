/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file "made" of an instance: facts about its start for which only nsinit
 * asks.  A container of an earlier version has none.
 */
#ifndef NSC_CONTAINER_MADE_H
#define NSC_CONTAINER_MADE_H

#include <stdbool.h>
#include <stdint.h>

#include "config/plan.h"
#include "util/error.h"

struct nsc_made {
	uint64_t rest;		/* what only a start reads, see rest.h */
	uint64_t cdi_rest;	/* see container_config.h */
	uint64_t cdi_nodes;
	uint64_t rules;		/* hash of the device rules; 0: none */
	unsigned int limits;	/* bits of the limits that were ever set */
	char **nodes;		/* "c 1 7 0666 1000 1000 /dev/full" */
};

/* One of the nodes. */
struct nsc_made_node {
	char type;		/* 'b' or 'c' */
	unsigned int major, minor, mode;
	uid_t uid;
	gid_t gid;
	const char *path;	/* in the text that it was parsed from */
};

/* Returns 0, or -EBADMSG with err set. */
int nsc_made_node_parse(const char *text, struct nsc_made_node *ret,
			struct nsc_error *err);

/* Fill it for a plan.  Returns 0 or a negative errno. */
int nsc_made_fill(const struct nsc_plan *plan, struct nsc_made *ret,
		  struct nsc_error *err);

/* These return 0 or a negative errno; -ENOENT: there is none. */
int nsc_made_save(int instance, const struct nsc_made *made,
		  struct nsc_error *err);
int nsc_made_load(int instance, struct nsc_made *ret, struct nsc_error *err);

bool nsc_made_has(const struct nsc_made *made, const char *node);

void nsc_made_free(struct nsc_made *made);
#define _cleanup_made_ __attribute__((cleanup(nsc_made_free)))

#endif
