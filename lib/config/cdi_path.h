/* SPDX-License-Identifier: Apache-2.0 */
/* Paths of the host in files of vendors, who write /lib and /bin. */
#ifndef NSC_CONFIG_CDI_PATH_H
#define NSC_CONFIG_CDI_PATH_H

/*
 * Follow the symbolic links in *path that only root can change, and replace
 * *path.  Another link stays, and is refused by who opens the path.  Returns 0
 * or -ENOMEM.
 */
int nsc_cdi_resolve(char **path);

#endif
