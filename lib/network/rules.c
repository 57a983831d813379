/* SPDX-License-Identifier: Apache-2.0 */
#include "network/rules.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/address.h"
#include "util/fd.h"
#include "network/bridge.h"
#include "network/host_ports.h"

#define TABLE "nscontainer"

/* A table is made before it is deleted, because it need not exist. */
const char nsc_rules_remove[] =
	"table inet " TABLE "\n"
	"delete table inet " TABLE "\n"
	"table bridge " TABLE "\n"
	"delete table bridge " TABLE "\n";

/*
 * The ports that others reach.  A container's own packets do not come to the
 * ports of others, and the host's loopback would need route_localnet.
 */
static const char ports_begin[] =
	"table inet " TABLE " {\n"
	"chain arriving {\n"
	"type nat hook prerouting priority -100; policy accept;\n"
	"iifname \"" NSC_BRIDGE "\" accept\n"
	"fib daddr type local jump ports\n"
	"}\n"
	"chain leaving {\n"
	"type nat hook output priority -100; policy accept;\n"
	"ip daddr 127.0.0.0/8 accept\n"
	"ip6 daddr ::1 accept\n"
	"fib daddr type local jump ports\n"
	"}\n"
	"chain ports {\n";

/*
 * Containers do not reach each other, nor services of the host; others reach
 * only the ports.
 */
static const char filters[] =
	"chain passing {\n"
	"type filter hook forward priority 0; policy accept;\n"
	"oifname != \"" NSC_BRIDGE "\" accept\n"
	"iifname \"" NSC_BRIDGE "\" reject with icmpx admin-prohibited\n"
	"ct state established,related accept\n"
	"ct status dnat accept\n"
	"drop\n"
	"}\n"
	"chain host {\n"
	"type filter hook input priority 0; policy accept;\n"
	"iifname != \"" NSC_BRIDGE "\" accept\n"
	"ct state established,related accept\n"
	"icmp type echo-request accept\n"
	"icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, "
	"echo-request } accept\n"
	"reject with icmpx admin-prohibited\n"
	"}\n"
	"}\n"
	"table bridge " TABLE " {\n";

/*
 * Each port of the bridge sends and gets only frames of its own addresses, and
 * nothing goes from one port to another.  IPv6 names an address also in an
 * advertisement, and has none while it looks for duplicates.
 */
static const char frames[] =
	"chain from {\n"
	"type filter hook prerouting priority -300; policy accept;\n"
	"iifname != @ports accept\n"
	"iifname . ether saddr . ip saddr @v4 accept\n"
	"iifname . ether saddr . arp saddr ip @v4 "
	"iifname . arp saddr ether . arp saddr ip @v4 accept\n"
	"icmpv6 type nd-neighbor-advert goto adverts\n"
	"iifname . ether saddr . ip6 saddr @v6 accept\n"
	"ip6 saddr :: icmpv6 type nd-neighbor-solicit "
	"iifname . ether saddr @stations accept\n"
	"drop\n"
	"}\n"
	"chain between {\n"
	"type filter hook forward priority -300; policy accept;\n"
	"iifname @ports drop\n"
	"oifname @ports drop\n"
	"}\n"
	"chain to {\n"
	"type filter hook output priority -300; policy accept;\n"
	"oifname != @ports accept\n"
	"ether daddr & 01:00:00:00:00:00 == 01:00:00:00:00:00 accept\n"
	"oifname . ether daddr @stations accept\n"
	"drop\n"
	"}\n"
	"}\n";

static bool is_ours(const struct nsc_attached *a)
{
	return !strcmp(a->bridge, NSC_BRIDGE);
}

static bool address_of(const struct nsc_attached *a, size_t family,
		       struct nsc_address *ret, char text[NSC_ADDRESS_SIZE])
{
	if (!a->address[family] ||
	    nsc_address_parse(a->address[family], true, ret) < 0)
		return false;
	nsc_address_print(ret, false, text);
	return true;
}

/* The address that the container's kernel makes of the hardware address. */
static struct nsc_address link_local(const unsigned char mac[NSC_MAC_SIZE])
{
	struct nsc_address a = {
		AF_INET6, { 0xfe, 0x80, [8] = mac[0] ^ 2, mac[1], mac[2],
			    0xff, 0xfe, mac[3], mac[4], mac[5] }, 64,
	};

	return a;
}

/* Without a port, dnat keeps that of the packet. */
static void print_inside(FILE *out, const struct nsc_port *p)
{
	if (p->count > 1 && p->host != p->inside) {
		fprintf(out, ":%s dport map { ", p->udp ? "udp" : "tcp");
		for (unsigned int i = 0; i < p->count; i++)
			fprintf(out, "%u : %u, ", p->host + i, p->inside + i);
		fputs("}", out);
	} else if (p->count == 1) {
		fprintf(out, ":%u", p->inside);
	}
	fputs("\n", out);
}

