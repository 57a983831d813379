#include "kernel/credential.h"

#include <errno.h>
#include <grp.h>
#include <unistd.h>

int nsc_credential_become(uid_t uid, gid_t gid, const gid_t *groups,
			  size_t n_groups, struct nsc_error *err)
{
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;

	if (setgroups(n_groups, groups) < 0)
		return nsc_error_sys(err, errno, "set supplementary groups");
	if (setresgid(gid, gid, gid) < 0)
		return nsc_error_sys(err, errno, "become group %u", gid);
	if (setresuid(uid, uid, uid) < 0)
		return nsc_error_sys(err, errno, "become user %u", uid);
	if (getresuid(&ruid, &euid, &suid) < 0 ||
	    getresgid(&rgid, &egid, &sgid) < 0 ||
	    ruid != uid || euid != uid || suid != uid ||
	    rgid != gid || egid != gid || sgid != gid ||
	    getgroups(0, NULL) != (int)n_groups)
		return nsc_error_set(err, EPERM,
				     "become user %u: it did not last", uid);
	return 0;
}
