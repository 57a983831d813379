/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of lists and rates in networks[]. */
#include "unit.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include "config/container_config.h"
#include "network/lists.h"
#include "network/metadata.h"
#include "network/network.h"
#include "util/fd.h"
#include "util/text.h"

#define VETH "\"type\": \"veth\", \"context\": {\"bridge\": \"br0\"," \
	     " \"prefix\": \"v\"}"

static struct nsc_error err;

static struct nsc_config *good(const char *networks)
{
	const struct nsc_user user = {
		.name = (char *)(uintptr_t)"alice", .uid = 1000, .gid = 100,
		.home = (char *)(uintptr_t)"/home/alice",
	};
	struct nsc_config *config = NULL;
	char text[2048];

	snprintf(text, sizeof(text), "{\"networks\": [%s]}", networks);
	ck_assert_msg(nsc_config_parse(text, "F", "/d", &user, &config,
				       &err) == 0, "%s: %s", networks,
		      err.text);
	return config;
}

/* After nsinit update. */
START_TEST(lists_again)
{
	struct nsc_config *c = good("{\"type\": \"loopback\"}, {" VETH
		", \"allow\": [], \"rate\": {\"up\": \"8Mbit\"}}, {" VETH
		"}");
	char loop[] = "type=loopback interface=lo rate_up=1kbit";
	char first[] = "type=veth interface=eth0 bridge=br0 rate_down=1kbit";
	char second[] = "type=veth interface=eth1 mtu=1400 lists=enforced "
			"rate_up=1kbit rate_down=1kbit";
	char other[] = "type=veth interface=eth10 lists=enforced";
	char *networks[] = { loop, first, second, other, NULL };
	char **vector = nsc_network_describe_lists(c, networks);

	ck_assert_str_eq(vector[0], "type=loopback interface=lo");
	ck_assert_str_eq(vector[1], "type=veth interface=eth0 bridge=br0 "
			 "lists=enforced rate_up=8Mbit");
	ck_assert_str_eq(vector[2], "type=veth interface=eth1 mtu=1400");
	ck_assert_str_eq(vector[3], other);
	ck_assert_ptr_null(vector[4]);
	nsc_text_free_vector(vector);
	nsc_config_free(c);
}
END_TEST

/*
 * The rules of one list, after those that each chain has: before and after the
 * ones of metadata services.
 */
static void rules(const char *lists, const char *before, const char *after)
{
	char network[1024], *text, *from, *metadata = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&metadata, &size);
	struct nsc_config *c;

	nsc_metadata_rules(out);
	fclose(out);
	snprintf(network, sizeof(network), "{\"type\": \"loopback\"}, {" VETH
		 "}, {" VETH ", %s}", lists);
	c = good(network);
	ck_assert(nsc_lists_wanted(c));
	text = nsc_lists_print(c, false);
	ck_assert_ptr_nonnull(strstr(text, "chain lists_eth1 {"));
	ck_assert_ptr_null(strstr(text, "chain lists_eth0"));
	/* Nobody pays for a rate that is not there. */
	ck_assert_ptr_null(strstr(text, "rate"));
	from = strstr(text, "mld2-listener-report } accept\n");
	from = strchr(from, '\n') + 1;
	ck_assert_msg(!strncmp(from, before, strlen(before)), "%s", from);
	from += strlen(before);
	ck_assert_msg(!strncmp(from, metadata, size), "%s", from);
	from += size;
	ck_assert_msg(!strncmp(from, after, strlen(after)), "%s", from);
	ck_assert_ptr_nonnull(strstr(text,
				     "oifname \"eth1\" goto lists_eth1\n}"));
	free(text);
	free(metadata);
	nsc_config_free(c);
}

static bool is_metadata(const char *text)
{
	struct nsc_address a;

	ck_assert_int_eq(nsc_address_parse(text, false, &a), 0);
	return nsc_metadata_is(&a);
}

START_TEST(metadata)
{
	static const char *const yes[] = {
		"169.254.169.254", "168.63.129.16", "fd00:ec2::254",
		"64:ff9b::169.254.169.254", "64:ff9b:1::a9fe:a9fe",
		"64:ff9b:1:2:3:4:100.100.100.200", "::169.254.170.2",
		"64:ff9b:1:0:a9:fea9:fe00:0", "64:ff9b:1:a9:fe:a9fe::",
		"64:ff9b:1:a9fe:a9:fe00::1",
		"::ffff:192.0.0.192", "::ffff:0:169.254.0.23",
		"2002:a9fe:a9fe::", "2002:a9fe:a9fe:1:2:3:4:5",
		"2001:0:a9fe:a9fe:8000::1", "2001:0:1:2:3:4:5601:5601",
	};
	static const char *const no[] = {
		"169.254.169.253", "10.0.0.1", "fd00:ec2::255", "::1",
		"64:ff9b::10.0.0.1", "64:ff9b:2::a9fe:a9fe",
		"64:ff9b:1:0:a9:fea9:fd00:0", "64:ff9b:1:a9fe:1a9:fe00::",
		"2002:a9fe:a9fd::", "2003:a9fe:a9fe::",
		"2001:1:a9fe:a9fe::", "2001:0:1:2:3:4:a9fe:a9fe",
		"2001:1:1:2:3:4:5601:5601",
	};

	for (size_t i = 0; i < NSC_ARRAY_SIZE(yes); i++)
		ck_assert_msg(is_metadata(yes[i]), "%s", yes[i]);
	for (size_t i = 0; i < NSC_ARRAY_SIZE(no); i++)
		ck_assert_msg(!is_metadata(no[i]), "%s", no[i]);
}
END_TEST

