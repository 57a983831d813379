/* SPDX-License-Identifier: Apache-2.0 */
/* What the functions of <nscontainer.h> share. */
#ifndef NSC_API_API_H
#define NSC_API_API_H

#include <jansson.h>
#include <stdbool.h>

#include "nscontainer.h"
#include "util/error.h"
#include "policy/user.h"

/* The only symbols that the library shows. */
#define NSC_PUBLIC __attribute__((visibility("default")))

struct nscontainer {
	char *user;		/* NULL: a directory's */
	char *conf;		/* path of nscontainer.conf */
	char *dir;		/* NULL: a user's */
	char *rundir;		/* path of the run directory, see rundir.h */
};

/* Copy *from, printable, to the caller's; returns ret. */
int nsc_api_result(int ret, const struct nsc_error *from,
		   struct nscontainer_error *to);

/* The user whose container it is: root for a directory. */
int nsc_api_user(const struct nscontainer *container, struct nsc_user **ret,
		 struct nsc_error *err);

/*
 * nscontainer_start() for a login, which holds the lock on NSC_HELPER_LOCK: the
 * container ends as nscontainer.conf says, and one whose monitor was killed is
 * given another.
 */
int nsc_api_start_for_login(const struct nscontainer *container, bool replace,
			    struct nscontainer_error *err);

/*
 * What is done in each instance of a user's; -ESRCH: no container runs there,
 * or it has not what is looked for.
 */
struct nsc_api_act {
	int (*act)(int instance, unsigned int number, void *arg,
		   struct nsc_error *err);
	void *arg;
};

/*
 * Clear away what nobody watches in the run directory at path, unless a login
 * is just starting or stopping something there.
 */
void nsc_api_sweep(int rundir, const char *path);

/*
 * Do that in the instances of the run directory at path, the newest first,
 * until it fails with another error than -ESRCH.  Returns that error, 0 where
 * it was done in one, or -ESRCH.
 */
int nsc_api_each(const char *path, const struct nsc_api_act *act,
		 struct nsc_error *err);

/*
 * The same for all users, and with directories those of 'nsinit exec', but to
 * the end: the first error is returned, and -ESRCH is none.
 */
int nsc_api_all(bool directories, const struct nsc_api_act *act,
		struct nsc_error *err);

/*
 * The directory of the instance that is current in the run directory at path;
 * -ESRCH: there is none.
 */
int nsc_api_current(const char *path, struct nsc_error *err);

/* The name of its control groups. */
const char *nsc_api_group_name(const struct nscontainer *container);

/* Can this process fork and go on in the child? */
int nsc_api_may_fork(struct nsc_error *err);

/*
 * In such a child: end with parent, and nothing that the caller had set
 * matters: signals, umask; keep is the number of descriptors that exec keeps.
 */
void nsc_api_begin_child(pid_t parent, int keep);

/* An array with an object for each interface, see nsc_network_describe(). */
json_t *nsc_api_networks(char *const *networks);

/*
 * A string of a path, which may have any bytes: where it is not UTF-8, with
 * \xHH for what is not ASCII.  NULL becomes null.
 */
json_t *nsc_api_path(const char *path);

/* The keys of a kind of record, after the last one a NULL. */
struct nsc_api_key {
	const char *name;
	enum nsc_api_type { NSC_API_TEXT, NSC_API_TEXTS, NSC_API_INT,
			    NSC_API_REAL, NSC_API_BOOL } type;
};

/* static NSC_API_KEYS(find_keys, NSCONTAINER_KEYS_FIND); */
#define NSC_API_KEY(name, type, meaning) { name, NSC_API_##type },
#define NSC_API_KEYS(keys, table) \
	const struct nsc_api_key keys[] = { table(NSC_API_KEY) { NULL, 0 } }

/*
 * Put a record of object, which is taken over, at the end of list.  -EPROTO:
 * something in it is not in keys, or of another type.
 */
int nsc_api_add(struct nscontainer_record **list,
		const struct nsc_api_key *keys, json_t *object,
		struct nsc_error *err);

/* Put record into list, which is in the order of "user", after its equals. */
void nsc_api_insert(struct nscontainer_record **list,
		    struct nscontainer_record *record);

/* Put the list more, which is not NULL, at the end of list. */
void nsc_api_append(struct nscontainer_record **list,
		    struct nscontainer_record *more);

#endif
