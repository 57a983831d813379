/* SPDX-License-Identifier: Apache-2.0 */
/* Networks: addresses, networks[], the pool, resolv.conf, descriptions. */
#include "unit.h"

#include <sched.h>
#include <sys/wait.h>

#include "util/address.h"
#include "util/fd.h"
#include "util/text.h"
#include "policy/conf.h"
#include "config/container_config.h"
#include "network/network.h"
#include "network/pool.h"
#include "rootfs/resolv.h"

static struct nsc_error err;
static const struct nsc_user user = {
	.name = (char *)(uintptr_t)"alice", .uid = 1000, .gid = 100,
	.home = (char *)(uintptr_t)"/home/alice",
};

/* Parse a file that has only the networks and the text more after them. */
static int parse(const char *networks, const char *more,
		 struct nsc_config **ret)
{
	char text[2048];

	snprintf(text, sizeof(text), "{\"networks\": [%s]%s}", networks, more);
	err.text[0] = '\0';
	return nsc_config_parse(text, "F", "/d", &user, ret, &err);
}

static struct nsc_config *good(const char *networks, const char *more)
{
	struct nsc_config *config = NULL;

	ck_assert_msg(parse(networks, more, &config) == 0, "%s: %s", networks,
		      err.text);
	return config;
}

START_TEST(addresses)
{
	static const char *const bad[] = {
		"", "/", "10.0.0.1", "10.0.0.1/", "10.0.0.1/33", "10.0.0.1/-1",
		"10.0.0/8", "10.0.0.1/8/8", "10.0.0.1 /8", "::1/129", "x/8",
		"10.0.0.1/+8", "::ffff::/8",
	};
	struct nsc_address a, b;
	char buf[NSC_ADDRESS_SIZE];

	for (size_t i = 0; i < NSC_ARRAY_SIZE(bad); i++)
		ck_assert_msg(nsc_address_parse(bad[i], true, &a) < 0, "%s",
			      bad[i]);
	ck_assert_int_lt(nsc_address_parse("10.0.0.1/8", false, &a), 0);
	ck_assert_int_eq(nsc_address_parse("10.1.2.3/8", true, &a), 0);
	ck_assert_str_eq(nsc_address_print(&a, true, buf), "10.1.2.3/8");
	ck_assert(!nsc_address_is_network(&a));
	ck_assert_int_eq(nsc_address_parse("10.255.0.0", false, &b), 0);
	ck_assert(nsc_address_covers(&a, &b) && !nsc_address_covers(&b, &a));
	ck_assert_int_eq(nsc_address_parse("fd00::ff/120", true, &a), 0);
	b = nsc_address_add(&a, 1);
	ck_assert_str_eq(nsc_address_print(&b, true, buf), "fd00::100/120");
	ck_assert(!nsc_address_covers(&a, &b));
	ck_assert_int_eq(nsc_address_parse("::/0", true, &b), 0);
	ck_assert(nsc_address_covers(&b, &a) && nsc_address_is_network(&b));
}
END_TEST

#define VETH "\"type\": \"veth\", \"context\": {\"bridge\": \"br0\"," \
	     " \"prefix\": \"v\"}"

START_TEST(every_type)
{
	struct nsc_config *c = good("{\"type\": \"loopback\", \"address\":"
		" \"127.0.0.1/0\", \"gateway\": \"localhost\","
		" \"context\": {}},"
		"{" VETH ", \"address\": [\"10.0.0.2/24\", \"fd00::2/64\"],"
		" \"gateway\": [\"10.0.0.1\", \"fe80::1\"]},"
		"{\"type\": \"macvlan\", \"context\": {\"parent\": \"e0\"}},"
		"{\"type\": \"ipvlan\", \"context\": {\"parent\": \"e0\","
		" \"mode\": \"l3\", \"dns\": \"10.0.0.53\"},"
		" \"mtu\": 1300, \"address\": \"auto\"}", "");

	ck_assert_uint_eq(c->n_networks, 4);
	ck_assert_str_eq(c->networks[1].address[1], "fd00::2/64");
	ck_assert_ptr_null(c->networks[1].address[2]);
	ck_assert_str_eq(c->networks[1].bridge, "br0");
	ck_assert_str_eq(c->networks[2].mode, "bridge");
	ck_assert_str_eq(c->networks[3].mode, "l3");
	ck_assert_str_eq(c->networks[3].address[0], "auto");
	ck_assert_str_eq(c->networks[3].dns[0], "10.0.0.53");
	ck_assert_uint_eq(c->networks[3].mtu, 1300);
	nsc_config_free(c);
	c = good("{\"type\": \"pasta\", \"address\": \"10.0.0.2/24\"}", "");
	nsc_config_free(c);
	c = good("{\"type\": \"loopback\"}, {\"type\": \"netns\","
		 " \"context\": {\"nspath\": \"/run/netns/%u\"}}", "");
	ck_assert_str_eq(c->networks[1].nspath, "/run/netns/alice");
	ck_assert(nsc_network_joins(c));
	nsc_config_free(c);
	c = good("{\"type\": \"host\"}", "");
	ck_assert(!(c->namespaces & CLONE_NEWNET));
	nsc_config_free(c);
}
END_TEST

