/* SPDX-License-Identifier: Apache-2.0 */
#include "util/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/text.h"

static unsigned int bits(int family)
{
	return family == AF_INET ? 32 : 128;
}

int nsc_address_parse(const char *text, bool length, struct nsc_address *ret)
{
	struct nsc_address address = { .family = AF_INET };
	const char *slash = strchr(text, '/');
	char number[INET6_ADDRSTRLEN];
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	long long prefix;

	if (!length != !slash || len >= sizeof(number))
		return -EINVAL;
	memcpy(number, text, len);
	number[len] = '\0';
	if (inet_pton(AF_INET, number, address.bytes) != 1) {
		address.family = AF_INET6;
		if (inet_pton(AF_INET6, number, address.bytes) != 1)
			return -EINVAL;
	}
	prefix = bits(address.family);
	if (slash && nsc_text_number(slash + 1, 0, prefix, &prefix) < 0)
		return -EINVAL;
	address.length = (unsigned int)prefix;
	*ret = address;
	return 0;
}

const char *nsc_address_print(const struct nsc_address *address, bool length,
			      char buf[NSC_ADDRESS_SIZE])
{
	size_t len;

	buf[0] = '\0';
	if (!address->family)
		return buf;
	inet_ntop(address->family, address->bytes, buf, NSC_ADDRESS_SIZE);
	len = strlen(buf);
	if (length)
		snprintf(buf + len, NSC_ADDRESS_SIZE - len, "/%u",
			 address->length);
	return buf;
}

/* Bit i, counted from the left. */
static bool bit(const struct nsc_address *address, unsigned int i)
{
	return address->bytes[i / 8] & (0x80 >> i % 8);
}

bool nsc_address_covers(const struct nsc_address *net,
			const struct nsc_address *address)
{
	if (net->family != address->family)
		return false;
	for (unsigned int i = 0; i < net->length; i++)
		if (bit(net, i) != bit(address, i))
			return false;
	return true;
}

bool nsc_address_is_network(const struct nsc_address *net)
{
	for (unsigned int i = net->length; i < bits(net->family); i++)
		if (bit(net, i))
			return false;
	return true;
}

struct nsc_address nsc_address_add(const struct nsc_address *net,
				   uint32_t offset)
{
	struct nsc_address sum = *net;
	uint64_t carry = offset;

	for (unsigned int i = bits(net->family) / 8; i-- > 0 && carry;) {
		carry += sum.bytes[i];
		sum.bytes[i] = (unsigned char)carry;
		carry >>= 8;
	}
	return sum;
}

bool nsc_address_equal(const struct nsc_address *a,
		       const struct nsc_address *b)
{
	return a->family == b->family &&
	       !memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

bool nsc_address_is_link_local(const struct nsc_address *address)
{
	return address->family == AF_INET6 && address->bytes[0] == 0xfe &&
	       (address->bytes[1] & 0xc0) == 0x80;
}

bool nsc_address_is_any(const struct nsc_address *address)
{
	static const unsigned char zeros[sizeof(address->bytes)];

	return address->family &&
	       !memcmp(address->bytes, zeros, sizeof(zeros));
}

bool nsc_address_is_loopback(const struct nsc_address *address)
{
	static const struct nsc_address net = { AF_INET, { 127 }, 8 };
	static const struct nsc_address one = { AF_INET6, { [15] = 1 }, 128 };

	return nsc_address_covers(&net, address) ||
	       nsc_address_covers(&one, address);
}
