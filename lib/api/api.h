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
	char *rundir;		/* path of the run directory */
};

/* Copy *from, printable, to the caller's; returns ret. */
int nsc_api_result(int ret, const struct nsc_error *from,
		   struct nscontainer_error *to);

/* The user whose container it is: root for a directory. */
int nsc_api_user(const struct nscontainer *container, struct nsc_user **ret,
		 struct nsc_error *err);

/* Can this process fork and go on in the child? */
int nsc_api_may_fork(struct nsc_error *err);

/*
 * In such a child: end with parent, and nothing that the caller had set
 * matters: signals, umask; keep is the number of descriptors that exec keeps.
 */
void nsc_api_begin_child(pid_t parent, int keep);

/* An array with an object for each interface, see nsc_network_describe(). */
json_t *nsc_api_networks(char *const *networks);

/* A record of object, which is taken over; NULL without memory. */
struct nscontainer_record *nsc_api_record(json_t *object);

/* Put record at the end of list. */
void nsc_api_append(struct nscontainer_record **list,
		    struct nscontainer_record *record);

#endif
