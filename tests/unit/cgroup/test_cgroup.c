/* SPDX-License-Identifier: Apache-2.0 */
/* lib/cgroup, lib/config/cgroup_keys.c, lib/policy/cgroup_parents.c. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>

#include "util/fd.h"
#include "util/paths.h"
#include "policy/conf.h"
#include "config/container_config.h"
#include "cgroup/cgroup.h"
#include "cgroup/cgroup_devices.h"
#include "cgroup/cgroup_tree.h"

static gid_t groups[] = { 1000, 27 };
static struct nsc_user alice = {
	.name = (char[]){ "alice" }, .home = (char[]){ "/home/alice" },
	.shell = (char[]){ "/bin/bash" }, .group = (char[]){ "users" },
	.uid = 1000, .gid = 100, .groups = groups, .n_groups = 2,
};

static struct nsc_error err;

static struct nsc_config *parse(const char *cgroups)
{
	struct nsc_config *config = NULL;
	char text[1024];

	snprintf(text, sizeof(text), "{\"cgroups\": {%s}}", cgroups);
	nsc_config_parse(text, "F", "/etc/dir", &alice, &config, &err);
	return config;
}

START_TEST(every_key)
{
	struct nsc_config *c = parse(
		"\"name\": \"box-%u\", \"parent\": \"/lab/%g\","
		"\"slice\": \"lab.slice\", \"memory\": 67108864,"
		"\"memory_reservation\": 4096, \"memory_swap\": -1,"
		"\"memory_high\": 8192, \"cpu_shares\": 2, \"cpu_quota\": -1,"
		"\"cpu_period\": 1000, \"cpuset_cpus\": \"0-3,5\","
		"\"cpuset_mems\": \"0\", \"freezer\": \"FROZEN\","
		"\"pids\": 1, \"io_weight\": 10000,"
		"\"io_max\": [{\"major_number\": 8, \"minor_number\": 0,"
		" \"rbps\": 1}], \"hugetlb\": {\"2MB\": 0},"
		"\"unified\": {\"memory.high\": \"1G\"}, \"allowed_devices\":"
		"[{\"type\": 98, \"major_number\": -1, \"minor_number\": 3,"
		" \"cgroup_permissions\": \"rm\"}]");
	const struct nsc_cgroup_limits *l;

	ck_assert_msg(c, "%s", err.text);
	l = &c->cgroups.limits;
	ck_assert_str_eq(c->cgroups.name, "box-alice");
	ck_assert_str_eq(c->cgroups.parent, "/lab/users");
	ck_assert_int_eq(l->number[NSC_CGROUP_N_SWAP], -1);
	ck_assert(nsc_cgroup_has(l, NSC_CGROUP_N_SWAP));
	ck_assert(nsc_cgroup_has(l, NSC_CGROUP_N_QUOTA));
	ck_assert(!nsc_cgroup_has(l, NSC_CGROUP_N_WEIGHT));
	ck_assert_int_eq(c->cgroups.freezer, NSC_FREEZER_FROZEN);
	ck_assert_int_eq(l->io_max[0].rate[NSC_CGROUP_RBPS], 1);
	ck_assert_str_eq(l->hugetlb[0].name, "2MB");
	ck_assert_str_eq(l->unified[0].value, "1G");
	ck_assert_uint_eq(c->cgroups.devices.rules[0].access,
			  NSC_DEVICE_READ | NSC_DEVICE_MKNOD);
	ck_assert_int_eq(c->cgroups.devices.rules[0].major, -1);
	ck_assert_str_eq(l->origin, "F: cgroups");
	nsc_config_free(c);
	/* Each way to configure no limit. */
	c = parse("\"name\": \"\", \"cpuset_cpus\": \"\", \"memory\": 0,"
		  "\"freezer\": \"\", \"cpu_shares\": 0, \"hugetlb\": {}");
	ck_assert_msg(c, "%s", err.text);
	ck_assert_uint_eq(nsc_cgroup_needs(&c->cgroups.limits), 0);
	nsc_config_free(c);
}
END_TEST

