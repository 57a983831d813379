/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/linux/netlink.c: interfaces, addresses and routes, in a network namespace
 * of the test's; ip(8) says what the kernel has.
 */
#include "unit.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include "linux/netdev.h"
#include "linux/netlink.h"
#include "util/address.h"
#include "util/fd.h"

static struct nsc_error err;
static struct nl_sock *sock;

static void begin(void)
{
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	ck_assert_msg(nsc_netlink_open(&sock, &err) == 0, "%s", err.text);
}

static void end(void)
{
	nsc_netlink_close(&sock);
	ck_assert_ptr_null(sock);
}

/* What ip(8) writes, without line ends. */
static const char *ip(const char *arguments)
{
	static char text[4096];
	char command[160];
	FILE *in;
	size_t n;

	snprintf(command, sizeof(command), "PATH=$PATH:/sbin ip -o %s 2>&1",
		 arguments);
	in = popen(command, "r");
	n = fread(text, 1, sizeof(text) - 1, in);
	pclose(in);
	text[n] = '\0';
	return text;
}

static void expect(const char *arguments, const char *what)
{
	const char *text = ip(arguments);

	ck_assert_msg(strstr(text, what), "%s: %s", arguments, text);
}

static struct nsc_address address(const char *text)
{
	struct nsc_address a;

	ck_assert_int_eq(nsc_address_parse(text, strchr(text, '/'), &a), 0);
	return a;
}

static const unsigned char mac[NSC_MAC_SIZE] = { 2, 0, 0, 0, 0, 7 };

static int index_of(const char *name)
{
	struct nsc_link link;

	ck_assert_msg(nsc_netlink_find(sock, name, &link, &err) == 0, "%s",
		      err.text);
	return link.index;
}

START_TEST(bridges)
{
	struct nsc_link link;

	begin();
	ck_assert_int_eq(nsc_netlink_find(sock, "br9", &link, &err), -ENODEV);
	ck_assert_str_eq(err.text, "there is no interface 'br9'");
	ck_assert_msg(nsc_netlink_add_bridge(sock, "br9", mac, &err) == 0,
		      "%s", err.text);
	expect("link show br9", ",UP");
	ck_assert_int_eq(nsc_netlink_find(sock, "br9", &link, &err), 0);
	ck_assert_str_eq(link.kind, "bridge");
	ck_assert_int_eq(memcmp(link.mac, mac, sizeof(mac)), 0);
	ck_assert_int_gt(link.index, 1);
	ck_assert_int_eq(nsc_netlink_find(sock, "lo", &link, &err), 0);
	ck_assert_str_eq(link.kind, "");
	ck_assert_int_eq(link.index, 1);
	ck_assert_int_eq(memcmp(link.mac, "\0\0\0\0\0\0", NSC_MAC_SIZE), 0);
	ck_assert_int_eq(nsc_netlink_add_bridge(sock, "br9", mac, &err),
			 -EEXIST);
	ck_assert_ptr_nonnull(strstr(err.text, "make the bridge 'br9': "));
	ck_assert_int_eq(nsc_netlink_delete(sock, "br9", &err), 0);
	ck_assert_int_eq(nsc_netlink_find(sock, "br9", &link, &err), -ENODEV);
	ck_assert_int_eq(nsc_netlink_delete(sock, "br9", &err), -ENODEV);
	ck_assert_ptr_nonnull(strstr(err.text, "remove 'br9': "));
	end();
}
END_TEST

/* A process in another network namespace. */
static pid_t container(void)
{
	int ready[2];
	pid_t pid;
	char c;

	ck_assert_int_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		(void)!write(ready[1], unshare(CLONE_NEWNET) ? "n" : "y", 1);
		for (;;)
			pause();
	}
	ck_assert(read(ready[0], &c, 1) == 1 && c == 'y');
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void expect_inside(pid_t pid, const char *what)
{
	char command[96];

	snprintf(command, sizeof(command), "link show eth0 2>&1; nsenter -t "
		 "%d -n ip -o link show eth0", (int)pid);
	expect(command, what);
	/* It was never here. */
	expect("link show eth0", "does not exist");
}

