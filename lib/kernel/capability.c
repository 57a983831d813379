#include "kernel/capability.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/capability.h>
#include <sys/prctl.h>

static const cap_value_t login_capabilities[] = {
	CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID, CAP_KILL,
	CAP_SETGID, CAP_SETUID, CAP_SETPCAP, CAP_SYS_CHROOT, CAP_AUDIT_WRITE,
	CAP_SYS_TTY_CONFIG, CAP_SYS_RESOURCE,
};

uint64_t nsc_capability_login(void)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < sizeof(login_capabilities) /
	     sizeof(login_capabilities[0]); i++)
		mask |= UINT64_C(1) << login_capabilities[i];
	return mask;
}

static bool kept(uint64_t keep, cap_value_t cap)
{
	return keep & (UINT64_C(1) << cap);
}

int nsc_capability_bound(uint64_t keep, struct nsc_error *err)
{
	for (cap_value_t cap = 0; cap < cap_max_bits(); cap++) {
		/* What is gone already takes no CAP_SETPCAP. */
		if (!kept(keep, cap) && cap_drop_bound(cap) < 0 &&
		    cap_get_bound(cap) != 0)
			return nsc_error_sys(err, errno, "drop capability %d "
					     "from the bounding set", cap);
	}
	return 0;
}

/* Fill the sets of caps; NULL keep: all that is permitted is effective. */
static int fill(cap_t caps, const uint64_t *keep)
{
	for (cap_value_t cap = 0; cap < cap_max_bits(); cap++) {
		cap_flag_value_t on;

		if (cap_get_flag(caps, cap, CAP_PERMITTED, &on) < 0)
			return -errno;
		if (keep && !kept(*keep, cap))
			on = CAP_CLEAR;
		if (cap_set_flag(caps, CAP_PERMITTED, 1, &cap, on) < 0 ||
		    cap_set_flag(caps, CAP_EFFECTIVE, 1, &cap, on) < 0)
			return -errno;
	}
	if (keep && cap_clear_flag(caps, CAP_INHERITABLE) < 0)
		return -errno;
	return 0;
}

static int apply(const uint64_t *keep, struct nsc_error *err)
{
	cap_t caps = cap_get_proc();
	int ret;

	if (!caps)
		return nsc_error_sys(err, errno, "read capabilities");
	ret = fill(caps, keep);
	if (ret == 0 && cap_set_proc(caps) < 0)
		ret = -errno;
	cap_free(caps);
	if (ret < 0)
		return nsc_error_sys(err, -ret, "set capabilities");
	return 0;
}

int nsc_capability_keep(uint64_t keep, struct nsc_error *err)
{
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return nsc_error_sys(err, errno, "clear ambient capabilities");
	return apply(&keep, err);
}

int nsc_capability_raise(struct nsc_error *err)
{
	return apply(NULL, err);
}
