/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the builder and nsinit, root of the host. */
#include "cgroup/cgroup_devices.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/file.h"
#include "cgroup/cgroup.h"
#include "linux/namespace.h"

#define ANY (-1)
#define PROGRAM "nsc_devices"
#define LIST_MAX 65536		/* of devices.list */

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

/* The access that rules of exactly this type and these numbers give. */
static unsigned int devices_access(const struct nsc_device_policy *policy,
				   const struct nsc_device_rule *rule)
{
	unsigned int access = 0;

	for (size_t i = 0; i < policy->n; i++)
		if (policy->rules[i].type == rule->type &&
		    policy->rules[i].major == rule->major &&
		    policy->rules[i].minor == rule->minor)
			access |= policy->rules[i].access;
	return access;
}

static int devices_number(const char *text)
{
	return *text == '*' ? ANY : atoi(text);
}

/* Parse devices.list; -ENODATA if it allows all. */
static int devices_parse(char *text, struct nsc_device_rule *rules, size_t *n)
{
	char *save = NULL;

	*n = 0;
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char major[16], minor[16], access[8];
		struct nsc_device_rule *r = &rules[*n];

		if (*line == 'a')
			return -ENODATA;
		if (sscanf(line, "%c %15[^:]:%15s %7s", &r->type, major, minor,
			   access) != 4)
			return -EBADMSG;
		r->major = devices_number(major);
		r->minor = devices_number(minor);
		r->access = (strchr(access, 'r') ? NSC_DEVICE_READ : 0) |
			    (strchr(access, 'w') ? NSC_DEVICE_WRITE : 0) |
			    (strchr(access, 'm') ? NSC_DEVICE_MKNOD : 0);
		(*n)++;
	}
	return 0;
}

/* Write what a has and b lacks. */
static int devices_write(const struct nsc_device_policy *a,
			 const struct nsc_device_policy *b, int dir,
			 const char *file, struct nsc_error *err)
{
	for (size_t i = 0; i < a->n; i++) {
		struct nsc_device_rule more = a->rules[i];
		char text[48];
		int ret;

		more.access &= ~devices_access(b, &more);
		if (!more.access)
			continue;
		nsc_device_rule_print(&more, text);
		ret = nsc_cgroup_write(dir, file, text);
		/* A start could write none either. */
		if (ret == -EPERM && nsc_namespace_is_nested())
			ret = -EOPNOTSUPP;
		if (ret < 0)
			return nsc_error_sys(err, -ret, "write \"%s\" to %s",
					     text, file);
	}
	return 0;
}

int nsc_device_update_v1(const struct nsc_device_policy *policy, int dir,
			 struct nsc_error *err)
{
	_cleanup_fd_ int fd = openat(dir, "devices.list", O_RDONLY |
				     O_NOFOLLOW | O_CLOEXEC);
	_cleanup_free_ struct nsc_device_rule *rules = NULL;
	struct nsc_device_policy old = { NULL, 0 };
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	int ret;

	if (fd < 0)
		return nsc_error_sys(err, errno, "devices.list");
	ret = nsc_file_read(fd, "devices.list", LIST_MAX, &text, &size, err);
	if (ret < 0)
		return ret;
	rules = calloc(size / sizeof("a *:* m") + 1, sizeof(*rules));
	ret = rules ? devices_parse(text, rules, &old.n) : -ENOMEM;
	/* allow_all_devices: a new container has rules. */
	if (ret == -ENODATA)
		return 0;
	if (ret < 0)
		return nsc_error_sys(err, -ret, "devices.list");
	old.rules = rules;
	/* In between it has what the old or the new rules allow. */
	ret = devices_write(policy, &old, dir, "devices.allow", err);
	return ret < 0 ? ret : devices_write(&old, policy, dir,
					     "devices.deny", err);
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
	memcpy(attr.prog_name, PROGRAM, sizeof(PROGRAM));
	fd = bpf(BPF_PROG_LOAD, &attr);
	if (fd < 0)
		return nsc_error_sys(err, errno, "load the program of the "
				     "device rules");
	return fd;
}

/*
 * The kernel has no such programs, or the host is itself a container: a start
 * could attach none either.
 */
static bool no_programs(int error)
{
	return error == ENOSYS || error == EINVAL ||
	       (error == EPERM && nsc_namespace_is_nested());
}

/*
 * The program of ours that a group has; -ENOENT: none.  Root alone can attach
 * one, and the name tells ours from systemd's.
 */
static int devices_attached(int dir, struct nsc_error *err)
{
	uint32_t ids[64];
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (uint32_t)dir;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uint64_t)(uintptr_t)ids;
	attr.query.prog_cnt = NSC_ARRAY_SIZE(ids);
	if (bpf(BPF_PROG_QUERY, &attr) < 0)
		return nsc_error_sys(err, no_programs(errno) ? EOPNOTSUPP :
				     errno, "find the program of the device "
				     "rules");
	for (uint32_t i = 0, n = attr.query.prog_cnt; i < n; i++) {
		struct bpf_prog_info info = { .type = 0 };
		_cleanup_fd_ int program = -1;

		memset(&attr, 0, sizeof(attr));
		attr.prog_id = ids[i];
		program = bpf(BPF_PROG_GET_FD_BY_ID, &attr);
		/* It may be ours, unless it has just been removed. */
		if (program < 0 && errno != ENOENT)
			return nsc_error_sys(err, errno, "open a program of "
					     "the device rules");
		memset(&attr, 0, sizeof(attr));
		attr.info.bpf_fd = (uint32_t)program;
		attr.info.info_len = sizeof(info);
		attr.info.info = (uint64_t)(uintptr_t)&info;
		if (program >= 0 &&
		    bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) == 0 &&
		    !strcmp(info.name, PROGRAM))
			return NSC_TAKE_FD(program);
	}
	return -ENOENT;
}

static int devices_attach(const struct nsc_device_policy *policy, int dir,
			  int old, struct nsc_error *err)
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
	if (old >= 0) {
		attr.attach_flags |= BPF_F_REPLACE;
		attr.replace_bpf_fd = (uint32_t)old;
	}
	if (bpf(BPF_PROG_ATTACH, &attr) < 0)
		return nsc_error_sys(err, errno, "attach the program of the "
				     "device rules");
	return 0;
}

int nsc_device_apply_v2(const struct nsc_device_policy *policy, int dir,
			struct nsc_error *err)
{
	return devices_attach(policy, dir, -1, err);
}

int nsc_device_update_v2(const struct nsc_device_policy *policy, int dir,
			 struct nsc_error *err)
{
	_cleanup_fd_ int old = devices_attached(dir, err);

	/* allow_all_devices: a new container has rules. */
	if (old == -ENOENT)
		return 0;
	return old < 0 ? old : devices_attach(policy, dir, old, err);
}