#define WITHOUT ", \"namespaces\": {\"NEWNS\": true, \"NEWPID\": true}"

static const struct {
	const char *networks, *error, *more;
} wrong[] = {
	{ "{}", "F: networks[0].type: is missing", "" },
	{ "{" VETH "}, {" VETH ", \"address\": \"x\"}",
	  "F: networks[1].address: expected an address with a prefix length "
	  "such as \"10.0.0.2/24\", or \"auto\", got \"x\"", "" },
	{ "{" VETH ", \"address\": [\"10.0.0.2/24\", \"10.0.0.3\"]}",
	  "F: networks[0].address[1]: expected an address", "" },
	{ "{" VETH ", \"address\": 1}",
	  "networks[0].address: expected a string or an array", "" },
	{ "{" VETH ", \"address\": [1]}",
	  "networks[0].address[0]: expected a string", "" },
	{ "{" VETH ", \"address\": \"fd00::2/64\", \"mtu\": 1279}",
	  "networks[0].mtu: is less than the 1280", "" },
	{ "{" VETH ", \"address\": \"10.0.0.2/24\", \"gateway\": \"gw\"}",
	  "networks[0].gateway: expected an address such as", "" },
	{ "{" VETH ", \"gateway\": \"10.0.0.1\"}",
	  "networks[0].gateway: expected an address in the network", "" },
	{ "{" VETH ", \"address\": \"10.0.0.2/24\","
	  " \"gateway\": \"10.0.1.1\"}",
	  "networks[0].gateway: expected an address in the network", "" },
	{ "{" VETH ", \"address\": \"10.0.0.2/24\","
	  " \"gateway\": [\"10.0.0.1\", \"10.0.0.3\"]}",
	  "networks[0].gateway[1]: expected one gateway for IPv4", "" },
	{ "{" VETH ", \"address\": \"10.0.0.2/24\","
	  " \"gateway\": \"10.0.0.1\"},"
	  "{" VETH ", \"address\": \"10.1.0.2/24\","
	  " \"gateway\": \"10.1.0.1\"}",
	  "networks[1].gateway: another entry already sets a", "" },
	{ "{" VETH ", \"address\": \"10.0.0.2/24\","
	  " \"gateway\": \"10.0.0.1\"}, {\"type\": \"pasta\"}",
	  "networks[0].gateway: another entry already sets a", "" },
	{ "{" VETH ", \"address\": \"auto\"},{" VETH ", \"address\": \"auto\"}",
	  "networks[1].address: \"auto\" is allowed only once", "" },
	{ "{\"type\": \"veth\", \"context\": {\"bridge\": \"br0\"}}",
	  "networks[0].context.prefix: is missing", "" },
	{ "{\"type\": \"veth\", \"context\": {\"prefix\": \"v\"}}",
	  "networks[0].context.bridge: is missing", "" },
	{ "{\"type\": \"veth\", \"context\": {\"prefix\": \"a23456789012\"}}",
	  "networks[0].context.prefix: expected the beginning", "" },
	{ "{\"type\": \"veth\", \"context\": {\"bridge\": \"a b\"}}",
	  "networks[0].context.bridge: expected the name of an inter", "" },
	{ "{\"type\": \"veth\", \"context\": {\"bridge\": \"../x\"}}",
	  "networks[0].context.bridge: expected the name of an inter", "" },
	{ "{\"type\": \"veth\", \"context\": {\"colour\": \"x\"}}",
	  "networks[0].context.colour: unknown key", "" },
	{ "{\"type\": \"macvlan\", \"context\": {\"parent\": \"e\","
	  " \"bridge\": \"b\"}}",
	  "networks[0].context.bridge: type \"macvlan\" has no such key", "" },
	{ "{\"type\": \"macvlan\"}", "networks[0].context.parent: is missing",
	  "" },
	{ "{\"type\": \"macvlan\", \"context\": {\"parent\": \"e\","
	  " \"mode\": \"l2\"}}",
	  "networks[0].context.mode: expected \"bridge\", \"private\"", "" },
	{ "{\"type\": \"ipvlan\", \"context\": {\"parent\": \"e\","
	  " \"mode\": \"vepa\"}}",
	  "networks[0].context.mode: expected \"l2\", \"l3\"", "" },
	{ "{\"type\": \"netns\"}", "networks[0].context.nspath: is missing",
	  "" },
	{ "{\"type\": \"netns\", \"context\": {\"nspath\": \"lab\"}}",
	  "networks[0].context.nspath: expected an absolute path", "" },
	{ "{\"type\": \"netns\", \"mtu\": 1500,"
	  " \"context\": {\"nspath\": \"/x\"}}",
	  "networks[0].mtu: type \"netns\" has no such key", "" },
	{ "{\"type\": \"netns\", \"context\": {\"nspath\": \"/x\"}},{" VETH "}",
	  "networks[0].type: cannot be combined with others", "" },
	{ "{\"type\": \"host\"}, {\"type\": \"pasta\"}",
	  "networks[0].type: cannot be combined with others", "" },
	{ "{\"type\": \"host\", \"address\": \"10.0.0.1/8\"}",
	  "networks[0].address: type \"host\" has no such key", "" },
	{ "{\"type\": \"loopback\", \"context\": {\"dns\": \"10.0.0.1\"}}",
	  "networks[0].context.dns: type \"loopback\" has no such", "" },
	{ "{" VETH ", \"context\": {}}", "duplicate", "" },
	{ "{\"type\": \"host\", \"context\": {\"dns\": [\"10.0.0.1\","
	  " \"dns.example\"]}}",
	  "networks[0].context.dns[1]: expected the address of a name", "" },
	{ "{\"type\": \"pasta\"}, {\"type\": \"pasta\"}",
	  "networks[1].type: \"pasta\" is allowed only once", "" },
	{ "{\"type\": \"pasta\", \"address\": \"auto\"}",
	  "networks[0].address: type \"pasta\" does not accept \"auto\"", "" },
	{ "{\"type\": \"pasta\", \"address\": [\"10.0.0.1/8\","
	  " \"10.0.0.2/8\"]}",
	  "networks[0].address: type \"pasta\" accepts one address", "" },
	{ "{\"type\": \"pasta\"}", "networks[0].type: \"pasta\" needs",
	  WITHOUT },
	{ "{" VETH "}", "networks[0].type: needs namespaces.NEWNET", WITHOUT },
	{ "{\"type\": \"loopback\", \"mtu\": 1500}",
	  "networks[0].type: needs namespaces.NEWNET", WITHOUT },
};

