/* SPDX-License-Identifier: Apache-2.0 */
/* The note that nscontainer_update() leaves in an instance. */
#ifndef NSC_API_UPDATE_H
#define NSC_API_UPDATE_H

/*
 * The limits of an instance that container.json does not have, " KEY=VALUE"
 * each, in new memory; NULL: there are none.
 */
char *nsc_api_updated(int instance);

#endif