/* A chain and a counter for each rate, and only there. */
START_TEST(rates)
{
	struct nsc_config *c = good("{" VETH "}, {" VETH ", \"rate\": {\"up\": "
				    "\"8Mbit\"}}");
	char *text = nsc_lists_print(c, false);

	ck_assert_ptr_nonnull(strstr(text,
		"counter rate_up_eth1 { }\nchain rate_up_eth1 {\n"
		"type filter hook postrouting priority 300;\n"
		"oifname \"eth1\" limit rate over 1000000 bytes/second "
		"burst 500000 bytes counter name rate_up_eth1 drop\n}\n"));
	ck_assert_ptr_null(strstr(text, "rate_down"));
	ck_assert_ptr_null(strstr(text, "rate_up_eth0"));
	ck_assert_ptr_nonnull(strstr(text, "oifname \"eth1\" goto reached\n"));
	free(text);
	nsc_config_free(c);
}
END_TEST

START_TEST(lists)
{
	struct nsc_config *c = good("{" VETH "}");

	ck_assert(!nsc_lists_wanted(c));
	nsc_config_free(c);
	rules("\"allow\": []", "", "goto refuse\n}");
	rules("\"deny\": []", "", "goto reached\n}");
	rules("\"allow\": [\"*\", \"::/0/udp\", \"0.0.0.0/0:80-81\","
	      " \"[::1]:22/tcp\", \"10.0.0.0/8:53/udp\", \"*/icmp\"],"
	      " \"deny\": [\"10.0.0.1\"]",
	      "ip daddr 10.0.0.1/32 goto refuse\n", "goto reached\n"
	      "meta nfproto ipv6 meta l4proto udp goto reached\n"
	      "meta nfproto ipv4 tcp dport 80-81 goto reached\n"
	      "ip6 daddr ::1/128 tcp dport 22-22 goto reached\n"
	      "ip daddr 10.0.0.0/8 udp dport 53-53 goto reached\n"
	      "meta l4proto { icmp, ipv6-icmp } goto reached\ngoto refuse\n}");
	rules("\"allow\": [\"a.example:22\", \"10.0.0.1\", \"a.example:22\"]",
	      "", "ip daddr 10.0.0.1/32 goto reached\n"
	      "ct state established ct mark 0x");
	/* Only who names it alone gets it, and what he names of it. */
	rules("\"allow\": [\"169.254.169.254:80\", \"169.254.170.2\","
	      " \"fd00::/8\", \"64:ff9b::a9fe:a9fe\"]",
	      "ip daddr 169.254.169.254/32 tcp dport 80-80 goto reached\n"
	      "ip daddr 169.254.170.2/32 goto reached\n"
	      "ip6 daddr 64:ff9b::a9fe:a9fe/128 goto reached\n",
	      "ip daddr 169.254.169.254/32 tcp dport 80-80 goto reached\n"
	      "ip daddr 169.254.170.2/32 goto reached\n"
	      "ip6 daddr fd00::/8 goto reached\n"
	      "ip6 daddr 64:ff9b::a9fe:a9fe/128 goto reached\n");
}
END_TEST

/* What nftables says to the rules, and then to "list table". */
static int nft_rules, nft_table;

int __wrap_nsc_nft_run(const char *commands, char **output,
		       struct nsc_error *error);

int __wrap_nsc_nft_run(const char *commands, char **output,
		       struct nsc_error *error)
{
	int code = strncmp(commands, "list ", 5) ? nft_rules : nft_table;

	(void)output;
	return code ? nsc_error_set(error, code, "nftables: %s",
				    nsc_error_text(code)) : 0;
}

/* The error of an update in a network namespace that the host owns. */
static const char *update_error(int rules, int table)
{
	struct nsc_config *c = good("{" VETH ", \"rate\": {\"up\": "
				    "\"8Mbit\"}}");
	int ready[2];
	pid_t pid;
	char byte;

	ck_assert_int_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		if (unshare(CLONE_NEWNET) == 0)
			(void)!write(ready[1], "", 1);
		for (;;)
			pause();
	}
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	nft_rules = rules;
	nft_table = table;
	err = (struct nsc_error)NSC_ERROR_INIT;
	ck_assert_int_eq(nsc_lists_update(c, pid, &err), -err.code);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	nsc_config_free(c);
	return err.text;
}

START_TEST(no_module)
{
	ck_assert_str_eq(update_error(0, 0), "");
	ck_assert_str_eq(update_error(ENOENT, ENOENT), "the container began "
			 "without them: they take effect in a new container");
	ck_assert_str_eq(update_error(ENOENT, 0), "this kernel lacks a module "
			 "that the rules need: nft_ct, nft_reject_inet, "
			 "nft_limit for rate, or nft_quota for log");
	ck_assert_str_eq(update_error(EPERM, 0),
			 "nftables: Operation not permitted");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		lists, lists_again, metadata, rates, NULL,
	};
	const TTest *const root[] = { no_module, NULL };
	Suite *suite = suite_create("lists");
	TCase *tcase = unit_case("lists");

	unit_add(tcase, tests);
	unit_add_root(tcase, root);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