START_TEST(wrong_values_are_named)
{
	struct nsc_config *config = NULL;

	ck_assert_int_lt(parse(wrong[_i].networks, wrong[_i].more, &config), 0);
	ck_assert_ptr_null(config);
	ck_assert_msg(strstr(err.text, wrong[_i].error) != NULL,
		      "%s\nexpected: %s", err.text, wrong[_i].error);
}
END_TEST

START_TEST(at_most_sixteen)
{
	struct nsc_config *config = NULL;
	char text[1024] = "{" VETH "}";

	for (int i = 0; i < 16; i++)
		strcat(text, ", {\"type\": \"loopback\"}");
	ck_assert_int_lt(parse(text, "", &config), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "networks[16]: more than"));
}
END_TEST

static struct nsc_pool_range range(const char *net, const char *gateway)
{
	bool v6 = strchr(net, ':');
	struct nsc_pool_range r = {
		{ 0 }, { 0 }, v6 ? "address_pool6" : "address_pool",
	};

	ck_assert_int_eq(nsc_address_parse(net, true, &r.net), 0);
	if (gateway)
		ck_assert_int_eq(nsc_address_parse(gateway, false,
						   &r.gateway), 0);
	return r;
}

/* The address that key gets, as text; "" if none is left. */
static const char *take(const char *dir, const char *key,
			const struct nsc_pool_range *r)
{
	static char buf[NSC_ADDRESS_SIZE];
	struct nsc_address a;

	if (nsc_pool_take_address(dir, key, r, &a, &err) < 0)
		return "";
	return nsc_address_print(&a, true, buf);
}

