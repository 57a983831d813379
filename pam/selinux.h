/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSC_PAM_SELINUX_H
#define NSC_PAM_SELINUX_H

/*
 * Inside, sshd, cron and at set the SELinux context of the user's program
 * themselves: by files of the container in /etc/selinux, and with questions to
 * a selinuxfs that is not there, for which sshd ends.  After this they find
 * SELinux switched off, and the context stays as it was decided on the host.
 */
void nsc_selinux_keep(void);

#endif
