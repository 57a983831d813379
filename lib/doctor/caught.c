/* SPDX-License-Identifier: Apache-2.0 */
/* Name those whom a file in default/ or groups/ contains. */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor/doctor.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/paths.h"
#include "util/text.h"

#define PASSWD "/etc/passwd"

/* The accounts of one kind that one file contains. */
struct caught {
	char *dir;
	bool system;
	char **names;
	size_t n;
};

struct caughts {
	struct caught *list;
	size_t n;
};

static struct caught *caught_at(struct caughts *all, const char *dir,
				bool system)
{
	struct caught *list;

	for (size_t i = 0; i < all->n; i++)
		if (all->list[i].system == system &&
		    !strcmp(all->list[i].dir, dir))
			return &all->list[i];
	list = reallocarray(all->list, all->n + 1, sizeof(*list));
	if (!list)
		return NULL;
	all->list = list;
	list[all->n] = (struct caught){ .dir = strdup(dir), .system = system };
	return list[all->n].dir ? &list[all->n++] : NULL;
}

/*
 * Users without a login shell count, too: cron, su and sudo run commands as
 * them.
 */
static void caught_add(const struct nsc_doctor *doctor, struct caughts *all,
		       const char *name)
{
	_cleanup_policy_ struct nsc_policy *policy = NULL;
	_cleanup_user_ struct nsc_user *user = NULL;
	struct caught *caught;
	const char *kind;

	if (nsc_user_load(name, &user, NSC_IGNORE) < 0 ||
	    nsc_policy_decide(doctor->conf_path, user, NULL, &policy,
			      NSC_IGNORE) < 0 || !policy->contained)
		return;
	kind = policy->dir + (strrchr(doctor->conf_path, '/') -
			      doctor->conf_path);
	if (!strncmp(kind, "/users/", 7))
		return;
	caught = caught_at(all, policy->dir,
			   nsc_policy_is_system(NSC_FIRST_UID_HOST, user->uid));
	if (caught)
		(void)!nsc_text_append(&caught->names, &caught->n, user->name);
}

static void caught_tell(struct nsc_doctor *doctor, const struct caught *caught)
{
	char file[PATH_MAX];
	struct nsc_finding f = {
		.severity = caught->system ? NSC_RISK : NSC_NOTE,
		.check = caught->system ? "contains-system" : "contains",
		.file = file,
		.remedy = caught->system ? "first_uid = 1000; or exempt_users" :
			  "exempt_users = [ ... ]; for whom it should not",
	};
	const char *also = nsc_text_ends_with(caught->dir, "/default") ?
			   ", and all of a directory service" : "";

	snprintf(file, sizeof(file), "%.4000s/" NSC_CONFIG_FILE, caught->dir);
	for (size_t i = 0; i < caught->n; i++) {
		f.user = caught->names[i];
		if (caught->system)
			nsc_doctor_add(doctor, &f, "contains %zu accounts of "
				       "the system: their cron jobs, and what "
				       "su and sudo run as them", caught->n);
		else
			nsc_doctor_add(doctor, &f, "contains %zu accounts of "
				       PASSWD "%s", caught->n, also);
	}
}

void nsc_doctor_caught(struct nsc_doctor *doctor)
{
	struct caughts all = { NULL, 0 };
	_cleanup_file_ FILE *in = doctor->all ? fopen(PASSWD, "re") : NULL;
	const struct passwd *entry;

	for (int n = 0; in && n < NSC_DOCTOR_USERS && (entry = fgetpwent(in));
	     n++)
		caught_add(doctor, &all, entry->pw_name);
	for (size_t i = 0; i < all.n; i++) {
		caught_tell(doctor, &all.list[i]);
		nsc_text_free_vector(all.list[i].names);
		free(all.list[i].dir);
	}
	free(all.list);
}
