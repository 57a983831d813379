/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The devices that a group may make, read and write: one list of rules, applied
 * as cgroup v1 files or as a v2 program.
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
	unsigned int access;	/* NSC_DEVICE_*; all other access is denied */
};

/*
 * The rules if allowed_devices is absent.  The last ones, for terminals, always
 * apply: they give access only to the container's own devpts, and without them
 * no login would have a terminal.
 */
#define NSC_DEVICE_RULES 14
#define NSC_DEVICE_TERMINALS 2
extern const struct nsc_device_rule nsc_device_rules[NSC_DEVICE_RULES];

struct nsc_device_policy {
	const struct nsc_device_rule *rules;
	size_t n;
};

/* Print "c 1:3 rwm", the format of devices.allow. */
void nsc_device_rule_print(const struct nsc_device_rule *rule, char buf[48]);

/* Write the rules to a v1 group.  Returns 0 or a negative errno. */
int nsc_device_apply_v1(const struct nsc_device_policy *policy, int dir,
			struct nsc_error *err);

/*
 * Change the rules of a v1 group with processes, without a moment in which
 * neither the old nor the new rules hold.  A group that allows all stays as it
 * is.  Returns 0 or a negative errno.
 */
int nsc_device_update_v1(const struct nsc_device_policy *policy, int dir,
			 struct nsc_error *err);

/*
 * Make the program for struct bpf_cgroup_dev_ctx: it returns 1 for accesses
 * that a rule allows.  It has at most NSC_DEVICE_INSNS(n) instructions; returns
 * their number.
 */
#define NSC_DEVICE_INSNS(n) (8 + 9 * (n))
size_t nsc_device_program(const struct nsc_device_policy *policy,
			  struct bpf_insn *insns);

/*
 * Load the program and attach it to a v2 group, which keeps it.  Returns 0 or a
 * negative errno.
 */
int nsc_device_apply_v2(const struct nsc_device_policy *policy, int dir,
			struct nsc_error *err);

/*
 * Replace the program of a v2 group in one step; a group without one stays as
 * it is.  Returns 0 or a negative errno; -EOPNOTSUPP if no group can have one.
 */
int nsc_device_update_v2(const struct nsc_device_policy *policy, int dir,
			 struct nsc_error *err);

#endif
