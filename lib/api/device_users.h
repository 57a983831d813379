/* SPDX-License-Identifier: Apache-2.0 */
/* Who has which device open. */
#ifndef NSC_API_DEVICE_USERS_H
#define NSC_API_DEVICE_USERS_H

#include <jansson.h>
#include <sys/types.h>

/* The most that nsc_api_device_users() looks at in one container. */
#define NSC_API_DESCRIPTORS 65536

/*
 * An array of the devices that these processes have open, besides those that
 * every container has: objects of path, device ("c 10:229"), pid (the first of
 * them) and processes (their number).  At most *left threads and descriptors
 * are looked at, and subtracted.
 */
json_t *nsc_api_device_users(const pid_t *pids, size_t n,
			     unsigned int *left);

#endif
