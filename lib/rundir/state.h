/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of a running container that joins and the monitor need.  nsinit
 * writes it once to the run directory; the login path and container-monitor
 * read it.  See kv.h for the format.  The container's user may read all of it.
 */
#ifndef NSC_RUNDIR_STATE_H
#define NSC_RUNDIR_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/error.h"
#include "util/kv.h"
#include "linux/confine.h"
#include "linux/namespace.h"
#include "linux/pidfd.h"
#include "policy/home_id.h"
#include "policy/lifecycle.h"
#include "policy/recording.h"

struct nsc_state {
	char *text;		/* the parsed text; strings point into it */
	/*
	 * Programs of another version started the container, and only the
	 * frozen fields are set (see state.c).  It is seen and stopped, but not
	 * joined: it drains.
	 */
	bool other_version;
	char *user;		/* user of the container, for messages */
	uid_t uid;		/* of the login user */
	uid_t host_uid;		/* of the user inside, as the host sees it */
	uid_t owner;		/* of the user namespace, and of 'sessions' */
	pid_t pid;		/* PID 1, as the host sees it */
	uint64_t start;		/* its start time, clock ticks since boot */
	char boot_id[NSC_BOOT_ID_SIZE];
	int64_t since;		/* seconds since the epoch */
	unsigned int namespaces;	/* CLONE_NEW*: its own ones */
	struct nsc_namespace_id ids[NSC_NAMESPACES];
	char *rootfs;		/* NULL: external */
	char *external;		/* pid file of another engine, or NULL */
	char *config;		/* the container.json that was used */
	char *conf;		/* nscontainer.conf; "": exec in a directory */
	char *digest;		/* of these files and more, see digest.h */
	char *files;		/* of config and the seccomp profile only */
	unsigned int generation;	/* 1: the user's first since boot */
	unsigned int on_change;	/* enum nsc_on_change, of container.json */
	char *exclusive;	/* see nsc_generation_exclusive */
	/* When the monitor ends it: "empty", "logout"; other values: never. */
	char *stop;
	struct nsc_lifecycle lifecycle;	/* its other keys, without stop */
	bool own_init;		/* PID 1 is a program of the rootfs */
	struct nsc_process process;	/* of joining processes */
	char *seccomp;		/* as in container.json, for messages */
	/* Length and flags; nsc_running_filter reads the code. */
	struct nsc_seccomp filter;
	bool has_groups;	/* logins enter control groups first */
	uid_t run_uid;		/* 'user' of container.json, inside */
	gid_t run_gid;
	struct nsc_gids groups;	/* its supplementary groups, inside */
	char *name;		/* login name inside */
	char *home;
	struct nsc_home_id home_id;	/* of a home that is the host's */
	char *home_missing;	/* why the host's is not inside, or NULL */
	char *shell;
	bool login_shell;
	char *message;
	struct nsc_recording recording;
	char **keep_env;	/* vectors that are empty may be NULL */
	char **bring;		/* names of variables, see nsc_bring_add */
	char **networks;	/* see nsc_network_describe */
	/* Groups that its devices give to the user, as the host sees them. */
	struct nsc_gids more_groups;
	unsigned int helper;	/* pid inside of the network helper; 0: none */
};

/*
 * Serialise to new memory; a value that nsc_state_load() would reject is an
 * error.  Returns 0 or a negative errno.
 */
int nsc_state_print(const struct nsc_state *state, char **ret,
		    struct nsc_error *err);

/*
 * Parse a text from malloc(), which the state owns from now on, even after an
 * error.  A missing or wrong field is an error, except in a state of another
 * version.  Returns 0 or a negative errno.
 */
int nsc_state_parse(char *text, struct nsc_state **ret, struct nsc_error *err);

/* Read and parse 'state' in a run directory; errors as above. */
int nsc_state_load(int rundir, struct nsc_state **ret, struct nsc_error *err);

/*
 * Write 'state', 'start' and then 'pid': 'pid' is last because it marks the
 * container as running.  Returns 0 or a negative errno.
 */
int nsc_state_save(int rundir, const struct nsc_state *state,
		   struct nsc_error *err);

/* Write 'state' again, of a container that runs.  Returns 0 or an errno. */
int nsc_state_replace(int rundir, const struct nsc_state *state,
		      struct nsc_error *err);

/* Remove pid, start, state and the filter. */
void nsc_state_remove(int rundir);

void nsc_state_free(struct nsc_state *state);
static inline void nsc_state_cleanup(struct nsc_state **state)
{
	nsc_state_free(*state);
	*state = NULL;
}
#define _cleanup_state_ __attribute__((cleanup(nsc_state_cleanup)))

#endif
