/* SPDX-License-Identifier: Apache-2.0 */
/*
 * This file uses system calls directly: nsshell is static and built for another
 * C library than libcap, and loading libcap costs six system calls before
 * main().
 */
#include "linux/capability.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BIT(cap) (UINT64_C(1) << (cap))
#define SETS _LINUX_CAPABILITY_U32S_3

uint64_t nsc_capability_login(void)
{
	return BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_FOWNER) |
	       BIT(CAP_FSETID) | BIT(CAP_KILL) | BIT(CAP_SETGID) |
	       BIT(CAP_SETUID) | BIT(CAP_SETPCAP) | BIT(CAP_SYS_CHROOT) |
	       BIT(CAP_AUDIT_WRITE) | BIT(CAP_SYS_TTY_CONFIG) |
	       BIT(CAP_SYS_RESOURCE);
}

int nsc_capability_bound(uint64_t keep, struct nsc_error *err)
{
	for (int cap = 0; cap < 64; cap++) {
		int has;

		if (keep & BIT(cap) ||
		    prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0)
			continue;
		has = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);
		/* EINVAL, prctl(2): the kernel has no further capabilities. */
		if (has < 0)
			break;
		/* A capability that is already dropped needs no CAP_SETPCAP. */
		if (has)
			return nsc_error_sys(err, errno, "drop capability %d "
					     "from the bounding set", cap);
	}
	return 0;
}

/*
 * Apply capset(2), which has the upper halves of the sets in a second struct.
 */
static int apply(uint64_t keep, bool raise, struct nsc_error *err)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[SETS] = { { .effective = 0 } };

	if (keep && syscall(SYS_capget, &header, data) < 0)
		return nsc_error_sys(err, errno, "read capabilities");
	for (unsigned int i = 0; i < SETS; i++) {
		data[i].permitted &= (uint32_t)(keep >> (32 * i));
		data[i].effective = data[i].permitted;
		if (!raise)
			data[i].inheritable = 0;
	}
	if (syscall(SYS_capset, &header, data) < 0)
		return nsc_error_sys(err, errno, "set capabilities");
	return 0;
}

/* What is not inheritable is not ambient either, capabilities(7). */
int nsc_capability_keep(uint64_t keep, struct nsc_error *err)
{
	return apply(keep, false, err);
}

int nsc_capability_ambient(uint64_t set, struct nsc_error *err)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[SETS] = { { .effective = 0 } };

	for (unsigned int i = 0; i < SETS; i++)
		data[i].inheritable = data[i].permitted = data[i].effective =
			(uint32_t)(set >> (32 * i));
	if (syscall(SYS_capset, &header, data) < 0)
		return nsc_error_sys(err, errno, "set capabilities");
	for (int cap = 0; cap < 64; cap++)
		if (set & BIT(cap) && prctl(PR_CAP_AMBIENT,
					    PR_CAP_AMBIENT_RAISE, cap, 0,
					    0) < 0)
			return nsc_error_sys(err, errno, "make capability %d "
					     "ambient", cap);
	return 0;
}

void nsc_capability_pass_on(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[SETS] = { { .effective = 0 } };
	uint64_t set = 0;

	if (syscall(SYS_capget, &header, data) < 0)
		return;
	for (unsigned int i = 0; i < SETS; i++)
		set |= (uint64_t)data[i].permitted << (32 * i);
	if (set)
		nsc_capability_ambient(set, NSC_IGNORE);
}

int nsc_capability_raise(struct nsc_error *err)
{
	return apply(UINT64_MAX, true, err);
}