static const struct {
	const char *text, *expected;
} wrong[] = {
	{ "\"memory\": \"1GB\"", "cgroups.memory: expected 0 (nothing)" },
	{ "\"memory\": 4095", "from 4096 to" },
	{ "\"memory\": 1.5", "cgroups.memory: expected" },
	{ "\"memory_reservation\": -1", "cgroups.memory_reservation: exp" },
	{ "\"memory_high\": 1", "cgroups.memory_high: expected" },
	{ "\"memory_swap\": -2", "cgroups.memory_swap: expected -1" },
	{ "\"memory_swap\": 9000", "cgroups.memory_swap: needs memory" },
	{ "\"memory\": 9000, \"memory_swap\": 8999", "must not be less" },
	{ "\"cpu_shares\": 1", "cgroups.cpu_shares: expected" },
	{ "\"cpu_shares\": 262145", "from 2 to 262144" },
	{ "\"cpu_shares\": 2, \"cpu_weight\": 1", "expected one of them" },
	{ "\"cpu_idle\": 1, \"cpu_shares\": 2", "no cpu_shares or" },
	{ "\"cpu_idle\": 2", "cgroups.cpu_idle: expected 0 (nothing)" },
	{ "\"cpu_burst\": 1", "cgroups.cpu_burst: is unused time" },
	{ "\"cpu_burst\": 2000, \"cpu_quota\": 1000", "is not less" },
	{ "\"cpu_burst\": 1, \"cpu_quota\": -1", "needs a cpu_quota" },
	{ "\"memory_swappiness\": 201", "from 0 to 200" },
	{ "\"rdma\": []", "cgroups.rdma: expected an object" },
	{ "\"rdma\": {\"a b\": {\"hca_handles\": 1}}", "names of RDMA" },
	{ "\"rdma\": {\"mlx5_0\": {}}",
	  "cgroups.rdma.mlx5_0: expected hca_handles or hca_objects" },
	{ "\"rdma\": {\"mlx5_0\": {\"hca_handles\": -1}}",
	  "cgroups.rdma.mlx5_0.hca_handles: expected" },
	{ "\"rdma\": {\"mlx5_0\": {\"handles\": 1}}", "unknown key" },
	{ "\"cpu_weight\": 10001", "cgroups.cpu_weight: expected" },
	{ "\"cpu_quota\": -2", "cgroups.cpu_quota: expected" },
	{ "\"cpu_quota\": 999", "at least 1000" },
	{ "\"cpu_period\": 999", "cgroups.cpu_period: expected" },
	{ "\"cpu_period\": 1000001", "cgroups.cpu_period: expected" },
	{ "\"cpuset_cpus\": \"3-1\"", "cgroups.cpuset_cpus: expected num" },
	{ "\"cpuset_cpus\": \"1,\"", "cgroups.cpuset_cpus: expected" },
	{ "\"cpuset_cpus\": \"a\"", "cgroups.cpuset_cpus: expected" },
	{ "\"cpuset_cpus\": 1", "expected a string" },
	{ "\"cpuset_mems\": \"0 \"", "cgroups.cpuset_mems: expected" },
	{ "\"pids\": -1", "cgroups.pids: expected" },
	{ "\"pids\": 4194305", "cgroups.pids: expected" },
	{ "\"io_weight\": 10001", "cgroups.io_weight: expected" },
	{ "\"freezer\": \"frozen\"", "cgroups.freezer: expected one of" },
	{ "\"name\": \"a/b\"", "cgroups.name: expected one name" },
	{ "\"name\": \"..\"", "cgroups.name: expected one name" },
	{ "\"name\": \"cgroup.procs\"", "cgroups.name: expected one name" },
	{ "\"parent\": \"a/../b\"", "cgroups.parent: expected at most 8" },
	{ "\"parent\": \"1/2/3/4/5/6/7/8/9\"", "expected at most 8" },
	{ "\"slice\": \"lab\"", "cgroups.slice: expected the name" },
	{ "\"slice\": \"a/b.slice\"", "cgroups.slice: expected the name" },
	{ "\"io_max\": {}", "cgroups.io_max: expected an array" },
	{ "\"io_max\": [{\"minor_number\": 8, \"rbps\": 1}]",
	  "cgroups.io_max[0]: expected major_number and" },
	{ "\"io_max\": [{\"major_number\": 8, \"minor_number\": 0}]",
	  "cgroups.io_max[0]: expected one of rbps" },
	{ "\"io_max\": [{\"major_number\": 8, \"minor_number\": 0, \"rbps\":"
	  " 0}]", "cgroups.io_max[0].rbps: expected" },
	{ "\"hugetlb\": {\"2M\": 1}", "cgroups.hugetlb: expected page sizes" },
	{ "\"hugetlb\": {\"2MB\": -1}", "expected a number of bytes" },
	{ "\"hugetlb\": []", "cgroups.hugetlb: expected an object" },
	{ "\"unified\": {\"../x.y\": \"1\"}", "without '/'" },
	{ "\"unified\": {\"a/b.c\": \"1\"}", "without '/'" },
	{ "\"unified\": {\"cgroup.procs\": \"1\"}",
	  "cgroups.unified.cgroup.procs: this file" },
	{ "\"unified\": {\"memory.max\": 1}", "expected a string" },
	{ "\"unified\": {\"memory.max\": \"\"}", "expected 1 to 4095" },
	{ "\"allowed_devices\": [{\"type\": \"c\"}]",
	  "cgroups.allowed_devices[0]: major_number and" },
	{ "\"allowed_devices\": [{\"type\": \"c\", \"major_number\": 1,"
	  " \"minor_number\": 1, \"cgroup_permissions\": \"x\"}]",
	  "allowed_devices[0].cgroup_permissions: expected" },
	{ "\"allowed_devices\": [], \"allow_all_devices\": true",
	  "is of no use with allow_all_devices" },
	{ "\"swap\": 1", "cgroups.swap: unknown key" },
};

