/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/seccomp.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/fd.h"

int nsc_seccomp_read(int fd, struct nsc_seccomp *filter, struct nsc_error *err)
{
	_cleanup_free_ struct sock_filter *code = NULL;
	size_t size = filter->len * sizeof(*code);
	struct stat st;

	if (filter->len < 1 || filter->len > BPF_MAXINSNS)
		return nsc_error_set(err, EBADMSG, "a filter has 1 to %d "
				     "instructions, not %u", BPF_MAXINSNS,
				     filter->len);
	if (fstat(fd, &st) < 0)
		return nsc_error_sys(err, errno, "read the filter");
	if (st.st_size != (off_t)size)
		return nsc_error_set(err, EBADMSG, "has %lld bytes, not the "
				     "%zu that were written",
				     (long long)st.st_size, size);
	code = malloc(size);
	if (!code)
		return nsc_error_sys(err, ENOMEM, "read the filter");
	if (pread(fd, code, size, 0) != (ssize_t)size)
		return nsc_error_set(err, EBADMSG, "cannot be read whole");
	free(filter->code);
	filter->code = NSC_TAKE_PTR(code);
	return 0;
}

int nsc_seccomp_load(const struct nsc_seccomp *filter, struct nsc_error *err)
{
	struct sock_fprog program = {
		.len = (unsigned short)filter->len, .filter = filter->code,
	};

	if (!filter->len)
		return 0;
	if (!filter->code || filter->len > BPF_MAXINSNS)
		return nsc_error_set(err, EBADMSG, "load the seccomp filter: "
				     "it was not read");
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, filter->flags,
		    &program) < 0)
		return nsc_error_sys(err, errno, "load the seccomp filter");
	/* A filter that denies this question is in effect. */
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == SECCOMP_MODE_DISABLED)
		return nsc_error_set(err, EPERM, "load the seccomp filter: "
				     "it did not take effect");
	return 0;
}

void nsc_seccomp_free(struct nsc_seccomp *filter)
{
	free(filter->code);
	*filter = (struct nsc_seccomp){ .code = NULL };
}
