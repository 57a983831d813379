/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSC_PAM_NAME_SERVICES_H
#define NSC_PAM_NAME_SERVICES_H

/*
 * Inside, sshd and login look up users, groups and hosts again: restrict these
 * lookups to files and DNS, which the C library has built in, so that no module
 * is loaded from the container.  Once a program has configured a database
 * itself, the C library does not read nsswitch.conf again, which would be the
 * container's.
 */
void nsc_name_services_keep(void);

#endif