START_TEST(veths)
{
	struct nsc_link_request request = {
		.name = "eth0", .host = "veth9", .mtu = 1400, .mac = mac,
	};
	struct nsc_netdev list[NSC_NETDEV_MAX];
	int found = 0;
	size_t n;

	begin();
	ck_assert_int_eq(nsc_netlink_add_bridge(sock, "br9", mac, &err), 0);
	request.other = index_of("br9");
	request.pid = container();
	ck_assert_msg(nsc_netlink_add_veth(sock, &request, &err) == 0, "%s",
		      err.text);
	expect("link show veth9", "master br9");
	expect("link show veth9", "mtu 1400");
	expect("link show veth9", ",UP");
	expect_inside(request.pid, "mtu 1400");
	expect_inside(request.pid, "link/ether 02:00:00:00:00:07");
	ck_assert_int_eq(nsc_netlink_add_veth(sock, &request, &err), -EEXIST);
	ck_assert_ptr_nonnull(strstr(err.text, "make the veth 'veth9': "));
	request.name = "eth1";
	request.host = "veth8";
	request.mtu = 0;
	request.mac = NULL;
	ck_assert_int_eq(nsc_netlink_add_veth(sock, &request, &err), 0);
	expect("link show veth8", "mtu 1500");
	/* nsinit stats has both, and whatever else this kernel makes there. */
	n = nsc_netdev_read(request.pid, list);
	for (size_t i = 0; i < n; i++)
		found += !strcmp(list[i].name, "eth0") ||
			 !strcmp(list[i].name, "eth1");
	ck_assert_int_eq(found, 2);
	kill(request.pid, SIGKILL);
	end();
}
END_TEST

/* ipvlan or macvlan, as far as the kernel has them. */
START_TEST(children)
{
	static const char *const kinds[][2] = {
		{ "macvlan", "bridge" }, { "ipvlan", "l2" },
	};
	struct nsc_link_request request = { .name = "eth0", .mtu = 1300 };

	begin();
	ck_assert_int_eq(nsc_netlink_add_bridge(sock, "br9", mac, &err), 0);
	request.other = index_of("br9");
	for (size_t i = 0; i < NSC_ARRAY_SIZE(kinds); i++) {
		int ret;

		request.pid = container();
		request.mode = kinds[i][1];
		ret = nsc_netlink_add_child(sock, kinds[i][0], &request, &err);
		if (ret == -EOPNOTSUPP) {
			ck_assert_ptr_nonnull(strstr(err.text, "this kernel "
						     "has no "));
		} else {
			ck_assert_msg(ret == 0, "%s", err.text);
			expect_inside(request.pid, "mtu 1300");
			ck_assert_int_eq(nsc_netlink_add_child(sock,
					 kinds[i][0], &request, &err),
					 -EEXIST);
			ck_assert_ptr_nonnull(strstr(err.text, "'eth0': "));
		}
		kill(request.pid, SIGKILL);
		waitpid(request.pid, NULL, 0);
	}
	end();
}
END_TEST

START_TEST(up)
{
	begin();
	ck_assert_int_eq(nsc_netlink_up("lo", 0, &err), 0);
	expect("link show lo", ",UP");
	expect("link show lo", "mtu 65536");
	ck_assert_int_eq(nsc_netlink_up("lo", 1500, &err), 0);
	expect("link show lo", "mtu 1500");
	ck_assert_int_eq(nsc_netlink_up("no9", 0, &err), -ENODEV);
	ck_assert_str_eq(err.text, "bring 'no9' up: No such device");
	ck_assert_int_eq(nsc_netlink_up("no9", 9, &err), -ENODEV);
	ck_assert_str_eq(err.text, "give 'no9' mtu 9: No such device");
	end();
}
END_TEST