START_TEST(pool_is_stable_and_ends)
{
	struct nsc_pool_range r = range("10.0.0.0/29", "10.0.0.2");
	struct nsc_pool_range r6 = range("fd00::/126", NULL);
	char dir[64], key[4] = "u0";

	unit_make_dir(dir);
	ck_assert_str_eq(take(dir, "alice", &r), "10.0.0.1/29");
	ck_assert_str_eq(take(dir, "ali", &r), "10.0.0.3/29");
	ck_assert_str_eq(take(dir, "/srv/a b/c", &r), "10.0.0.4/29");
	ck_assert_str_eq(take(dir, "alice", &r6), "fd00::1/126");
	ck_assert_str_eq(take(dir, "alice", &r), "10.0.0.1/29");
	ck_assert_str_eq(take(dir, "/srv/a b/c", &r), "10.0.0.4/29");
	ck_assert_str_eq(take(dir, "5", &r), "10.0.0.5/29");
	ck_assert_str_eq(take(dir, "6", &r), "10.0.0.6/29");
	ck_assert_str_eq(take(dir, "7", &r), "");
	ck_assert_ptr_nonnull(strstr(err.text, "enlarge address_pool in"));
	ck_assert_int_eq(err.code, ENOSPC);
	ck_assert_str_eq(take(dir, "alice", &r), "10.0.0.1/29");
	/* An enlarged pool, and another pool. */
	r = range("10.0.0.0/28", NULL);
	ck_assert_str_eq(take(dir, "alice", &r), "10.0.0.1/28");
	ck_assert_str_eq(take(dir, "7", &r), "10.0.0.2/28");
	r = range("10.1.0.0/28", NULL);
	ck_assert_str_eq(take(dir, "7", &r), "10.1.0.1/28");
	for (; key[1] < '2'; key[1]++)
		ck_assert_str_ne(take(dir, key, &r6), "");
	ck_assert_str_eq(take(dir, key, &r6), "");
	ck_assert_ptr_nonnull(strstr(err.text, "enlarge address_pool6 in"));
	unit_remove_dir(dir);
}
END_TEST

/* Lines that no program of ours wrote are no obstacle. */
START_TEST(pool_reads_anything)
{
	struct nsc_pool_range r = range("10.0.0.0/24", NULL);
	char dir[64];

	unit_make_dir(dir);
	unit_write(dir, "addresses", "\n\nx\n10.0.0.1\n10.0.0.2 \n"
		   "10.0.0.3 bob\n10.0.0.0 zero\n10.0.0.999 x\n 10.0.0.4\n"
		   "10.0.0.4 alice", 0644);
	ck_assert_str_eq(take(dir, "bob", &r), "10.0.0.3/24");
	ck_assert_str_eq(take(dir, "alice", &r), "10.0.0.4/24");
	ck_assert_str_eq(take(dir, "carol", &r), "10.0.0.1/24");
	unit_write(dir, "addresses", "10.0.0.1 bob\n", 0646);
	ck_assert_str_eq(take(dir, "bob", &r), "");
	unit_remove_dir(dir);
}
END_TEST

#define CHILDREN 16

START_TEST(pool_gives_nothing_twice)
{
	struct nsc_pool_range r = range("10.0.0.0/24", NULL);
	bool seen[CHILDREN + 1] = { false };
	char dir[64], key[16];
	int status;

	unit_make_dir(dir);
	for (int i = 0; i < CHILDREN; i++) {
		struct nsc_address a;

		snprintf(key, sizeof(key), "u%d", i);
		if (fork() == 0)
			_exit(nsc_pool_take_address(dir, key, &r, &a, &err) ?
			      255 : a.bytes[3]);
	}
	for (int i = 0; i < CHILDREN; i++) {
		ck_assert_int_gt(wait(&status), 0);
		ck_assert(WIFEXITED(status));
		ck_assert_int_le(WEXITSTATUS(status), CHILDREN);
		ck_assert(!seen[WEXITSTATUS(status)]);
		seen[WEXITSTATUS(status)] = true;
	}
	unit_remove_dir(dir);
}
END_TEST

static void pool_conf(const char *text, const char *error)
{
	struct nsc_conf *conf = NULL;
	int ret = nsc_conf_parse(text, "C", &conf, &err);

	ck_assert_msg(error ? ret < 0 : ret == 0, "%s: %s", text, err.text);
	if (error)
		ck_assert_msg(strstr(err.text, error) != NULL, "%s", err.text);
	nsc_conf_free(conf);
}

