/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a join and the monitor need to know of a running container: compiled
 * once by nsinit into the run directory, read by the login path and by
 * container-monitor.  See kv.h for the format.  The container's user may read
 * all of it.
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
#include "policy/lifecycle.h"

/*
 * Of 'state', and with it of all that the programs of one version tell each
 * other in a run directory: files, sockets, what the monitor is started with.
 * A change of any of them is another version.
 */
#define NSC_STATE_VERSION 1

struct nsc_state {
	char *text;		/* of who was parsed: all strings are in it */
	char *user;		/* whose container; its name for messages */
	uid_t uid;		/* the login user's */
	uid_t host_uid;		/* the user inside, as the host sees it */
	uid_t owner;		/* of the user namespace, and of 'sessions' */
	pid_t pid;		/* PID 1, as the host sees it */
	uint64_t start;		/* its start time, clock ticks since boot */
	char boot_id[NSC_BOOT_ID_SIZE];
	int64_t since;		/* seconds since the epoch */
	unsigned int namespaces;	/* CLONE_NEW*: those of its own */
	struct nsc_namespace_id ids[NSC_NAMESPACES];
	char *rootfs;		/* NULL: external */
	char *external;		/* the pid file of another engine's, or NULL */
	char *config;		/* the container.json it was made from */
	char *conf;		/* nscontainer.conf; "": of a directory */
	char *digest;		/* of both and more, see digest.h */
	char *files;		/* of config and the profile alone */
	unsigned int generation;	/* 1: the user's first since boot */
	unsigned int on_change;	/* enum nsc_on_change, of container.json */
	char *exclusive;	/* see nsc_generation_exclusive */
	/* When the monitor ends it: "empty", "logout", others: never. */
	char *stop;
	struct nsc_lifecycle lifecycle;	/* the rest of that, but for stop */
	bool own_init;		/* PID 1 is a program of the rootfs */
	struct nsc_process process;	/* whoever joins */
	char *seccomp;		/* as in container.json, for messages */
	/* Length and flags; nsc_running_filter reads the code. */
	struct nsc_seccomp filter;
	bool has_groups;	/* logins enter control groups first */
	uid_t run_uid;		/* 'user' of container.json, inside */
	gid_t run_gid;
	struct nsc_gids groups;	/* its supplementary groups, inside */
	char *name;		/* login name inside */
	char *home;
	char *shell;
	bool login_shell;
	char *message;
	char **keep_env;	/* vectors that are empty may be NULL */
	char **networks;	/* see nsc_network_describe */
	unsigned int helper;	/* pid inside of what carries the network, 0 */
};

/* Serialise to new memory; what nsc_state_load() would not take is an error. */
int nsc_state_print(const struct nsc_state *state, char **ret,
		    struct nsc_error *err);

/*
 * The reverse, of text that malloc() gave, and that is the state's from here on
 * in any case; a field that is missing or wrong is an error.  -EPROTO: it is
 * of another version, 0 from before there were any.
 */
int nsc_state_parse(char *text, struct nsc_state **ret, struct nsc_error *err);

/* Read and parse 'state' of a run directory; -EPROTO as above. */
int nsc_state_load(int rundir, struct nsc_state **ret, struct nsc_error *err);

/* Write 'state', then 'start', then 'pid': pid last, since it says "runs". */
int nsc_state_save(int rundir, const struct nsc_state *state,
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