START_TEST(addresses)
{
	struct nsc_address a = address("10.9.0.5/16"),
			   b = address("fd00::5/64"),
			   c = address("10.8.0.1/31"), got[4];

	begin();
	ck_assert_int_eq(nsc_netlink_add_address(sock, "br9", &a, &err),
			 -ENODEV);
	ck_assert_int_eq(nsc_netlink_add_bridge(sock, "br9", mac, &err), 0);
	ck_assert_int_eq(nsc_netlink_addresses(sock, "br9", got, 4, &err), 0);
	ck_assert_msg(nsc_netlink_add_address(sock, "br9", &a, &err) == 0,
		      "%s", err.text);
	expect("addr show br9", "inet 10.9.0.5/16 brd 10.9.255.255 scope "
	       "global");
	ck_assert_int_eq(nsc_netlink_add_address(sock, "br9", &b, &err), 0);
	/* Usable at once. */
	ck_assert_ptr_null(strstr(ip("addr show br9"), "tentative"));
	expect("addr show br9", "fd00::5/64");
	ck_assert_int_eq(nsc_netlink_add_address(sock, "br9", &c, &err), 0);
	expect("addr show br9", "inet 10.8.0.1/31 scope global");
	ck_assert_int_eq(nsc_netlink_add_address(sock, "br9", &a, &err),
			 -EEXIST);
	ck_assert_ptr_nonnull(strstr(err.text, "give 'br9' the address "
				     "10.9.0.5/16: "));
	/* Neither those of others nor those of the link. */
	ck_assert_int_eq(nsc_netlink_up("lo", 0, &err), 0);
	ck_assert_int_eq(nsc_netlink_addresses(sock, "lo", got, 4, &err), 0);
	ck_assert_int_eq(nsc_netlink_addresses(sock, "br9", got, 4, &err), 3);
	for (int i = 0; i < 3; i++)
		ck_assert(!memcmp(&got[i], &a, sizeof(a)) ||
			  !memcmp(&got[i], &b, sizeof(b)) ||
			  !memcmp(&got[i], &c, sizeof(c)));
	ck_assert_int_eq(nsc_netlink_addresses(sock, "br9", got, 2, &err), 2);
	ck_assert_int_eq(nsc_netlink_addresses(sock, "no", got, 2, &err),
			 -ENODEV);
	/* The smallest network that has an address for all. */
	a = address("10.7.0.1/30");
	ck_assert_int_eq(nsc_netlink_add_address(sock, "br9", &a, &err), 0);
	expect("addr show br9", "inet 10.7.0.1/30 brd 10.7.0.3 scope global");
	end();
}
END_TEST

START_TEST(routes)
{
	struct nsc_address a = address("10.9.0.5/16");
	struct nsc_route route = {
		.interface = "br9", .destination = address("0.0.0.0/0"),
		.gateway = address("10.9.0.1"),
	};
	struct nsc_link link;

	begin();
	ck_assert_int_eq(nsc_netlink_add_route(sock, &route, &err), -ENODEV);
	ck_assert_int_eq(nsc_netlink_add_bridge(sock, "br9", mac, &err), 0);
	ck_assert_int_eq(nsc_netlink_add_address(sock, "br9", &a, &err), 0);
	ck_assert_msg(nsc_netlink_add_route(sock, &route, &err) == 0, "%s",
		      err.text);
	expect("route show", "default via 10.9.0.1 dev br9");
	ck_assert_int_eq(nsc_netlink_find(sock, "0123456789abcdef", &link,
					  &err), -ERANGE);
	/* libnl has no number for this one, nor have we. */
	route.destination = address("10.6.0.0/24");
	route.gateway = address("127.0.0.1");
	ck_assert_int_eq(nsc_netlink_add_route(sock, &route, &err), -EIO);
	route.destination = address("0.0.0.0/0");
	route.gateway = address("10.9.0.1");
	ck_assert_int_eq(nsc_netlink_add_route(sock, &route, &err), -EEXIST);
	ck_assert_ptr_nonnull(strstr(err.text, "route to 0.0.0.0/0 through "
				     "'br9': "));
	route = (struct nsc_route){
		.interface = "br9", .destination = address("10.7.0.0/24"),
		.source = address("10.9.0.5"),
	};
	ck_assert_int_eq(nsc_netlink_add_route(sock, &route, &err), 0);
	expect("route show", "10.7.0.0/24 dev br9 ");
	expect("route show 10.7.0.0/24", "scope link src 10.9.0.5");
	a = address("fd00::5/64");
	ck_assert_int_eq(nsc_netlink_add_address(sock, "br9", &a, &err), 0);
	route = (struct nsc_route){
		.interface = "br9", .destination = address("::/0"),
		.gateway = address("fd00::1"),
	};
	ck_assert_msg(nsc_netlink_add_route(sock, &route, &err) == 0, "%s",
		      err.text);
	expect("-6 route show", "default via fd00::1 dev br9");
	end();
}
END_TEST

START_TEST(without_rights)
{
	begin();
	ck_assert_int_eq(setuid(4711), 0);
	ck_assert_int_eq(nsc_netlink_add_bridge(sock, "br9", mac, &err),
			 -EPERM);
	ck_assert_int_eq(nsc_netlink_up("lo", 0, &err), -EPERM);
	end();
}
END_TEST

int main(void)
{
	const TTest *const root[] = {
		bridges, veths, children, up, addresses, routes,
		without_rights, NULL,
	};
	Suite *suite = suite_create("netlink");
	TCase *tcase = unit_case("netlink");

	tcase_set_timeout(tcase, 60);
	unit_add_root(tcase, root);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
