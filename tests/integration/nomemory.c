/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preloaded into all programs of a test.  CONTROL names one, as "PROGRAM N":
 * the Nth allocation of each of its processes fails, and HIT is made.  For a
 * pamcaller only the allocations count that are made while it opens the
 * session.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONTROL "/mnt/nomemory"
#define HIT "/mnt/nomemory.hit"

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
int pam_open_session(void *pamh, int flags);

static long failing, count;
static bool on;

static void __attribute__((constructor)) read_control(void)
{
	char text[64] = "", *number;
	int fd = open(CONTROL, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (read(fd, text, sizeof(text) - 1) > 0 &&
	    (number = strchr(text, ' '))) {
		*number = '\0';
		if (!strcmp(program_invocation_short_name, text))
			failing = strtol(number + 1, NULL, 10);
	}
	close(fd);
	on = failing && strcmp(text, "pamcaller") != 0;
}

static bool fails(void)
{
	if (!on || ++count != failing)
		return false;
	close(open(HIT, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *memory, size_t size)
{
	return fails() ? NULL : __libc_realloc(memory, size);
}

int pam_open_session(void *pamh, int flags)
{
	int (*real)(void *, int);
	void *address = dlsym(RTLD_NEXT, "pam_open_session");
	int ret;

	memcpy(&real, &address, sizeof(real));
	on = failing != 0;
	ret = real(pamh, flags);
	on = false;
	return ret;
}