START_TEST(wrong_values_are_named)
{
	struct nsc_config *config = parse(wrong[_i].text);

	ck_assert_msg(!config, "accepted: %s", wrong[_i].text);
	ck_assert_msg(strstr(err.text, wrong[_i].expected), "%s\nexpected: %s"
		      "\ngot: %s", wrong[_i].text, wrong[_i].expected,
		      err.text);
}
END_TEST

START_TEST(shares_and_weight)
{
	ck_assert_int_eq(nsc_cgroup_shares_to_weight(1024), 100);
	ck_assert_int_eq(nsc_cgroup_shares_to_weight(2), 1);
	ck_assert_int_eq(nsc_cgroup_shares_to_weight(262144), 10000);
	ck_assert_int_eq(nsc_cgroup_shares_to_weight(512), 50);
	ck_assert_int_eq(nsc_cgroup_weight_to_shares(100), 1024);
	ck_assert_int_eq(nsc_cgroup_weight_to_shares(1), 10);
	ck_assert_int_eq(nsc_cgroup_weight_to_shares(10000), 102400);
}
END_TEST

/* The files of a limit in one version: "file=value file=value". */
static const char *settings(const struct nsc_cgroup_ops *ops,
			    const char *text, enum nsc_cgroup_number n)
{
	static char buf[512];
	struct nsc_cgroup_setting s[NSC_CGROUP_SETTINGS_MAX] = { 0 };
	struct nsc_config *c = parse(text);
	int count;

	ck_assert_msg(c, "%s", err.text);
	count = ops->number(&c->cgroups.limits, n, s);
	buf[0] = '\0';
	for (int i = 0; i < count; i++)
		sprintf(buf + strlen(buf), "%s%s=%s%s", i ? ", " : "",
			s[i].file, s[i].value, s[i].optional ? "?" : "");
	nsc_config_free(c);
	return count == -EOPNOTSUPP ? "unsupported" : buf;
}

