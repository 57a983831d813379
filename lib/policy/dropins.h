/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drop-ins: the files of a directory NAME.d beside a file NAME, so that several
 * hands write one configuration.  Those whose names end as they should, and do
 * not begin with a dot, are read in the order of their names' bytes.
 */
#ifndef NSC_POLICY_DROPINS_H
#define NSC_POLICY_DROPINS_H

#include <stddef.h>
#include <stdint.h>

#include "util/error.h"

#define NSC_DROPINS_MAX 256	/* files in a directory */
#define NSC_DROPINS_CONFIG ".json"
#define NSC_DROPINS_CONF ".conf"

struct nsc_dropins {
	char *path;		/* of the directory */
	int fd;			/* -1: there is none */
	char **names;		/* sorted; NULL: none */
	size_t n;
};
#define NSC_DROPINS_INIT { NULL, -1, NULL, 0 }

/*
 * List dirfd/NAME.d, a directory of root; messages call dirfd by dirname.  A
 * directory that does not exist has no files.  Returns 0 or a negative errno.
 */
int nsc_dropins_open(int dirfd, const char *dirname, const char *name,
		     const char *suffix, struct nsc_dropins *ret,
		     struct nsc_error *err);

/*
 * A file that is listed exists, and counts: one that is renamed or removed
 * meanwhile, or new, is -EAGAIN with err set, and all is read again.
 */
#define NSC_DROPINS_TRIES 5
int nsc_dropins_changed(const struct nsc_dropins *dropins, const char *name,
			struct nsc_error *err);
/* Is the list still the same? */
int nsc_dropins_check(const struct nsc_dropins *dropins, const char *suffix,
		      struct nsc_error *err);

void nsc_dropins_close(struct nsc_dropins *dropins);
#define _cleanup_dropins_ __attribute__((cleanup(nsc_dropins_close)))

/* Are the files of a NAME.d with this suffix read from one of this name? */
int nsc_dropins_is_read(const char *name, const char *suffix);

/* container.json and its drop-ins, in the order in which they are read. */
struct nsc_config_files {
	uint64_t content;	/* a hash of all of them */
	size_t n;
	struct nsc_config_file {
		char *path;
		char *text;	/* NULL if only the hash was wanted */
	} *list;
};

enum nsc_config_want { NSC_CONFIG_HASH, NSC_CONFIG_TEXTS };

/*
 * Read the container.json of a directory of root; with NSC_CONFIG_HASH only
 * for the hash.  A directory that has drop-ins alone is as good as one that
 * has a container.json that is empty.  Returns 0 or a negative errno; -ENOENT
 * if there is neither.
 */
int nsc_config_files_read(int dirfd, const char *dirname,
			  enum nsc_config_want want,
			  struct nsc_config_files *ret,
			  struct nsc_error *err);

/* The same for the path of a container.json. */
int nsc_config_files_load(const char *file, enum nsc_config_want want,
			  struct nsc_config_files *ret,
			  struct nsc_error *err);

void nsc_config_files_free(struct nsc_config_files *files);
#define _cleanup_config_files_ __attribute__((cleanup(nsc_config_files_free)))

#endif
