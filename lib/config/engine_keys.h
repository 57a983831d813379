/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of container.json about containers that another engine makes: pidfile,
 * and engine, the commands that start and stop one.
 */
#ifndef NSC_CONFIG_ENGINE_KEYS_H
#define NSC_CONFIG_ENGINE_KEYS_H

#include "config/container_config.h"
#include "config/field.h"

extern const struct nsc_field nsc_engine_fields[];

/*
 * The first key of the object that describes a container to be made, which
 * does not go with pidfile; NULL where there is none.
 */
const char *nsc_external_conflict(const json_t *object);

/*
 * Decide whether config is of a container of another engine's: it has a
 * pidfile, or has no rootfs where template, that of nscontainer.conf, is not
 * NULL.  Then there is no rootfs, and keys that do not go with it are errors.
 */
int nsc_external_finish(struct nsc_config *config, const char *template,
			const struct nsc_user *user, struct nsc_error *err);

#endif
