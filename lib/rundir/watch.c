/* Runs in: the builder; container-monitor, which is static. */
#include "rundir/watch.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/paths.h"

#define OWN_KEYS 5
#define KEYS (OWN_KEYS + NSC_LIFECYCLE_KEYS)
#define SIZE_MAX_WATCH 4096

struct entry {
	const char *name;
	unsigned int *value;
};

static void describe(struct nsc_watch *watch, struct entry entries[KEYS])
{
	char *lifecycle = (char *)&watch->lifecycle;

	entries[0] = (struct entry){ "pid", &watch->pid };
	entries[1] = (struct entry){ "own_init", &watch->own_init };
	entries[2] = (struct entry){ "helper", &watch->helper };
	entries[3] = (struct entry){ "external", &watch->external };
	entries[4] = (struct entry){ "generation", &watch->generation };
	for (size_t i = 0; i < NSC_LIFECYCLE_KEYS; i++)
		entries[OWN_KEYS + i] = (struct entry){
			nsc_lifecycle_keys[i].name,
			(unsigned int *)(void *)(lifecycle +
						 nsc_lifecycle_keys[i].at),
		};
}

int nsc_watch_save(int rundir, const struct nsc_watch *watch,
		   struct nsc_error *err)
{
	struct nsc_watch copy = *watch;
	struct entry entries[KEYS];
	char text[SIZE_MAX_WATCH];
	size_t len = 0;

	describe(&copy, entries);
	for (size_t i = 0; i < KEYS; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"%s %u\n", entries[i].name,
					*entries[i].value);
	return nsc_file_write_at(rundir, NSC_FILE_WATCH, text, len, 0600, err);
}

int nsc_watch_load(int rundir, struct nsc_watch *ret, struct nsc_error *err)
{
	_cleanup_fd_ int fd = openat(rundir, NSC_FILE_WATCH, O_RDONLY |
				     O_NOFOLLOW | O_CLOEXEC);
	_cleanup_free_ char *text = NULL;
	struct entry entries[KEYS];
	char *save = NULL;
	int error;

	*ret = (struct nsc_watch){ .pid = 0 };
	if (fd < 0)
		return nsc_error_sys(err, errno, "open '" NSC_FILE_WATCH "'");
	error = nsc_file_read(fd, NSC_FILE_WATCH, SIZE_MAX_WATCH, &text, NULL,
			      err);
	if (error < 0)
		return error;
	describe(ret, entries);
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		for (size_t i = 0; i < KEYS; i++) {
			size_t len = strlen(entries[i].name);

			if (!strncmp(line, entries[i].name, len) &&
			    line[len] == ' ')
				*entries[i].value = (unsigned int)
					strtoul(line + len, NULL, 10);
		}
	return 0;
}