#define V1(n, text) settings(&nsc_cgroup_v1, text, NSC_CGROUP_N_##n)
#define V2(n, text) settings(&nsc_cgroup_v2, text, NSC_CGROUP_N_##n)

START_TEST(files_of_v1)
{
	ck_assert_str_eq(V1(MEMORY, "\"memory\": 8192"),
			 "memory.memsw.limit_in_bytes=-1?, "
			 "memory.limit_in_bytes=8192, "
			 "memory.memsw.limit_in_bytes=16384?");
	ck_assert_str_eq(V1(MEMORY, "\"memory\": 8192, \"memory_swap\": -1"),
			 "memory.memsw.limit_in_bytes=-1?, "
			 "memory.limit_in_bytes=8192");
	ck_assert_str_eq(V1(MEMORY, "\"memory\": 8192, \"memory_swap\": 9000"),
			 "memory.memsw.limit_in_bytes=-1?, "
			 "memory.limit_in_bytes=8192, "
			 "memory.memsw.limit_in_bytes=9000");
	ck_assert_str_eq(V1(HIGH, "\"memory_high\": 8192"), "unsupported");
	ck_assert_str_eq(V1(WEIGHT, "\"cpu_weight\": 200"), "cpu.shares=2048");
	ck_assert_str_eq(V1(QUOTA, "\"cpu_quota\": -1"),
			 "cpu.cfs_quota_us=-1");
	ck_assert_str_eq(V1(IO_WEIGHT, "\"io_weight\": 100"),
			 "blkio.weight=500, blkio.bfq.weight=100");
	ck_assert_str_eq(V1(IDLE, "\"cpu_idle\": 1"), "cpu.idle=1");
	ck_assert_str_eq(V1(BURST, "\"cpu_quota\": 9000, \"cpu_burst\":"
			    " 9000"), "cpu.cfs_burst_us=9000");
	ck_assert_str_eq(V1(SWAPPINESS, "\"memory_swappiness\": 0"),
			 "memory.swappiness=0");
	ck_assert_str_eq(V1(SWAPPINESS, "\"memory_swappiness\": -1"), "");
}
END_TEST

START_TEST(files_of_v2)
{
	ck_assert_str_eq(V2(MEMORY, "\"memory\": 8192"),
			 "memory.max=8192, memory.swap.max=8192?");
	ck_assert_str_eq(V2(MEMORY, "\"memory\": 8192, \"memory_swap\": 8192"),
			 "memory.max=8192, memory.swap.max=0");
	ck_assert_str_eq(V2(MEMORY, "\"memory\": 8192, \"memory_swap\": -1"),
			 "memory.max=8192");
	ck_assert_str_eq(V2(RESERVATION, "\"memory_reservation\": 8192"),
			 "memory.low=8192");
	ck_assert_str_eq(V2(SHARES, "\"cpu_shares\": 512"), "cpu.weight=50");
	ck_assert_str_eq(V2(QUOTA, "\"cpu_quota\": 50000"),
			 "cpu.max=50000 100000");
	ck_assert_str_eq(V2(QUOTA, "\"cpu_quota\": -1, \"cpu_period\": 5000"),
			 "cpu.max=max 5000");
	ck_assert_str_eq(V2(PERIOD, "\"cpu_quota\": 2000, \"cpu_period\":"
			    " 5000"), "");
	ck_assert_str_eq(V2(PIDS, "\"pids\": 10"), "pids.max=10");
	ck_assert_str_eq(V2(IDLE, "\"cpu_idle\": 1"), "cpu.idle=1");
	ck_assert_str_eq(V2(BURST, "\"cpu_quota\": 9000, \"cpu_burst\":"
			    " 4000"), "cpu.max.burst=4000");
	ck_assert_str_eq(V2(SWAPPINESS, "\"memory_swappiness\": 0"),
			 "unsupported");
	ck_assert_str_eq(V2(SWAPPINESS, "\"memory_swappiness\": -1"), "");
}
END_TEST

