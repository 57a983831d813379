/* SPDX-License-Identifier: Apache-2.0 */
/* Find what /var/lib/nscontainer keeps of accounts that are gone. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "container/account.h"
#include "doctor/doctor.h"
#include "rundir/statedir.h"
#include "policy/dropins.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/text.h"

static const struct nsc_finding orphan = {
	.severity = NSC_NOTE, .check = "orphan", .file = NSC_STATEDIR,
	.remedy = "nsinit purge USER",
}, refused = {
	.severity = NSC_RISK, .check = "kept-of-another", .file = NSC_STATEDIR,
	.remedy = "nsinit purge USER; or, if it is the same person, nsinit "
		  "adopt USER",
};

static void orphans_say(struct nsc_doctor *doctor,
			const struct nsc_finding *what, const char *user,
			const char *text)
{
	struct nsc_finding f = *what;

	f.user = user;
	nsc_doctor_add(doctor, &f, "%s", text);
}

static void check_account(struct nsc_doctor *doctor, int dir,
			  const struct nsc_user *user)
{
	struct nsc_account recorded, present;
	char text[32];
	long long uid;

	if (nsc_account_read(dir, &recorded, NSC_IGNORE) < 0)
		return;
	if (faccessat(dir, NSC_STATEDIR_GONE, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		orphans_say(doctor, &refused, user->name, "what is kept is of "
			    "an account that was deleted, and another one has "
			    "its name: a login that needs it is refused");
	else if (nsc_account_judge(user, &recorded, &present) ==
		 NSC_ACCOUNT_REMADE)
		orphans_say(doctor, &refused, user->name, "what is kept is "
			    "older than the home: a login that needs it is "
			    "refused");
	if (nsc_file_read_text(dir, NSC_STATEDIR_UID, text, sizeof(text)) <= 0)
		return;
	text[strcspn(text, "\n")] = '\0';
	if (nsc_text_number(text, 0, UINT32_MAX, &uid) < 0 || uid != user->uid)
		orphans_say(doctor, &refused, user->name, "what is kept is of "
			    "another uid: a login that needs it is refused");
}

/* A directory whose container.json is gone. */
static void check_directory(struct nsc_doctor *doctor, int dir,
			    const char *path)
{
	struct nsc_finding f = orphan;
	char config[PATH_MAX], remedy[PATH_MAX + 16];
	struct nsc_config_files files;

	if (nsc_file_read_text(dir, NSC_STATEDIR_PATH, config,
			       sizeof(config)) <= 0 ||
	    nsc_config_files_load(config, NSC_CONFIG_HASH, &files,
				  NSC_IGNORE) != -ENOENT)
		return;
	snprintf(remedy, sizeof(remedy), "rm -r %s", path);
	f.file = path;
	f.remedy = remedy;
	nsc_doctor_add(doctor, &f, "the layer of %s, which does not exist any "
		       "more", config);
}

static void check_kept(struct nsc_doctor *doctor, int state, const char *name)
{
	_cleanup_user_ struct nsc_user *user = NULL;
	_cleanup_fd_ int dir = openat(state, name, O_RDONLY | O_DIRECTORY |
				      O_NOFOLLOW | O_CLOEXEC);
	size_t purge = strlen(NSC_STATEDIR_PURGE);
	char path[PATH_MAX];
	int ret;

	if (dir < 0)
		return;
	snprintf(path, sizeof(path), "%s/%s", NSC_STATEDIR, name);
	if (!strncmp(name, NSC_STATEDIR_DIR, strlen(NSC_STATEDIR_DIR))) {
		check_directory(doctor, dir, path);
		return;
	}
	if (!strncmp(name, NSC_STATEDIR_PURGE, purge)) {
		orphans_say(doctor, &orphan, name + purge, "a purge was "
			    "interrupted: it has to be run again");
		return;
	}
	/* See nsc_statedir_path(). */
	if (name[0] == '.')
		name++;
	ret = nsc_user_load(name, &user, NSC_IGNORE);
	if (ret == 0)
		check_account(doctor, dir, user);
	else if (ret == -ENOENT)
		orphans_say(doctor, &orphan, name, "homes or layers are kept "
			    "of accounts that the system does not know");
}

void nsc_doctor_orphans(struct nsc_doctor *doctor)
{
	struct nsc_error err = NSC_ERROR_INIT;
	_cleanup_fd_ int state = nsc_file_open_dir(NSC_STATEDIR, &err);
	DIR *dir = state < 0 ? NULL : nsc_file_list(state);
	const struct dirent *entry;

	if (state < 0 && state != -ENOENT)
		nsc_doctor_blind(doctor, &err);
	while (dir && (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			check_kept(doctor, state, entry->d_name);
	if (dir)
		closedir(dir);
}
