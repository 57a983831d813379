/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of nftables that packets fill: the destinations that a container reached
 * and those that its lists refused.  Without a library.
 */
#ifndef NSC_LINUX_NFT_COUNTED_H
#define NSC_LINUX_NFT_COUNTED_H

#include <stdbool.h>
#include <stdint.h>

#include "util/address.h"

/*
 * A set's name consists of what has happened, '4' or '6', and "" or, for
 * protocols without ports, "p".  A set keeps this many destinations, each for
 * this time after its last packet.
 */
#define NSC_COUNTED_SET "%s%c%s"
#define NSC_COUNTED_REFUSED "refused"
#define NSC_COUNTED_REACHED "reached"
#define NSC_COUNTED_SECONDS 3600
#define NSC_COUNTED_MAX 1024

/* The counter of what is above a rate, of a way and an interface inside. */
#define NSC_COUNTED_RATE "rate_%s_%s"
#define NSC_COUNTED_UP "up"
#define NSC_COUNTED_DOWN "down"

/* A quota that the first refused packet exceeds, until it is reset. */
#define NSC_COUNTED_QUOTA "woken"

struct nsc_counted {
	struct nsc_address to;
	unsigned int protocol;	/* IPPROTO_* */
	unsigned int port;	/* 0: the protocol has none */
	uint64_t packets;
	uint64_t bytes;
	unsigned int age;	/* seconds since the last packet */
};

/* "tcp", or a number. */
const char *nsc_counted_protocol(unsigned int protocol, char buf[16]);

/*
 * Sockets for another network namespace; the calling thread is there meanwhile.
 * The first is for requests, the other becomes readable when the quota is
 * exceeded.  Both return a descriptor or a negative errno.
 */
int nsc_nft_counted_open(int net);
int nsc_nft_counted_watch(int net);

/* Reset the quota.  Returns 0 or a negative errno. */
int nsc_nft_counted_reset(int sock, const char *table);

/*
 * Call use for each destination in the sets of what has happened.  Returns 0 or
 * a negative errno; -ENOENT: there are no such sets.
 */
int nsc_nft_counted_each(int sock, const char *table, const char *what,
			 void (*use)(void *arg, const struct nsc_counted *one),
			 void *arg);

/*
 * The packets that a counter has, of the table.  Returns 0 or a negative errno;
 * -ENOENT: there is no such counter.
 */
int nsc_nft_counted_packets(int sock, const char *table, const char *counter,
			    uint64_t *ret);

#endif
