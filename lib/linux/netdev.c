/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit, root of the host. */
#include "linux/netdev.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "util/fd.h"
#include "util/file.h"

#define TEXT_MAX 32768

/* Lines such as "  eth0: 1296 16 0 0 0 0 0 0 576 8 0 0 0 0 0 0". */
size_t nsc_netdev_parse(const char *text,
			struct nsc_netdev list[NSC_NETDEV_MAX])
{
	size_t n = 0;

	for (; *text && n < NSC_NETDEV_MAX;
	     text += strcspn(text, "\n"), text += *text != '\0') {
		struct nsc_netdev *one = &list[n];

		if (sscanf(text, " %15[^: \n]: %" SCNu64 " %*s %*s %*s %*s %*s "
			   "%*s %*s %" SCNu64, one->name, &one->rx_bytes,
			   &one->tx_bytes) == 3 && strcmp(one->name, "lo") != 0)
			n++;
	}
	return n;
}

size_t nsc_netdev_read(pid_t pid, struct nsc_netdev list[NSC_NETDEV_MAX])
{
	_cleanup_free_ char *text = malloc(TEXT_MAX);
	struct stat own, other;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	if (!text || stat(path, &other) < 0 ||
	    stat("/proc/self/ns/net", &own) < 0 || own.st_ino == other.st_ino)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/net/dev", (int)pid);
	return nsc_file_read_text(AT_FDCWD, path, text, TEXT_MAX) < 0 ? 0 :
		       nsc_netdev_parse(text, list);
}
