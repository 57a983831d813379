/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Report files of the user who runs the test as owned by root, so that the test
 * can make files that must belong to root.  Linked with --wrap=fstat.
 */
#include <sys/stat.h>
#include <unistd.h>

int __real_fstat(int fd, struct stat *st);
int __wrap_fstat(int fd, struct stat *st);

int __wrap_fstat(int fd, struct stat *st)
{
	int ret = __real_fstat(fd, st);

	if (ret == 0 && st->st_uid == geteuid())
		st->st_uid = 0;
	return ret;
}