#define MOUNT_V1(path, mode, options) "30 22 0:27 / /sys/fs/cgroup/" path \
	" " mode ",relatime shared:9 - cgroup cgroup rw," options "\n"
#define MOUNT_V2(path) "40 22 0:37 / " path \
	" rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"

START_TEST(hosts)
{
	struct nsc_cgroup_host h;

	ck_assert_int_eq(nsc_cgroup_host_parse("20 1 8:1 / / rw - ext4 x rw\n",
					       "", &h), 0);
	ck_assert_uint_eq(h.n, 0);
	ck_assert_ptr_null(nsc_cgroup_find(&h, NSC_CGROUP_MEMORY));
	nsc_cgroup_host_free(&h);

	ck_assert_int_eq(nsc_cgroup_host_parse(
		MOUNT_V1("cpu,cpuacct", "rw", "cpu,cpuacct")
		MOUNT_V1("memory", "ro", "memory")
		MOUNT_V1("again\\040here", "rw", "memory")
		MOUNT_V1("systemd", "rw", "xattr,name=systemd")
		MOUNT_V2("/sys/fs/cgroup/unified"),
		"2:name=systemd:/x\n1:cpu:/\n0::/user.slice/a\n", &h), 0);
	ck_assert_uint_eq(h.n, 3);
	ck_assert_str_eq(h.own, "/user.slice/a");
	ck_assert_uint_eq(h.list[0].controllers,
			  NSC_CGROUP_BIT(NSC_CGROUP_CPU) |
			  NSC_CGROUP_BIT(NSC_CGROUP_CPUACCT));
	ck_assert_str_eq(nsc_cgroup_find(&h, NSC_CGROUP_MEMORY)->path,
			 "/sys/fs/cgroup/again here");
	ck_assert(!nsc_cgroup_find(&h, NSC_CGROUP_MEMORY)->readonly);
	ck_assert(nsc_cgroup_find(&h, NSC_CGROUP_DEVICES)->v2);
	ck_assert(nsc_cgroup_find(&h, NSC_CGROUP_UNIFIED)->v2);
	nsc_cgroup_host_free(&h);
}
END_TEST

START_TEST(mounts_of_hierarchies)
{
	static const char mounts[] =
		MOUNT_V1("cpu,cpuacct", "rw", "cpu,cpuacct")
		MOUNT_V1("memory", "ro", "memory")
		MOUNT_V1("again\\040here", "rw", "memory")
		MOUNT_V1("systemd", "rw", "xattr,name=systemd")
		MOUNT_V1("pids", "ro", "pids")
		MOUNT_V2("/sys/fs/cgroup/unified");
	static const struct {
		const char *controllers, *path;
	} expected[] = {
		{ "cpu,cpuacct", "/sys/fs/cgroup/cpu,cpuacct" },
		{ "memory", "/sys/fs/cgroup/again here" },
		{ "name=systemd", "/sys/fs/cgroup/systemd" },
		{ "pids", "/sys/fs/cgroup/pids" },
		{ "", "/sys/fs/cgroup/unified" },
		{ "mem", NULL }, { "freezer", NULL },
	};

	for (size_t i = 0; i < NSC_ARRAY_SIZE(expected); i++) {
		char *path = nsc_cgroup_mount(mounts, expected[i].controllers);

		ck_assert_pstr_eq(path, expected[i].path);
		free(path);
	}
	ck_assert_ptr_null(nsc_cgroup_mount("", ""));
}
END_TEST

