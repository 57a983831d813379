/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the builder, root of the host. */
#include "cgroup/cgroup_devices.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/fd.h"
#include "cgroup/cgroup.h"

#define ANY (-1)

const struct nsc_device_rule nsc_device_rules[NSC_DEVICE_RULES] = {
	{ 'c', ANY, ANY, NSC_DEVICE_MKNOD },
	{ 'b', ANY, ANY, NSC_DEVICE_MKNOD },
	{ 'c', 1, 3, NSC_DEVICE_ALL },		/* null */
	{ 'c', 1, 5, NSC_DEVICE_ALL },		/* zero */
	{ 'c', 1, 7, NSC_DEVICE_ALL },		/* full */
	{ 'c', 5, 0, NSC_DEVICE_ALL },		/* tty */
	{ 'c', 1, 9, NSC_DEVICE_ALL },		/* urandom */
	{ 'c', 1, 8, NSC_DEVICE_ALL },		/* random */
	{ 'c', 5, 1, NSC_DEVICE_ALL },		/* console */
	{ 'c', 4, 0, NSC_DEVICE_ALL },		/* tty0 */
	{ 'c', 4, 1, NSC_DEVICE_ALL },		/* tty1 */
	{ 'c', 10, 200, NSC_DEVICE_ALL },	/* tun */
	{ 'c', 136, ANY, NSC_DEVICE_ALL },	/* pts */
	{ 'c', 5, 2, NSC_DEVICE_ALL },		/* ptmx */
};

static void print_number(int number, char buf[12])
{
	if (number == ANY)
		strcpy(buf, "*");
	else
		snprintf(buf, 12, "%d", number);
}

void nsc_device_rule_print(const struct nsc_device_rule *rule, char buf[48])
{
	char major[12], minor[12];

	print_number(rule->major, major);
	print_number(rule->minor, minor);
	snprintf(buf, 48, "%c %s:%s %s%s%s", rule->type, major, minor,
		 rule->access & NSC_DEVICE_READ ? "r" : "",
		 rule->access & NSC_DEVICE_WRITE ? "w" : "",
		 rule->access & NSC_DEVICE_MKNOD ? "m" : "");
}

int nsc_device_apply_v1(const struct nsc_device_policy *policy, int dir,
			struct nsc_error *err)
{
	int ret = nsc_cgroup_write(dir, "devices.deny", "a");

	if (ret < 0)
		return nsc_error_sys(err, -ret, "deny all devices");
	for (size_t i = 0; i < policy->n; i++) {
		char text[48];

		if (!policy->rules[i].access)
			continue;
		nsc_device_rule_print(&policy->rules[i], text);
		ret = nsc_cgroup_write(dir, "devices.allow", text);
		if (ret < 0)
			return nsc_error_sys(err, -ret, "allow devices \"%s\"",
					     text);
	}
	return 0;
}

#define INSN(op, dst, src, offset, value) \
	(struct bpf_insn){ .code = (op), .dst_reg = (dst), .src_reg = (src), \
			   .off = (short)(offset), .imm = (value) }
#define LOAD(dst, member) \
	INSN(BPF_LDX | BPF_MEM | BPF_W, dst, BPF_REG_1, \
	     offsetof(struct bpf_cgroup_dev_ctx, member), 0)
#define COPY(dst, src) INSN(BPF_ALU | BPF_MOV | BPF_X, dst, src, 0, 0)
#define SET(dst, value) INSN(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, value)
#define AND(dst, value) INSN(BPF_ALU | BPF_AND | BPF_K, dst, 0, 0, value)
#define SHIFT(dst, value) INSN(BPF_ALU | BPF_RSH | BPF_K, dst, 0, 0, value)
#define UNLESS(reg, value) INSN(BPF_JMP | BPF_JNE | BPF_K, reg, 0, 0, value)
#define EXIT() INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

/* Registers: 2 type, 3 requested access, 4 major, 5 minor, 6 temporary. */
static size_t put_rule(const struct nsc_device_rule *rule,
		       struct bpf_insn *insns)
{
	size_t n = 0;

	insns[n++] = UNLESS(BPF_REG_2, rule->type == 'b' ?
			    BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	if (rule->access != NSC_DEVICE_ALL) {
		insns[n++] = COPY(BPF_REG_6, BPF_REG_3);
		insns[n++] = AND(BPF_REG_6, (int)(NSC_DEVICE_ALL &
						  ~rule->access));
		insns[n++] = UNLESS(BPF_REG_6, 0);
	}
	if (rule->major != ANY)
		insns[n++] = UNLESS(BPF_REG_4, rule->major);
	if (rule->minor != ANY)
		insns[n++] = UNLESS(BPF_REG_5, rule->minor);
	insns[n++] = SET(BPF_REG_0, 1);
	insns[n++] = EXIT();
	/* A mismatch jumps to the next rule. */
	for (size_t i = 0; i < n; i++)
		if (insns[i].code == (BPF_JMP | BPF_JNE | BPF_K))
			insns[i].off = (short)(n - i - 1);
	return n;
}

size_t nsc_device_program(const struct nsc_device_policy *policy,
			  struct bpf_insn *insns)
{
	size_t n = 0;

	insns[n++] = LOAD(BPF_REG_3, access_type);
	insns[n++] = COPY(BPF_REG_2, BPF_REG_3);
	insns[n++] = AND(BPF_REG_2, 0xffff);
	insns[n++] = SHIFT(BPF_REG_3, 16);
	insns[n++] = LOAD(BPF_REG_4, major);
	insns[n++] = LOAD(BPF_REG_5, minor);
	for (size_t i = 0; i < policy->n; i++)
		if (policy->rules[i].access)
			n += put_rule(&policy->rules[i], insns + n);
	insns[n++] = SET(BPF_REG_0, 0);
	insns[n++] = EXIT();
	return n;
}

static int bpf(enum bpf_cmd command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static int devices_load(const struct nsc_device_policy *policy,
			struct nsc_error *err)
{
	_cleanup_free_ struct bpf_insn *insns =
		calloc(NSC_DEVICE_INSNS(policy->n), sizeof(*insns));
	static const char license[] = "GPL";
	union bpf_attr attr;
	int fd;

	if (!insns)
		return nsc_error_sys(err, ENOMEM, "device rules");
	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insn_cnt = (uint32_t)nsc_device_program(policy, insns);
	attr.insns = (uint64_t)(uintptr_t)insns;
	attr.license = (uint64_t)(uintptr_t)license;
	memcpy(attr.prog_name, "nsc_devices", sizeof("nsc_devices"));
	fd = bpf(BPF_PROG_LOAD, &attr);
	if (fd < 0)
		return nsc_error_sys(err, errno, "load the program of the "
				     "device rules");
	return fd;
}

int nsc_device_apply_v2(const struct nsc_device_policy *policy, int dir,
			struct nsc_error *err)
{
	_cleanup_fd_ int program = devices_load(policy, err);
	union bpf_attr attr;

	if (program < 0)
		return program;
	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)dir;
	attr.attach_bpf_fd = (uint32_t)program;
	attr.attach_type = BPF_CGROUP_DEVICE;
	/* Programs of the groups above stay in force. */
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (bpf(BPF_PROG_ATTACH, &attr) < 0)
		return nsc_error_sys(err, errno, "attach the program of the "
				     "device rules");
	return 0;
}
