/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the functions of <nscontainer.h>. */
#ifndef NSC_API_API_H
#define NSC_API_API_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "nscontainer.h"
#include "util/error.h"
#include "policy/user.h"
#include "rundir/state.h"

/* Marks the only symbols that the library exports. */
#define NSC_PUBLIC __attribute__((visibility("default")))

struct nscontainer {
	char *user;		/* NULL: the container of a directory */
	char *conf;		/* path of nscontainer.conf */
	char *dir;		/* NULL: the container of a user */
	char *rundir;		/* path of the run directory, see rundir.h */
};

/* Copy *from, made printable, to the caller's error; returns ret. */
int nsc_api_result(int ret, const struct nsc_error *from,
		   struct nscontainer_error *to);

/* The same, and the error names the container (NULL: all containers). */
int nsc_api_result_of(const struct nscontainer *container, int ret,
		      struct nsc_error *from, struct nscontainer_error *to);

/*
 * Load the user that the container belongs to: root for the container of a
 * directory.
 */
int nsc_api_user(const struct nscontainer *container, struct nsc_user **ret,
		 struct nsc_error *err);

/* The work of login-start. */
enum nsc_api_work {
	/*
	 * Start, join or replace the container as nscontainer.conf says, and
	 * send a session in it to NSC_HELPER_SOCKET.
	 */
	NSC_API_OPEN,
	/* The same, but hold the session for 5 seconds, and send nothing. */
	NSC_API_RENEW,
	/* Only check whether the container would start, and send nothing. */
	NSC_API_CHECK,
};

/* Do it.  Nothing is sent after an error.  Returns 0 or a negative errno. */
int nsc_api_serve_login(const struct nscontainer *container,
			enum nsc_api_work work, struct nscontainer_error *err);

/* The answer of login-start: from, without a session. */
void nsc_api_answer_login(const struct nscontainer_error *from);

/* Like nscontainer_check(), within the time that an audited login has. */
int nsc_api_check_for_login(const struct nscontainer *container,
			    struct nsc_error *err);

/*
 * A function to call for each instance of a user's container.  It returns
 * -ESRCH if no container runs in the instance, or if the container does not
 * have the session in question.
 */
struct nsc_api_act {
	int (*act)(int instance, unsigned int number, void *arg,
		   struct nsc_error *err);
	void *arg;
};

/*
 * Remove instances that no monitor watches from the run directory at path,
 * unless its lock shows that a start or stop is in progress.
 */
void nsc_api_sweep(int rundir, const char *path);

/*
 * Call act for the instances of the run directory at path, from the newest,
 * until it fails with an error other than -ESRCH.  Returns that error; else 0
 * if act succeeded once, or -ESRCH.
 */
int nsc_api_each(const char *path, const struct nsc_api_act *act,
		 struct nsc_error *err);

/*
 * Call nsc_api_each() for all users, and for the directories of 'nsinit exec'.
 * An error does not stop the loop: the first error other than
 * -ESRCH is returned at the end.
 */
int nsc_api_all(const struct nsc_api_act *act, struct nsc_error *err);

/*
 * Open the directory of the current instance of the run directory at path;
 * -ESRCH: there is none.
 */
int nsc_api_current(const char *path, struct nsc_error *err);

/*
 * The values of a line of the session log, as texts by key: KEY=VALUE or
 * KEY="VALUE", separated by spaces, up to any other text.
 */
json_t *nsc_api_history_parse(char *line);

/* One of these values; "" if there is none. */
const char *nsc_api_log_text(const json_t *line, const char *key);

/* Open a file of the session log; -ENOENT: it does not exist. */
int nsc_api_history_open(const char *path, struct stat *st,
			 struct nsc_error *err);

/* The name of the container's control groups; part of the handle. */
const char *nsc_api_group_name(const struct nscontainer *container);

/* Check that this process can fork and continue in the child. */
int nsc_api_may_fork(struct nsc_error *err);

/*
 * Prepare such a child: it dies with parent (0: with nobody), and gets default
 * signals and umask.  keep is the number of descriptors, from 3, that exec
 * keeps.
 */
void nsc_api_begin_child(pid_t parent, int keep);

/* A new array with an object for each interface of nsc_network_describe(). */
json_t *nsc_api_networks(char *const *networks);

/*
 * A new string for a path, which may contain any bytes: if the path is not
 * UTF-8, other bytes than ASCII become \xHH.  NULL becomes null.
 */
json_t *nsc_api_path(const char *path);

/*
 * The directory that a container of 'nsinit exec' belongs to; null for the
 * container of a user.
 */
json_t *nsc_api_directory(const struct nsc_state *state);

/* A new string with the directory of container.json; NULL: no memory. */
char *nsc_api_directory_of(const struct nsc_state *state);

/* The keys of a kind of record; a NULL name ends them. */
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
 * Append a record of object, which the function takes over, to list.  -EPROTO:
 * a member is not in keys, or has another type.
 */
int nsc_api_add(struct nscontainer_record **list,
		const struct nsc_api_key *keys, json_t *object,
		struct nsc_error *err);

/* Sort by "user"; equals keep their order. */
void nsc_api_sort(struct nscontainer_record **list);

/* Append the list more, which is not NULL, to list. */
void nsc_api_append(struct nscontainer_record **list,
		    struct nscontainer_record *more);

#endif