static void print_port(FILE *out, const struct nsc_attached *a,
		       const char *port)
{
	char on[NSC_ADDRESS_SIZE], to[NSC_ADDRESS_SIZE];
	struct nsc_address address;
	struct nsc_port p;

	if (!nsc_port_parse(port, &p))
		return;
	nsc_address_print(&p.address, false, on);
	for (size_t v6 = 0; v6 < 2; v6++) {
		if ((on[0] && v6 != (p.address.family == AF_INET6)) ||
		    !address_of(a, v6, &address, to))
			continue;
		fprintf(out, v6 ? "meta nfproto ipv6 " : "meta nfproto ipv4 ");
		if (on[0] && !nsc_address_is_any(&p.address))
			fprintf(out, "%s daddr %s ", v6 ? "ip6" : "ip", on);
		fprintf(out, "%s dport %u-%u ", p.udp ? "udp" : "tcp", p.host,
			p.host + p.count - 1);
		fprintf(out, v6 ? "dnat ip6 to [%s]" : "dnat ip to %s", to);
		print_inside(out, &p);
	}
}

/* The host answers for those on its bridge, and for ports elsewhere. */
static void print_masquerading(FILE *out, const struct nsc_attached *list,
			       size_t n)
{
	struct nsc_address address;
	char text[NSC_ADDRESS_SIZE];
	bool done[2] = { false, false };

	fputs("chain masquerading {\n"
	      "type nat hook postrouting priority 100; policy accept;\n", out);
	for (size_t i = 0; i < n; i++) {
		for (size_t v6 = 0; !is_ours(&list[i]) && v6 < 2; v6++)
			if (address_of(&list[i], v6, &address, text))
				fprintf(out, "oifname \"%s\" %s daddr %s "
					"ct status dnat masquerade\n",
					list[i].bridge, v6 ? "ip6" : "ip",
					text);
		for (size_t v6 = 0; is_ours(&list[i]) && v6 < 2; v6++) {
			if (done[v6] ||
			    !address_of(&list[i], v6, &address, text))
				continue;
			fprintf(out, "%s saddr %s/%u oifname != \"" NSC_BRIDGE
				"\" masquerade\n", v6 ? "ip6" : "ip", text,
				address.length);
			done[v6] = true;
		}
	}
	fputs("}\n", out);
}

enum set { SET_PORTS, SET_STATIONS, SET_V4, SET_V6, SET_ADVERTS };

static void print_element(FILE *out, const struct nsc_attached *a,
			  enum set set)
{
	char v4[NSC_ADDRESS_SIZE], v6[NSC_ADDRESS_SIZE] = "";
	char local[NSC_ADDRESS_SIZE], station[64];
	struct nsc_address address, other;
	unsigned char m[NSC_MAC_SIZE];

	if (!is_ours(a) || !address_of(a, 0, &address, v4))
		return;
	nsc_bridge_mac(&address, m);
	snprintf(station, sizeof(station), "\"%s\" . "
		 "%02x:%02x:%02x:%02x:%02x:%02x", a->port, m[0], m[1], m[2],
		 m[3], m[4], m[5]);
	other = link_local(m);
	nsc_address_print(&other, false, local);
	address_of(a, 1, &address, v6);
	if (set == SET_PORTS)
		fprintf(out, "\"%s\", ", a->port);
	else if (set == SET_STATIONS)
		fprintf(out, "%s, ", station);
	else if (set == SET_V4)
		fprintf(out, "%s . %s, ", station, v4);
	else if (set == SET_V6 && v6[0])
		fprintf(out, "%s . %s, %s . %s, ", station, v6, station, local);
	else if (set == SET_ADVERTS && v6[0])
		for (size_t i = 0; i < 2; i++) {
			const struct nsc_address *one = i ? &other : &address;

			fprintf(out, "iifname . ether saddr { %s } @th,64,128 "
				"0x", station);
			for (size_t k = 0; k < 16; k++)
				fprintf(out, "%02x", one->bytes[k]);
			fputs(" accept\n", out);
		}
}

static void print_set(FILE *out, const struct nsc_attached *list, size_t n,
		      enum set set)
{
	static const char *const types[] = {
		[SET_PORTS] = "set ports { type ifname; ",
		[SET_STATIONS] = "set stations { type ifname . ether_addr; ",
		[SET_V4] = "set v4 { type ifname . ether_addr . ipv4_addr; ",
		[SET_V6] = "set v6 { type ifname . ether_addr . ipv6_addr; ",
	};
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	FILE *elements = open_memstream(&text, &len);

	for (size_t i = 0; elements && i < n; i++)
		print_element(elements, &list[i], set);
	if (!elements || fclose(elements) != 0)
		return;
	fputs(types[set], out);
	/* A list of elements must not be empty. */
	if (len)
		fprintf(out, "elements = { %s }; ", text);
	fputs("}\n", out);
}

char *nsc_rules_print(const struct nsc_attached *list, size_t n)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fputs(nsc_rules_remove, out);
	fputs(ports_begin, out);
	for (size_t i = 0; i < n; i++)
		for (char **p = list[i].ports; p && *p; p++)
			print_port(out, &list[i], *p);
	fputs("}\n", out);
	print_masquerading(out, list, n);
	fputs(filters, out);
	for (enum set set = SET_PORTS; set <= SET_V6; set++)
		print_set(out, list, n, set);
	fputs("chain adverts {\n", out);
	for (size_t i = 0; i < n; i++)
		print_element(out, &list[i], SET_ADVERTS);
	fputs("drop\n}\n", out);
	fputs(frames, out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}
