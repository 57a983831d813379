/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the one who runs the test owns is root's, for the code that asks: so
 * files that have to be root's can be the test's.  Linked with --wrap=fstat.
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
