/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the worker, and a child of nsinit, root of the host. */
#include "rundir/dev_id.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "util/file.h"
#include "util/paths.h"

#define ID_SIZE 64

/* The kernel gives the number of a file system anew when that is unmounted. */
static int dev_id_print(int dev, char text[ID_SIZE], struct nsc_error *err)
{
	struct stat st;

	if (fstat(dev, &st) < 0)
		return nsc_error_sys(err, errno, "/dev");
	snprintf(text, ID_SIZE, "%lu %lu\n", (unsigned long)st.st_dev,
		 (unsigned long)st.st_ino);
	return 0;
}

int nsc_dev_id_save(int instance, int dev, struct nsc_error *err)
{
	char text[ID_SIZE];
	int ret = dev_id_print(dev, text, err);

	return ret < 0 ? ret : nsc_file_write_at(instance, NSC_FILE_DEV, text,
						 strlen(text), 0600, err);
}

int nsc_dev_id_check(int instance, int dev, struct nsc_error *err)
{
	char text[ID_SIZE], expected[ID_SIZE];
	int ret = nsc_file_read_text(instance, NSC_FILE_DEV, expected,
				     sizeof(expected));

	if (ret < 0)
		return nsc_error_sys(err, -ret, NSC_FILE_DEV);
	ret = dev_id_print(dev, text, err);
	if (ret < 0 || !strcmp(text, expected))
		return ret;
	return nsc_error_set(err, EXDEV, "a file system that was mounted "
			     "inside covers /dev: unmount it, or start a new "
			     "container");
}
