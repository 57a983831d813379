/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the login program, root of the host, just before it enters. */
#include "name_services.h"

#include <nss.h>
#include <stddef.h>

#include "util/fd.h"

void nsc_name_services_keep(void)
{
	static const char *const databases[] = {
		"aliases", "ethers", "group", "group_compat", "gshadow",
		"initgroups", "netgroup", "networks", "passwd",
		"passwd_compat", "protocols", "publickey", "rpc", "services",
		"shadow", "shadow_compat",
	};

	for (size_t i = 0; i < NSC_ARRAY_SIZE(databases); i++)
		(void)__nss_configure_lookup(databases[i], "files");
	(void)__nss_configure_lookup("hosts", "files dns");
}
