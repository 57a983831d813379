/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/nft_counted.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "linux/namespace.h"
#include "linux/nft_element.h"
#include "util/fd.h"

#define MESSAGE(type) (NFNL_SUBSYS_NFTABLES << 8 | (type))

static int open_in(int net, unsigned int group)
{
	_cleanup_fd_ int own = nsc_namespace_open(0, CLONE_NEWNET);
	_cleanup_fd_ int fd = -1;

	if (own < 0 || setns(net, CLONE_NEWNET) < 0)
		return own < 0 ? own : -errno;
	fd = nsc_nft_element_open();
	/* The caller must not go on in another network. */
	if (setns(own, CLONE_NEWNET) < 0)
		_exit(127);
	if (fd >= 0 && group &&
	    setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
		       sizeof(group)) < 0)
		return -errno;
	return NSC_TAKE_FD(fd);
}

const char *nsc_counted_protocol(unsigned int protocol, char buf[16])
{
	static const struct {
		unsigned int number;
		const char *name;
	} names[] = {
		{ IPPROTO_TCP, "tcp" }, { IPPROTO_UDP, "udp" },
		{ IPPROTO_ICMP, "icmp" }, { IPPROTO_ICMPV6, "icmp" },
	};

	snprintf(buf, 16, "%u", protocol);
	for (size_t i = 0; i < NSC_ARRAY_SIZE(names); i++)
		if (names[i].number == protocol)
			return names[i].name;
	return buf;
}

int nsc_nft_counted_open(int net)
{
	return open_in(net, 0);
}

/*
 * Without the filter, each change of the rules and sets would wake the caller,
 * too.
 */
int nsc_nft_counted_watch(int net)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS,
			 offsetof(struct nlmsghdr, nlmsg_type)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
			 htons(MESSAGE(NFT_MSG_NEWOBJ)), 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog filter = { NSC_ARRAY_SIZE(code), code };
	_cleanup_fd_ int fd = open_in(net, NFNLGRP_NFTABLES);

	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter,
				  sizeof(filter)) < 0)
		return -errno;
	return NSC_TAKE_FD(fd);
}

/* A request with up to three attributes. */
struct request {
	struct nlmsghdr head;
	struct nfgenmsg message;
	unsigned char data[256];
};

static void put(struct request *r, unsigned int type, const void *data,
		size_t size)
{
	const struct nlattr a = {
		.nla_type = (uint16_t)type,
		.nla_len = (uint16_t)(sizeof(a) + size),
	};
	unsigned char *at = (unsigned char *)r + r->head.nlmsg_len;

	memcpy(at, &a, sizeof(a));
	memcpy(at + sizeof(a), data, size);
	r->head.nlmsg_len += (uint32_t)NLMSG_ALIGN(a.nla_len);
}

static void put_text(struct request *r, unsigned int type, const char *text)
{
	put(r, type, text, strlen(text) + 1);
}

static struct request begin(unsigned int type, unsigned int flags)
{
	return (struct request){
		.head = {
			.nlmsg_len = offsetof(struct request, data),
			.nlmsg_type = (uint16_t)MESSAGE(type),
			.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
		},
		.message = { .nfgen_family = NFPROTO_INET },
	};
}

typedef void each_attribute(void *arg, unsigned int type, const void *data,
			    size_t size);

static void attributes(const void *data, size_t size, each_attribute *use,
		       void *arg)
{
	const unsigned char *at = data;
	struct nlattr a;

	while (size >= sizeof(a)) {
		memcpy(&a, at, sizeof(a));
		if (a.nla_len < sizeof(a) || a.nla_len > size)
			return;
		use(arg, a.nla_type & NLA_TYPE_MASK, at + sizeof(a),
		    a.nla_len - sizeof(a));
		if (NLMSG_ALIGN(a.nla_len) >= size)
			return;
		at += NLMSG_ALIGN(a.nla_len);
		size -= NLMSG_ALIGN(a.nla_len);
	}
}

/* The answer: each message's attributes, up to its end or an error. */
static int answer(int sock, const struct request *r, each_attribute *use,
		  void *arg)
{
	_Alignas(8) char buffer[32768];
	const size_t head = NLMSG_ALIGN(sizeof(struct nfgenmsg));

	if (send(sock, r, r->head.nlmsg_len, 0) < 0)
		return -errno;
	for (;;) {
		ssize_t n = recv(sock, buffer, sizeof(buffer), 0);
		struct nlmsghdr *h = (void *)buffer;

		if (n < 0)
			return -errno;
		for (; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
			const struct nlmsgerr *e = NLMSG_DATA(h);

			if (h->nlmsg_type == NLMSG_DONE)
				return 0;
			if (h->nlmsg_type == NLMSG_ERROR)
				return e->error;
			if (NLMSG_PAYLOAD(h, head) > 0)
				attributes((char *)NLMSG_DATA(h) + head,
					   NLMSG_PAYLOAD(h, head), use, arg);
			if (!(r->head.nlmsg_flags & NLM_F_DUMP))
				return 0;
		}
	}
}

