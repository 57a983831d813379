/* SPDX-License-Identifier: Apache-2.0 */
/* For tests as root: a /run, /var and /tmp that nobody else sees. */
#ifndef NSC_TESTS_UNIT_OWN_PLACES_H
#define NSC_TESTS_UNIT_OWN_PLACES_H

#include <sched.h>
#include <sys/mount.h>

#include "unit.h"

static inline void own_places(void)
{
	static const char *const places[] = { "/run", "/var", "/tmp" };

	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL), 0);
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		ck_assert_int_eq(mount("t", places[i], "tmpfs", 0,
				       i == 2 ? "mode=1777" : "mode=755"), 0);
}

#endif
