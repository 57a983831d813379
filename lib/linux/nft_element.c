/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/nft_element.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct batch {
	_Alignas(8) unsigned char data[1024];
	size_t size;
	unsigned int sequence;
};

int nsc_nft_element_open(void)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

	if (fd >= 0 &&
	    connect(fd, (const struct sockaddr *)&kernel, sizeof(kernel)) < 0) {
		int code = errno;

		close(fd);
		return -code;
	}
	return fd < 0 ? -errno : fd;
}

/* Add size bytes, and fill up to four: the batch has room for all there is. */
static void *put(struct batch *b, const void *data, size_t size)
{
	void *at = b->data + b->size;

	if (data)
		memcpy(at, data, size);
	b->size += NLMSG_ALIGN(size);
	return at;
}

static struct nlmsghdr *begin(struct batch *b, unsigned int type,
			      unsigned int flags)
{
	bool element = type >> 8 == NFNL_SUBSYS_NFTABLES;
	const struct nfgenmsg message = {
		.nfgen_family = element ? NFPROTO_INET : AF_UNSPEC,
		.res_id = htons(element ? 0 : NFNL_SUBSYS_NFTABLES),
	};
	struct nlmsghdr *h = put(b, NULL, sizeof(*h));

	*h = (struct nlmsghdr){
		.nlmsg_type = (uint16_t)type,
		.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
		.nlmsg_seq = ++b->sequence,
	};
	put(b, &message, sizeof(message));
	return h;
}

static void end(struct batch *b, struct nlmsghdr *h)
{
	h->nlmsg_len = (uint32_t)(b->data + b->size - (unsigned char *)h);
}

static void put_attribute(struct batch *b, unsigned int type, const void *data,
			  size_t size)
{
	const struct nlattr a = {
		.nla_type = (uint16_t)type,
		.nla_len = (uint16_t)(sizeof(a) + size),
	};

	put(b, &a, sizeof(a));
	put(b, data, size);
}

static struct nlattr *begin_nested(struct batch *b, unsigned int type)
{
	struct nlattr *a = put(b, NULL, sizeof(*a));

	a->nla_type = (uint16_t)(type | NLA_F_NESTED);
	return a;
}

static void end_nested(struct batch *b, struct nlattr *a)
{
	a->nla_len = (uint16_t)(b->data + b->size - (unsigned char *)a);
}

struct element {
	const char *table;
	const char *set;
	const struct nsc_address *address;
	uint64_t timeout;	/* milliseconds, big-endian */
};

static void put_element(struct batch *b, unsigned int type, unsigned int flags,
			const struct element *e)
{
	struct nlmsghdr *h = begin(b, NFNL_SUBSYS_NFTABLES << 8 | type, flags);
	struct nlattr *list, *one, *key;

	put_attribute(b, NFTA_SET_ELEM_LIST_TABLE, e->table,
		      strlen(e->table) + 1);
	put_attribute(b, NFTA_SET_ELEM_LIST_SET, e->set, strlen(e->set) + 1);
	list = begin_nested(b, NFTA_SET_ELEM_LIST_ELEMENTS);
	one = begin_nested(b, NFTA_LIST_ELEM);
	key = begin_nested(b, NFTA_SET_ELEM_KEY);
	put_attribute(b, NFTA_DATA_VALUE, e->address->bytes,
		      e->address->family == AF_INET ? 4 : 16);
	end_nested(b, key);
	if (type == NFT_MSG_NEWSETELEM)
		put_attribute(b, NFTA_SET_ELEM_TIMEOUT, &e->timeout,
			      sizeof(e->timeout));
	end_nested(b, one);
	end_nested(b, list);
	end(b, h);
}

/*
 * The kernel answers for each message that fails, and for the one that asks for
 * an answer.
 */
static int receive(int sock, unsigned int last)
{
	_Alignas(8) char answer[4096];
	int code = 0;

	for (;;) {
		ssize_t n = recv(sock, answer, sizeof(answer), 0);
		struct nlmsghdr *h = (void *)answer;

		if (n < 0)
			return -errno;
		for (; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
			const struct nlmsgerr *e = NLMSG_DATA(h);

			if (h->nlmsg_type != NLMSG_ERROR)
				continue;
			if (e->error && !code)
				code = e->error;
			if (code || h->nlmsg_seq == last)
				return code;
		}
	}
}

/*
 * Before Linux 6.12, an element that is there keeps its time, so it is
 * replaced.  To be deleted it has to be there, and all three happen at once.
 */
int nsc_nft_element_add(int sock, const char *table, const char *set,
			const struct nsc_address *address, uint32_t seconds)
{
	const struct element e = {
		table, set, address, htobe64((uint64_t)seconds * 1000),
	};
	struct batch b = { .size = 0 };
	unsigned int last;
	char drain[4096];

	/* Drop the answers that an earlier error has left. */
	while (recv(sock, drain, sizeof(drain), MSG_DONTWAIT) > 0)
		;
	end(&b, begin(&b, NFNL_MSG_BATCH_BEGIN, 0));
	put_element(&b, NFT_MSG_NEWSETELEM, NLM_F_CREATE, &e);
	put_element(&b, NFT_MSG_DELSETELEM, 0, &e);
	put_element(&b, NFT_MSG_NEWSETELEM, NLM_F_CREATE | NLM_F_ACK, &e);
	last = b.sequence;
	end(&b, begin(&b, NFNL_MSG_BATCH_END, 0));
	if (send(sock, b.data, b.size, 0) < 0)
		return -errno;
	return receive(sock, last);
}
