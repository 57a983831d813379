/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which devices a group may make, read and write: one list of rules, as
 * cgroup v1's files or as a v2 program.
 */
#ifndef NSC_CGROUP_CGROUP_DEVICES_H
#define NSC_CGROUP_CGROUP_DEVICES_H

#include <linux/bpf.h>
#include <stddef.h>

#include "util/error.h"

enum { NSC_DEVICE_MKNOD = 1, NSC_DEVICE_READ = 2, NSC_DEVICE_WRITE = 4,
       NSC_DEVICE_ALL = 7 };		/* BPF_DEVCG_ACC_* */

struct nsc_device_rule {
	char type;		/* 'c' or 'b' */
	int major, minor;	/* -1: any */
	unsigned int access;	/* NSC_DEVICE_*; what is not here is denied */
};

/*
 * What is allowed where allowed_devices is absent.  The last ones, terminals,
 * always are: they lead to the container's own devpts alone, and without them
 * no login would have one.
 */
#define NSC_DEVICE_RULES 14
#define NSC_DEVICE_TERMINALS 2
extern const struct nsc_device_rule nsc_device_rules[NSC_DEVICE_RULES];

struct nsc_device_policy {
	const struct nsc_device_rule *rules;
	size_t n;
};

/* "c 1:3 rwm", as devices.allow takes it. */
void nsc_device_rule_print(const struct nsc_device_rule *rule, char buf[48]);

/* Write the rules to a v1 group. */
int nsc_device_apply_v1(const struct nsc_device_policy *policy, int dir,
			struct nsc_error *err);

/*
 * The program for struct bpf_cgroup_dev_ctx: returns 1 for what a rule
 * allows.  At most NSC_DEVICE_INSNS(n) instructions; returns how many.
 */
#define NSC_DEVICE_INSNS(n) (8 + 9 * (n))
size_t nsc_device_program(const struct nsc_device_policy *policy,
			  struct bpf_insn *insns);

/* Load the program and attach it to a v2 group, which keeps it. */
int nsc_device_apply_v2(const struct nsc_device_policy *policy, int dir,
			struct nsc_error *err);

#endif