/* A request for an object of the table. */
static struct request begin_object(unsigned int message, const char *table,
				   const char *name, uint32_t type)
{
	struct request r = begin(message, 0);
	const uint32_t order = htonl(type);

	put_text(&r, NFTA_OBJ_TABLE, table);
	put_text(&r, NFTA_OBJ_NAME, name);
	put(&r, NFTA_OBJ_TYPE, &order, sizeof(order));
	return r;
}

static void ignore(void *arg, unsigned int type, const void *data, size_t size)
{
	(void)arg;
	(void)type;
	(void)data;
	(void)size;
}

int nsc_nft_counted_reset(int sock, const char *table)
{
	const struct request r = begin_object(NFT_MSG_GETOBJ_RESET, table,
					      NSC_COUNTED_QUOTA,
					      NFT_OBJECT_QUOTA);

	return answer(sock, &r, ignore, NULL);
}

/* One set, and the element that is read now. */
struct reader {
	bool six, ports;
	struct nsc_counted one;
	void (*use)(void *arg, const struct nsc_counted *one);
	void *arg;
};

static uint64_t number(const void *data, size_t size)
{
	uint64_t value;

	if (size != sizeof(value))
		return 0;
	memcpy(&value, data, sizeof(value));
	return be64toh(value);
}

/* The parts of a key begin at multiples of four. */
static void read_key(void *arg, unsigned int type, const void *data,
		     size_t size)
{
	struct reader *r = arg;
	const unsigned char *at = data;
	size_t length = r->six ? 16 : 4;

	if (type != NFTA_DATA_VALUE || size < length + 4 + (r->ports ? 4 : 0))
		return;
	r->one.to = (struct nsc_address){
		.family = r->six ? AF_INET6 : AF_INET,
		.length = 8 * (unsigned int)length,
	};
	memcpy(r->one.to.bytes, at, length);
	r->one.protocol = at[length];
	r->one.port = r->ports ? (unsigned int)at[length + 4] << 8 |
					 at[length + 5] : 0;
}

static void read_counter(void *arg, unsigned int type, const void *data,
			 size_t size)
{
	struct reader *r = arg;

	if (type == NFTA_COUNTER_PACKETS)
		r->one.packets = number(data, size);
	else if (type == NFTA_COUNTER_BYTES)
		r->one.bytes = number(data, size);
}

static void read_expression(void *arg, unsigned int type, const void *data,
			    size_t size)
{
	if (type == NFTA_EXPR_DATA)
		attributes(data, size, read_counter, arg);
}

static void read_member(void *arg, unsigned int type, const void *data,
			size_t size)
{
	struct reader *r = arg;
	uint64_t left;

	if (type == NFTA_SET_ELEM_KEY)
		attributes(data, size, read_key, r);
	else if (type == NFTA_SET_ELEM_EXPR)
		attributes(data, size, read_expression, r);
	if (type != NFTA_SET_ELEM_EXPIRATION)
		return;
	left = number(data, size) / 1000;
	r->one.age = left < NSC_COUNTED_SECONDS ?
		NSC_COUNTED_SECONDS - (unsigned int)left : 0;
}

static void read_element(void *arg, unsigned int type, const void *data,
			 size_t size)
{
	struct reader *r = arg;

	(void)type;
	r->one = (struct nsc_counted){ .port = 0 };
	attributes(data, size, read_member, r);
	if (r->one.to.family)
		r->use(r->arg, &r->one);
}

static void read_set(void *arg, unsigned int type, const void *data,
		     size_t size)
{
	if (type == NFTA_SET_ELEM_LIST_ELEMENTS)
		attributes(data, size, read_element, arg);
}

int nsc_nft_counted_each(int sock, const char *table, const char *what,
			 void (*use)(void *arg, const struct nsc_counted *one),
			 void *arg)
{
	struct reader reader = { .use = use, .arg = arg };
	int ret = 0;

	for (int i = 0; ret == 0 && i < 4; i++) {
		struct request r = begin(NFT_MSG_GETSETELEM, NLM_F_DUMP);
		char name[32];

		reader.six = i & 1;
		reader.ports = i < 2;
		snprintf(name, sizeof(name), NSC_COUNTED_SET, what,
			 reader.six ? '6' : '4', reader.ports ? "" : "p");
		put_text(&r, NFTA_SET_ELEM_LIST_TABLE, table);
		put_text(&r, NFTA_SET_ELEM_LIST_SET, name);
		ret = answer(sock, &r, read_set, &reader);
	}
	return ret;
}

static void read_packets(void *arg, unsigned int type, const void *data,
			 size_t size)
{
	if (type == NFTA_COUNTER_PACKETS)
		*(uint64_t *)arg = number(data, size);
}

static void read_object(void *arg, unsigned int type, const void *data,
			size_t size)
{
	if (type == NFTA_OBJ_DATA)
		attributes(data, size, read_packets, arg);
}

int nsc_nft_counted_packets(int sock, const char *table, const char *counter,
			    uint64_t *ret)
{
	const struct request r = begin_object(NFT_MSG_GETOBJ, table, counter,
					      NFT_OBJECT_COUNTER);
	uint64_t packets = 0;
	int error = answer(sock, &r, read_object, &packets);

	if (error == 0)
		*ret = packets;
	return error;
}