START_TEST(impossible_limits)
{
	struct nsc_cgroup_host h;
	struct nsc_config *c = parse("\"pids\": 5");

	ck_assert_ptr_nonnull(c);
	nsc_cgroup_host_parse("", "", &h);
	ck_assert_int_eq(nsc_cgroup_limits_possible(&c->cgroups.limits, &h,
						    &err), -EOPNOTSUPP);
	ck_assert_str_eq(err.text, "F: cgroups.pids: the pids controller is "
			 "not available: no mounted cgroup hierarchy of this "
			 "host has it");
	nsc_cgroup_host_parse(MOUNT_V1("pids", "ro", "pids"), "", &h);
	nsc_cgroup_limits_possible(&c->cgroups.limits, &h, &err);
	ck_assert_ptr_nonnull(strstr(err.text, "mounted read-only"));
	nsc_cgroup_host_free(&h);
	nsc_config_free(c);
	c = parse("\"memory_high\": 8192");
	nsc_cgroup_host_parse(MOUNT_V1("memory", "rw", "memory"), "", &h);
	nsc_cgroup_limits_possible(&c->cgroups.limits, &h, &err);
	ck_assert_ptr_nonnull(strstr(err.text, "has no such limit"));
	nsc_cgroup_host_free(&h);
	nsc_config_free(c);
}
END_TEST

/* Interpret the instructions that the generator uses; -1 for any other. */
static int interpret(const struct bpf_insn *insns, size_t n,
		     const struct bpf_cgroup_dev_ctx *ctx)
{
	uint64_t r[11] = { 0 };

	for (size_t pc = 0; pc < n; pc++) {
		const struct bpf_insn *i = &insns[pc];

		switch (i->code) {
		case BPF_LDX | BPF_MEM | BPF_W: {
			uint32_t value;

			memcpy(&value, (const char *)ctx + i->off, 4);
			r[i->dst_reg] = value;
			break;
		}
		case BPF_ALU | BPF_MOV | BPF_X:
			r[i->dst_reg] = (uint32_t)r[i->src_reg];
			break;
		case BPF_ALU64 | BPF_MOV | BPF_K:
			r[i->dst_reg] = (uint64_t)(int64_t)i->imm;
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			r[i->dst_reg] = (uint32_t)r[i->dst_reg] &
					(uint32_t)i->imm;
			break;
		case BPF_ALU | BPF_RSH | BPF_K:
			r[i->dst_reg] = (uint32_t)r[i->dst_reg] >> i->imm;
			break;
		case BPF_JMP | BPF_JNE | BPF_K:
			if (r[i->dst_reg] != (uint64_t)(int64_t)i->imm)
				pc += (size_t)i->off;
			break;
		case BPF_JMP | BPF_EXIT:
			return (int)r[0];
		default:
			return -1;
		}
	}
	return -1;
}

static int asked(const struct nsc_device_policy *policy, char type,
		 uint32_t major, uint32_t minor, unsigned int access)
{
	struct bpf_insn insns[NSC_DEVICE_INSNS(32)];
	size_t n = nsc_device_program(policy, insns);
	const struct bpf_cgroup_dev_ctx ctx = {
		.access_type = access << 16 |
			       (type == 'b' ? BPF_DEVCG_DEV_BLOCK :
					      BPF_DEVCG_DEV_CHAR),
		.major = major, .minor = minor,
	};

	ck_assert_uint_le(n, NSC_DEVICE_INSNS(policy->n));
	return interpret(insns, n, &ctx);
}

