/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Load system-call filters, seccomp(2).  nsinit has compiled them: a login only
 * reads the instructions and passes them to the kernel.
 */
#ifndef NSC_LINUX_SECCOMP_H
#define NSC_LINUX_SECCOMP_H

#include <linux/filter.h>

#include "util/error.h"

struct nsc_seccomp {
	struct sock_filter *code;	/* NULL: not read yet, or no filter */
	unsigned int len;		/* instructions; 0: no filter */
	unsigned int flags;		/* SECCOMP_FILTER_FLAG_* */
};

/*
 * Read filter->len instructions, the whole file, into filter->code.  Returns 0
 * or a negative errno; -EBADMSG for any other size.
 */
int nsc_seccomp_read(int fd, struct nsc_seccomp *filter,
		     struct nsc_error *err);

/*
 * Put the calling thread and its future children permanently under the filter,
 * and verify that.  Needs no_new_privs, or CAP_SYS_ADMIN in the user
 * namespace.  Does nothing if filter->len is 0; a required filter that was not
 * read is an error.  Returns 0 or a negative errno.
 */
int nsc_seccomp_load(const struct nsc_seccomp *filter, struct nsc_error *err);

void nsc_seccomp_free(struct nsc_seccomp *filter);
#define _cleanup_seccomp_ __attribute__((cleanup(nsc_seccomp_free)))

#endif
