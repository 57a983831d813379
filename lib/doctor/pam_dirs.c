/* SPDX-License-Identifier: Apache-2.0 */
/* Where libpam looks for the files of services. */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "util/fd.h"
#include "doctor/pam.h"

#define LIBPAM NSC_PAM_MODULE_DIR "/../libpam.so.0"

static const char *const all[NSC_PAM_DIRS_MAX] = {
	NSC_PAM_DIR, "/usr/lib/pam.d", "/usr/etc/pam.d",
};

/* Distributions choose the last directory, or none, when they build libpam. */
static bool libpam_knows(const char *dir)
{
	_cleanup_fd_ int fd = open(LIBPAM, O_RDONLY | O_CLOEXEC);
	bool found = true;
	struct stat st;
	void *library;

	if (fd < 0 || fstat(fd, &st) < 0)
		return found;
	library = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (library == MAP_FAILED)
		return found;
	found = memmem(library, (size_t)st.st_size, dir, strlen(dir)) != NULL;
	munmap(library, (size_t)st.st_size);
	return found;
}

size_t nsc_pam_dirs(const char *ret[NSC_PAM_DIRS_MAX])
{
	struct stat st;
	size_t n = 0;

	for (size_t i = 0; i < NSC_ARRAY_SIZE(all); i++)
		if (stat(all[i], &st) == 0 && S_ISDIR(st.st_mode) &&
		    (i < 2 || libpam_knows(all[i])))
			ret[n++] = all[i];
	return n;
}
