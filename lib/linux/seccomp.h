/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading of system-call filters, seccomp(2).  They were compiled by nsinit: a
 * login only reads the instructions and hands them to the kernel.
 */
#ifndef NSC_LINUX_SECCOMP_H
#define NSC_LINUX_SECCOMP_H

#include <linux/filter.h>

#include "util/error.h"

struct nsc_seccomp {
	struct sock_filter *code;	/* NULL: not read yet, or none */
	unsigned int len;		/* instructions; 0: no filter */
	unsigned int flags;		/* SECCOMP_FILTER_FLAG_* */
};

/*
 * Read filter->len instructions, all that the file has, into filter->code.
 * Anything else than exactly that many is -EBADMSG.
 */
int nsc_seccomp_read(int fd, struct nsc_seccomp *filter,
		     struct nsc_error *err);

/*
 * Put the calling thread, and all that it will exec or fork, under the filter
 * for good, and see that it is.  Needs no_new_privs, or CAP_SYS_ADMIN in the
 * user namespace.  Does nothing where filter->len is 0; a filter that must be
 * there and was not read is an error.
 */
int nsc_seccomp_load(const struct nsc_seccomp *filter, struct nsc_error *err);

void nsc_seccomp_free(struct nsc_seccomp *filter);
#define _cleanup_seccomp_ __attribute__((cleanup(nsc_seccomp_free)))

#endif