START_TEST(device_program)
{
	static const struct nsc_device_rule own[] = {
		{ 'c', 1, 3, 0 }, { 'b', 8, -1, NSC_DEVICE_READ },
	};
	struct nsc_device_policy p = { nsc_device_rules, NSC_DEVICE_RULES };
	char text[48];

	for (size_t i = 0; i < NSC_DEVICE_RULES; i++) {
		const struct nsc_device_rule *r = &nsc_device_rules[i];

		ck_assert_int_eq(asked(&p, r->type, r->major < 0 ? 77 :
				       (uint32_t)r->major, r->minor < 0 ? 78 :
				       (uint32_t)r->minor, r->access), 1);
	}
	ck_assert_int_eq(asked(&p, 'c', 1, 3, NSC_DEVICE_READ), 1);
	ck_assert_int_eq(asked(&p, 'c', 1, 1, NSC_DEVICE_READ), 0);
	ck_assert_int_eq(asked(&p, 'c', 1, 1, NSC_DEVICE_MKNOD), 1);
	ck_assert_int_eq(asked(&p, 'c', 1, 1, NSC_DEVICE_ALL), 0);
	ck_assert_int_eq(asked(&p, 'b', 1, 3, NSC_DEVICE_READ), 0);
	ck_assert_int_eq(asked(&p, 'b', 8, 0, NSC_DEVICE_WRITE), 0);
	ck_assert_int_eq(asked(&p, 'c', 136, 5, NSC_DEVICE_WRITE), 1);
	ck_assert_int_eq(asked(&p, 'c', 10, 229, NSC_DEVICE_READ), 0);
	p = (struct nsc_device_policy){ own, 2 };
	ck_assert_int_eq(asked(&p, 'c', 1, 3, NSC_DEVICE_READ), 0);
	ck_assert_int_eq(asked(&p, 'b', 8, 1, NSC_DEVICE_READ), 1);
	ck_assert_int_eq(asked(&p, 'b', 8, 1, NSC_DEVICE_READ |
			       NSC_DEVICE_WRITE), 0);
	p.n = 0;
	ck_assert_int_eq(asked(&p, 'c', 1, 3, NSC_DEVICE_READ), 0);
	nsc_device_rule_print(&own[1], text);
	ck_assert_str_eq(text, "b 8:* r");
}
END_TEST

/* In its own group of the v2 hierarchy, if there is one. */
START_TEST(device_program_in_the_kernel)
{
	const struct nsc_device_policy p = { nsc_device_rules,
					     NSC_DEVICE_RULES };
	const struct nsc_cgroup_hierarchy *h;
	struct nsc_cgroup_host host;
	char path[256];
	int dir, ret;

	ck_assert_int_eq(nsc_cgroup_host_load(&host, &err), 0);
	h = nsc_cgroup_find(&host, NSC_CGROUP_UNIFIED);
	if (geteuid() != 0 || !h)
		return;
	snprintf(path, sizeof(path), "%s/nsc-unit-%d", h->path, getpid());
	if (mkdir(path, 0755) < 0) {
		nsc_cgroup_host_free(&host);
		return;
	}
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ret = nsc_device_apply_v2(&p, dir, &err);
	close(dir);
	rmdir(path);
	nsc_cgroup_host_free(&host);
	ck_assert_msg(ret == 0 || ret == -EPERM, "%s", err.text);
}
END_TEST

static const struct {
	const char *text, *expected;
} wrong_parents[] = {
	{ "cgroup_parents = { };", "expected a list" },
	{ "cgroup_parents = ( 1 );", "expected groups" },
	{ "cgroup_parents = ( { pids = 5; } );", "expected a name" },
	{ "cgroup_parents = ( { name = \"a/b\"; } );", "expected one name" },
	{ "cgroup_parents = ( { name = \"a\"; pids = -5; } );",
	  "cgroup_parents.pids: expected 0 or a number from 1" },
	{ "cgroup_parents = ( { name = \"a\"; memory = \"1GB\"; } );",
	  "cgroup_parents.memory: expected 0 or a number from 4096 to "
	  "9223372036854775807 (with L at its end beyond 2147483647), or "
	  "bytes such as \"2G\"" },
	{ "cgroup_parents = ( { name = \"a\"; pids = \"5\"; } );",
	  "cgroup_parents.pids: expected" },
	{ "cgroup_parents = ( { name = \"a\"; users = \"x\"; } );",
	  "cgroup_parents.users: expected a list of names" },
	{ "cgroup_parents = ( { name = \"a\"; swap = 1; } );",
	  "cgroup_parents.swap: unknown key" },
	{ "cgroup_parents = ( { name = \"a\"; }, { name = \"a\"; } );",
	  "expected each name once" },
	{ "cgroup_parents = ( { name = \"a\"; memory_swap = 9000; } );",
	  "a.memory_swap: needs memory" },
};

