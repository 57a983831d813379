/* SPDX-License-Identifier: Apache-2.0 */
/* The counters of network interfaces: /proc/PID/net/dev. */
#ifndef NSC_LINUX_NETDEV_H
#define NSC_LINUX_NETDEV_H

#include <net/if.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define NSC_NETDEV_MAX 64	/* a user can make any number */

struct nsc_netdev {
	char name[IF_NAMESIZE];	/* any bytes: the user may have chosen it */
	uint64_t rx_bytes, tx_bytes;
};

/*
 * Read the interfaces in the network namespace of pid, without "lo".  Returns
 * their number; 0 if the namespace is the caller's own.
 */
size_t nsc_netdev_read(pid_t pid, struct nsc_netdev list[NSC_NETDEV_MAX]);

/* The same from the text of the file. */
size_t nsc_netdev_parse(const char *text,
			struct nsc_netdev list[NSC_NETDEV_MAX]);

#endif
