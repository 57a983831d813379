/* SPDX-License-Identifier: Apache-2.0 */
/* The names that a container asked for, see util/names.h. */
#ifndef RESOLVER_ASKED_H
#define RESOLVER_ASKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/names.h"

struct resolver_asked {
	size_t n;
	struct nsc_names_asked list[NSC_NAMES_ASKED_MAX];
	int64_t told[NSC_NAMES_ASKED_MAX];	/* 0: the monitor was not */
};

/* Go on with the file of a name-resolver that has ended. */
void resolver_asked_begin(struct resolver_asked *asked);

/*
 * Count a question; wake: tell the monitor if it was refused, once in a minute.
 */
void resolver_asked_note(struct resolver_asked *asked, const char *name,
			 bool refused, bool wake);

#endif
