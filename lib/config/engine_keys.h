/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of container.json for containers that another engine makes: pidfile, and
 * engine, the commands that start and stop such a container.
 */
#ifndef NSC_CONFIG_ENGINE_KEYS_H
#define NSC_CONFIG_ENGINE_KEYS_H

#include "config/container_config.h"
#include "config/field.h"

extern const struct nsc_field nsc_engine_fields[];

/*
 * The first key of the object that only a container of nscontainer can have,
 * and that conflicts with pidfile; NULL if there is none.
 */
const char *nsc_external_conflict(const json_t *object);

/*
 * Decide whether config describes another engine's container: it has a pidfile,
 * or it has no rootfs and template, the pidfile of nscontainer.conf, is not
 * NULL. Such a config gets no rootfs, and keys that conflict with pidfile are
 * errors.
 */
int nsc_external_finish(struct nsc_config *config, const char *template,
			const struct nsc_user *user, struct nsc_error *err);

#endif
