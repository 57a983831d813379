/* SPDX-License-Identifier: Apache-2.0 */
/* A state for tests of its readers. */
#ifndef NSC_TESTS_UNIT_RUNDIR_MYSELF_H
#define NSC_TESTS_UNIT_RUNDIR_MYSELF_H

#include <unistd.h>

#include "linux/pidfd.h"
#include "rundir/state.h"
#include "unit.h"

static char *const environment[] = { (char *)(uintptr_t)"A=1 \"x\"\n\\",
				     (char *)(uintptr_t)"PATH=/x", NULL };
static char *const keep[] = { (char *)(uintptr_t)"TERM",
			      (char *)(uintptr_t)"LC_*", NULL };
static gid_t groups[] = { 1000, 4294967294 };
static char alice[] = "alice", shell[] = "/bin/sh", home[] = "/home/alice",
	    stop[] = "empty", rootfs[] = "/", config[] = "/etc/x",
	    seccomp[] = "default", conf[] = "/etc/y",
	    digest[] = "0123456789abcdef", files[] = "fedcba9876543210";

/* A state that describes the test's own process. */
static inline struct nsc_state of_myself(void)
{
	struct nsc_state s = {
		.user = alice, .uid = 1000, .owner = 1000, .pid = getpid(),
		.since = 1795465252, .namespaces = 0x7e020000,
		.rootfs = rootfs, .config = config, .stop = stop,
		.conf = conf, .digest = digest, .files = files,
		.generation = 3, .on_change = 3,
		.lifecycle = { .linger = 5, .on_disconnect = 1,
			       .idle_timeout = UINT32_MAX, .max_lifetime = 7,
			       .max_sessions = 8 },
		.process = {
			.capabilities = UINT64_C(1) << 40,
			.no_new_privs = true,
			.rlimits = { 1 << 7, .of[7] = { 1024, UINT64_MAX } },
			.env = (char **)(uintptr_t)environment,
		},
		.seccomp = seccomp, .filter = { .len = 7, .flags = 2 },
		.run_uid = 1000, .run_gid = 1000, .groups = { groups, 2 },
		.name = alice, .home = home,
		.shell = shell, .login_shell = true,
		.keep_env = (char **)(uintptr_t)keep,
		.bring = (char **)(uintptr_t)keep,
	};

	ck_assert_int_eq(nsc_pidfd_boot_id(s.boot_id), 0);
	ck_assert_int_eq(nsc_pidfd_start_time(getpid(), &s.start), 0);
	ck_assert_int_eq(nsc_namespace_ids(0, s.ids), 0);
	return s;
}

#endif
