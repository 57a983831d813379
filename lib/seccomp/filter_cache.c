/* Runs in: nsinit, root of the host; 'nsinit check' also as anybody. */
#include "seccomp/filter_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <seccomp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/hash.h"
#include "util/paths.h"

#define NAME ".filters"
#define DIRECTORY NSC_RUNDIR "/" NAME
#define FORMAT 2	/* raised with what nsc_seccomp_compile() makes */
#define MOST 64		/* more means that most are of no use any more */

struct key {
	char name[2 * sizeof(uint64_t) + 1];
};

static uint64_t add_rule(uint64_t hash, const struct nsc_seccomp_rule *rule)
{
	for (char **name = rule->names; name && *name; name++)
		hash = nsc_hash_add_text(hash, *name);
	hash = nsc_hash_add_text(hash, NULL);
	hash = nsc_hash_add(hash, &rule->action, sizeof(rule->action));
	for (size_t i = 0; i < rule->n_args; i++) {
		const uint64_t arg[] = {
			rule->args[i].index, rule->args[i].op,
			rule->args[i].value, rule->args[i].value_two,
		};

		hash = nsc_hash_add(hash, arg, sizeof(arg));
	}
	return nsc_hash_add(hash, &rule->n_args, sizeof(rule->n_args));
}

/* Of all that goes into a filter. */
static struct key key_of(const struct nsc_seccomp_profile *profile)
{
	const struct scmp_version *library = seccomp_version();
	const unsigned int numbers[] = {
		FORMAT, library->major, library->minor, library->micro,
		profile->default_action, profile->flags,
	};
	uint64_t hash = nsc_hash_add(NSC_HASH_INIT, numbers, sizeof(numbers));
	struct key key;

	hash = nsc_hash_add(hash, profile->arches,
			    profile->n_arches * sizeof(*profile->arches));
	for (size_t i = 0; i < profile->n_rules; i++)
		hash = add_rule(hash, &profile->rules[i]);
	snprintf(key.name, sizeof(key.name), "%016" PRIx64, hash);
	return key;
}

static int read_kept(const struct key *key,
		     const struct nsc_seccomp_profile *profile,
		     struct nsc_seccomp *ret)
{
	_cleanup_fd_ int dir = nsc_file_open_dir(DIRECTORY, NSC_IGNORE);
	_cleanup_fd_ int fd = dir < 0 ? -1 :
			      nsc_file_open_at(dir, DIRECTORY, key->name,
					       NSC_IGNORE);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	*ret = (struct nsc_seccomp){
		.len = (unsigned int)st.st_size / sizeof(*ret->code),
		.flags = profile->flags,
	};
	return nsc_seccomp_read(fd, ret, NSC_IGNORE);
}

static void make_room(int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);
	int n = 0;

	if (!list) {
		nsc_fd_close(&fd);
		return;
	}
	while (readdir(list))
		n++;
	closedir(list);
	if (n > MOST)
		nsc_file_empty(dir, 0);
}

/* Where no container has ever been started nothing is kept. */
static void keep(const struct key *key, const struct nsc_seccomp *filter)
{
	_cleanup_fd_ int above = nsc_file_open_dir(NSC_RUNDIR, NSC_IGNORE);
	_cleanup_fd_ int dir = -1;

	if (above < 0 || (mkdirat(above, NAME, 0700) < 0 && errno != EEXIST))
		return;
	dir = nsc_file_open_dir_at(above, NSC_RUNDIR, NAME, NSC_IGNORE);
	if (dir < 0)
		return;
	make_room(dir);
	(void)nsc_file_write_at(dir, key->name, filter->code,
				filter->len * sizeof(*filter->code), 0600,
				NSC_IGNORE);
}

int nsc_filter_compile(const struct nsc_seccomp_profile *profile,
		       struct nsc_seccomp *ret, struct nsc_error *err)
{
	const struct key key = key_of(profile);
	int error;

	if (geteuid() == 0 && read_kept(&key, profile, ret) == 0)
		return 0;
	error = nsc_seccomp_compile(profile, ret, err);
	if (error == 0 && geteuid() == 0)
		keep(&key, ret);
	return error;
}
