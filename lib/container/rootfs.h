/* The host's own "/" as a rootfs: what of it is not shown. */
#ifndef NSC_CONTAINER_ROOTFS_H
#define NSC_CONTAINER_ROOTFS_H

#include <stdbool.h>
#include <sys/types.h>

/* A directory of the host that a tmpfs stands for. */
struct nsc_hidden {
	const char *path;
	mode_t mode;
	const char *size;
};

extern const struct nsc_hidden nsc_rootfs_hidden[];	/* ends with NULL */

/* Is path one of them, below one, or a directory that is always new? */
bool nsc_rootfs_is_hidden(const char *path);

#endif
