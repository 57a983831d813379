/*
 * What a join needs to know of a running container: compiled once by nsinit
 * into the run directory, read by the login path.  A line "key value" for each
 * field, in the order of the table in state.c.
 */
#ifndef NSC_RUNDIR_STATE_H
#define NSC_RUNDIR_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/error.h"
#include "linux/namespace.h"
#include "linux/pidfd.h"
#include "linux/rlimit.h"
#include "linux/seccomp.h"

struct nsc_gids {
	gid_t *list;
	size_t n;
};

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
	char *stop;		/* "empty", "logout", "never", "external" */
	uint64_t capabilities;	/* the bounding set of whoever joins */
	bool own_init;		/* PID 1 is a program of the rootfs */
	bool no_new_privs;
	struct nsc_rlimit rlimits[NSC_RLIMIT_MAX];
	size_t n_rlimits;
	int umask;		/* -1: leave it */
	int oom_score_adj;	/* beyond 1000: leave it */
	char *apparmor_profile;	/* NULL or "": none */
	char *process_label;	/* SELinux, of what is executed */
	char *seccomp;		/* as in container.json, for messages */
	/* Length and flags; nsc_join_filter reads the code. */
	struct nsc_seccomp filter;
	bool has_groups;	/* logins enter control groups first */
	uid_t run_uid;		/* 'user' of container.json, inside */
	gid_t run_gid;
	struct nsc_gids groups;	/* its supplementary groups, inside */
	char *name;		/* login name inside */
	char *home;
	char *shell;
	char *working_dir;
	bool login_shell;
	bool tty;		/* what nsinit exec runs gets a terminal */
	char *message;
	char **environment;	/* vectors that are empty may be NULL */
	char **keep_env;
	char **networks;	/* see nsc_network_describe */
	unsigned int helper;	/* pid inside of what carries the network, 0 */
};

/* Serialise to new memory; NULL without memory. */
char *nsc_state_print(const struct nsc_state *state);

/*
 * The reverse, of text that malloc() gave, and that is the state's from here on
 * in any case; a field that is missing or wrong is an error.
 */
int nsc_state_parse(char *text, struct nsc_state **ret, struct nsc_error *err);

/* Read and parse 'state' of a run directory. */
int nsc_state_load(int rundir, struct nsc_state **ret, struct nsc_error *err);

/* Write 'state', then 'start', then 'pid': pid last, since it says "runs". */
int nsc_state_save(int rundir, const struct nsc_state *state,
		   struct nsc_error *err);

/* Remove pid, start, state, the filter and what the monitor was told. */
void nsc_state_remove(int rundir);

void nsc_state_free(struct nsc_state *state);
static inline void nsc_state_cleanup(struct nsc_state **state)
{
	nsc_state_free(*state);
	*state = NULL;
}
#define _cleanup_state_ __attribute__((cleanup(nsc_state_cleanup)))

#endif