START_TEST(wrong_parents_are_named)
{
	struct nsc_conf *conf = NULL;

	nsc_conf_parse(wrong_parents[_i].text, "C", &conf, &err);
	ck_assert_msg(!conf, "accepted: %s", wrong_parents[_i].text);
	ck_assert_msg(strstr(err.text, wrong_parents[_i].expected),
		      "%s\nexpected: %s\ngot: %s", wrong_parents[_i].text,
		      wrong_parents[_i].expected, err.text);
}
END_TEST

START_TEST(parents)
{
	const struct nsc_cgroup_parent *found;
	struct nsc_conf *conf = NULL;

	nsc_conf_parse("cgroup_parents = ( { name = \"none\"; users = [ "
		       "\"bob\" ]; }, { name = \"lab\"; groups = [ "
		       "\"no-such-group\" ]; users = [ \"alice\" ]; memory = "
		       "\"8G\"; memory_high = 8589934592L; pids = 500; }, { "
		       "name = \"late\"; users = [ \"alice\" ]; } );",
		       "C", &conf, &err);
	ck_assert_msg(conf, "%s", err.text);
	ck_assert_int_eq(nsc_parents_find(&conf->cgroup_parents, &alice,
					  &found, &err), 0);
	ck_assert_str_eq(found->name, "lab");
	ck_assert_int_eq(found->limits.number[NSC_CGROUP_N_MEMORY],
			 8589934592);
	ck_assert_int_eq(found->limits.number[NSC_CGROUP_N_HIGH], 8589934592);
	ck_assert(!nsc_cgroup_has(&found->limits, NSC_CGROUP_N_SWAP));
	nsc_conf_free(conf);
}
END_TEST

/* Save and load a record of lines with paths of len bytes. */
static int save(int dir, size_t lines, size_t len)
{
	struct nsc_cgroup_tree *tree = NULL;
	size_t size = strlen("p - ") + len + 1;
	char *text = calloc(lines, size + 1);
	int ret;

	ck_assert(text);
	for (size_t i = 0; i < lines; i++)
		snprintf(text + i * size, size + 1, "p - /%0*d\n",
			 (int)len - 1, 0);
	ret = nsc_cgroup_tree_save(dir, text, &err);
	if (ret == 0) {
		ck_assert_int_eq(nsc_cgroup_tree_load(dir, &tree), 0);
		ck_assert_uint_eq(tree->n, lines);
		ck_assert_uint_eq(strlen(tree->list[lines - 1].path), len);
	}
	free(text);
	free(tree);
	return ret;
}

/* Each record that is written can be read again. */
START_TEST(records_are_read_whole)
{
	char top[64];
	int dir = open(unit_make_dir(top), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_assert_int_eq(save(dir, NSC_CGROUP_ENTRIES + 1, 9), -E2BIG);
	ck_assert_int_lt(faccessat(dir, NSC_FILE_CGROUP, F_OK, 0), 0);
	ck_assert_msg(strstr(err.text, "in 192 lines: shorten cgroups.parent"),
		      "%s", err.text);
	ck_assert_int_eq(save(dir, NSC_CGROUP_ENTRIES, 9), 0);
	ck_assert_int_eq(save(dir, 32, 4096 - 5), -E2BIG);
	ck_assert_int_eq(save(dir, 31, 4096 - 5), 0);
	ck_assert_int_eq(save(dir, 1, NSC_CGROUP_RECORD_MAX - 6), 0);
	ck_assert_int_eq(save(dir, 1, NSC_CGROUP_RECORD_MAX - 5), -E2BIG);
	close(dir);
	unit_remove_dir(top);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		every_key, shares_and_weight, files_of_v1, files_of_v2, hosts,
		mounts_of_hierarchies, impossible_limits, device_program,
		device_program_in_the_kernel, parents,
		records_are_read_whole, NULL,
	};
	Suite *suite = suite_create("cgroups");
	TCase *tcase = unit_case("cgroups");

	unit_add(tcase, tests);
	tcase_add_loop_test(tcase, wrong_values_are_named, 0,
			    NSC_ARRAY_SIZE(wrong));
	tcase_add_loop_test(tcase, wrong_parents_are_named, 0,
			    NSC_ARRAY_SIZE(wrong_parents));
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