START_TEST(pools_in_the_policy)
{
	pool_conf("address_pool = \"10.2.0.0/16\"; address_gateway ="
		  " \"10.2.0.1\"; address_pool6 = \"fd00::/64\";"
		  " address_gateway6 = \"fd00::1\";", NULL);
	pool_conf("address_pool = \"10.2.0.1/16\";", "address_pool: expected "
		  "a network such as \"10.210.0.0/16\", /8 to /30");
	pool_conf("address_pool = \"10.2.0.0/31\";", "address_pool: expected");
	pool_conf("address_pool = 10;", "address_pool: expected");
	pool_conf("address_pool = \"fd00::/64\";", "address_pool: expected");
	pool_conf("address_pool6 = \"10.2.0.0/16\";", "address_pool6: expect");
	pool_conf("address_gateway = \"10.2.0.1\";", "address_gateway: is not "
		  "in address_pool");
	pool_conf("address_pool = \"10.2.0.0/16\"; address_gateway ="
		  " \"10.3.0.1\";", "address_gateway: is not in address_pool");
	pool_conf("address_pool6 = \"fd00::/64\"; address_gateway6 ="
		  " \"10.3.0.1\";", "address_gateway6: expected an address");
}
END_TEST

/* Check the lines of resolv.conf for these networks, joined by spaces. */
static void resolv(const char *networks, const char *host,
		   const char *upstream, const char *expected)
{
	struct nsc_config *c = good(networks, "");
	struct nsc_config_network *own = c->networks;
	char *text;

	if (own)
		c->networks = unit_fenced_copy(own, c->n_networks *
					       sizeof(*own));
	text = nsc_resolv_print(c, host, upstream);
	c->networks = own;
	ck_assert_str_eq(text, expected);
	free(text);
	nsc_config_free(c);
}

START_TEST(name_servers)
{
	static const char host[] = "# c\nnameserver 127.0.0.53\n"
		"nameserver\t9.9.9.9 # q\nnameserver x\nsearch a b\n"
		"options edns0\nnameservers 1.1.1.1";
	static const char stub[] = "nameserver 127.0.0.53\nnameserver ::1\n"
		"search a b\n";

	resolv("", host, "", "# There is no network.\n");
	resolv("{" VETH "}", host, "nameserver 8.8.8.8\n",
	       "nameserver 9.9.9.9\nsearch a b\noptions edns0\n");
	resolv("{" VETH "}", stub, "nameserver 8.8.8.8\n",
	       "nameserver 8.8.8.8\nsearch a b\n");
	resolv("{" VETH "}", stub, "", "search a b\n");
	resolv("{\"type\": \"pasta\"}", stub, "",
	       "nameserver 169.254.1.53\nsearch a b\n");
	resolv("{\"type\": \"host\"}", stub, "nameserver 8.8.8.8\n",
	       "nameserver 127.0.0.53\nnameserver ::1\nsearch a b\n");
	resolv("{\"type\": \"host\", \"context\": {\"dns\": \"10.0.0.1\"}}",
	       stub, "", "nameserver 10.0.0.1\n");
}
END_TEST

START_TEST(descriptions)
{
	struct nsc_network_made made = { .host = { "", "v12ab" } };
	struct nsc_plan plan = { .config = NULL };
	struct nsc_config *c = good("{\"type\": \"loopback\"}, {" VETH
		", \"address\": [\"auto\", \"fd00::2/64\"],"
		" \"mtu\": 1400}", "");
	char **vector;

	plan.config = c;
	plan.automatic[0].address = range("10.0.0.0/24", NULL).net;
	plan.automatic[0].gateway = range("10.0.0.0/24", "10.0.0.1").gateway;
	vector = nsc_network_describe(&plan, &made);
	ck_assert_str_eq(vector[0], "type=loopback interface=lo");
	ck_assert_str_eq(vector[1], "type=veth interface=eth0 "
			 "host_interface=v12ab bridge=br0 "
			 "addresses=fd00::2/64,10.0.0.0/24 gateway=10.0.0.1 "
			 "mtu=1400");
	ck_assert_ptr_null(vector[2]);
	nsc_text_free_vector(vector);
	nsc_config_free(c);
	c = good("{\"type\": \"netns\", \"context\": {\"nspath\":"
		 " \"/run/a b\"}}", "");
	plan.config = c;
	vector = nsc_network_describe(&plan, NULL);
	ck_assert_str_eq(vector[0], "type=netns path=/run/a b");
	nsc_text_free_vector(vector);
	nsc_config_free(c);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		addresses, every_type, at_most_sixteen,
		pool_is_stable_and_ends, pool_reads_anything,
		pool_gives_nothing_twice, pools_in_the_policy, name_servers,
		descriptions, NULL,
	};
	Suite *suite = suite_create("network");
	TCase *tcase = unit_case("network");

	unit_add(tcase, tests);
	tcase_add_loop_test(tcase, wrong_values_are_named, 0,
			    NSC_ARRAY_SIZE(wrong));
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
