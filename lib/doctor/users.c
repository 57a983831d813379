/* SPDX-License-Identifier: Apache-2.0 */
/* Find users who are contained, who only seem to be, or who are refused. */
#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "util/acl.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/text.h"
#include "util/paths.h"
#include "doctor/doctor.h"

#define PASSWD "/etc/passwd"
#define USERS_MAX NSC_DOCTOR_USERS

static bool may_log_in(const char *shell)
{
	return !nsc_text_ends_with(shell, "/nologin") &&
	       !nsc_text_ends_with(shell, "/false") &&
	       !nsc_text_ends_with(shell, "/sync");
}

static void refuses(struct nsc_doctor *doctor, const struct nsc_user *user,
		    const char *text)
{
	bool host = doctor->conf &&
		    doctor->conf->on_error == NSC_ON_ERROR_HOST;
	const struct nsc_finding f = {
		.severity = host ? NSC_HOLE : NSC_RISK, .check = "refused",
		.remedy = host ? "on_error = \"refuse\"; and fix the error" :
				 "fix the error",
		.user = user->name,
	};

	nsc_doctor_add(doctor, &f, "a login %s: %s", host ?
		       "lands on the host, as on_error says" :
		       "would be refused", text);
}

static bool known(const struct nsc_doctor *doctor, const struct nsc_user *user)
{
	for (size_t i = 0; i < doctor->n_patients; i++)
		if (!strcmp(doctor->patients[i].user->name, user->name))
			return true;
	return false;
}

/*
 * Add a user who has a container.json or nsshell, or whose policy cannot be
 * decided.  Returns 1 if the user was added, and now belongs to doctor.
 */
static int users_add(struct nsc_doctor *doctor, struct nsc_user *user)
{
	struct nsc_patient patient = { .user = user }, *patients;
	struct nsc_error err = NSC_ERROR_INIT;

	patient.nsshell = nsc_text_ends_with(user->shell, "/nsshell");
	if (known(doctor, user) || doctor->n_patients >= USERS_MAX)
		return 0;
	if (nsc_policy_decide(doctor->conf_path, user, NULL, &patient.policy,
			      &err) < 0)
		refuses(doctor, user, err.text);
	else if (!doctor->everybody && !patient.policy->dir &&
		 !patient.nsshell)
		goto out;
	patient.exempt = patient.policy && patient.policy->dir &&
			 !patient.policy->contained;
	patients = reallocarray(doctor->patients, doctor->n_patients + 1,
				sizeof(*patients));
	if (!patients)
		goto out;
	doctor->patients = patients;
	doctor->patients[doctor->n_patients++] = patient;
	return 1;
out:
	nsc_policy_free(patient.policy);
	return 0;
}

static void add_name(struct nsc_doctor *doctor, const char *name, bool asked)
{
	struct nsc_error err = NSC_ERROR_INIT;
	struct nsc_user *user = NULL;

	if (nsc_user_load(name, &user, &err) < 0) {
		if (asked)
			nsc_doctor_blind(doctor, &err);
		return;
	}
	if ((!asked && !may_log_in(user->shell)) || !users_add(doctor, user))
		nsc_user_free(user);
}

/* Add the users of /etc/passwd; a directory service may have too many users. */
static void add_local(struct nsc_doctor *doctor)
{
	const struct nsc_finding rest = {
		.severity = NSC_NOTE, .check = "not-examined", .file = PASSWD,
		.remedy = "nsinit doctor USER...",
	};
	FILE *file = fopen(PASSWD, "re");
	const struct passwd *pw;
	int n = 0;

	for (; file && n < USERS_MAX && (pw = fgetpwent(file)); n++)
		if (pw->pw_name && pw->pw_shell && may_log_in(*pw->pw_shell ?
						pw->pw_shell : "/bin/sh"))
			add_name(doctor, pw->pw_name, false);
	if (n == USERS_MAX)
		nsc_doctor_add(doctor, &rest, "only the first %d users are "
			       "examined", USERS_MAX);
	if (file)
		fclose(file);
}

/* Add the users with a directory in users/, also those not in /etc/passwd. */
static void add_configured(struct nsc_doctor *doctor)
{
	const char *slash = strrchr(doctor->conf_path, '/');
	_cleanup_free_ char *path = NULL;
	struct nsc_error err = NSC_ERROR_INIT;
	const struct dirent *entry;
	int error = 0;
	DIR *dir;

	if (!slash || asprintf(&path, "%.*s/users",
			       (int)(slash - doctor->conf_path),
			       doctor->conf_path) < 0) {
		path = NULL;
		return;
	}
	dir = opendir(path);
	while (dir && (entry = nsc_file_next(dir, &error)))
		if (nsc_text_name_valid(entry->d_name))
			add_name(doctor, entry->d_name, false);
	if (dir)
		closedir(dir);
	if (error < 0) {
		nsc_error_sys(&err, -error, "%s", path);
		nsc_doctor_blind(doctor, &err);
	}
}

void nsc_doctor_find_users(struct nsc_doctor *doctor, const char *const *names)
{
	doctor->all = !names || !*names;
	for (; !doctor->all && *names; names++)
		add_name(doctor, *names, true);
	if (!doctor->all)
		return;
	add_local(doctor);
	add_configured(doctor);
}

/* Report the dangers that container.json accepts. */
static void report_accepted(struct nsc_doctor *doctor, const char *user,
			    const struct nscontainer_record *record)
{
	json_t *object = json_loads(nscontainer_record_json(record), 0, NULL);
	const struct nsc_finding f = {
		.severity = NSC_HOLE, .check = "accepted", .user = user,
		.file = json_string_value(json_object_get(object, "config")),
		.remedy = "do what the text says, and remove it from accept",
	};
	const json_t *text;
	size_t i;

	json_array_foreach(json_object_get(object, "accepted"), i, text)
		nsc_doctor_add(doctor, &f, "accept allows: %s",
			       json_string_value(text));
	json_decref(object);
}

static void users_check_config(struct nsc_doctor *doctor,
			       const struct nsc_patient *patient)
{
	struct nscontainer_error e = NSCONTAINER_ERROR_INIT;
	struct nscontainer_record *record = NULL;
	struct nscontainer *container = NULL;

	if (nscontainer_open_user(patient->user->name, doctor->conf_path,
				  &container, &e) == 0)
		nscontainer_check(container, &record, &e);
	if (record)
		report_accepted(doctor, patient->user->name, record);
	nscontainer_record_free(record);
	nscontainer_close(container);
	if (e.code)
		refuses(doctor, patient->user, e.text);
}

static bool in_shells(const char *shell)
{
	const char *line;
	bool found = false;

	setusershell();
	while (!found && (line = getusershell()))
		found = !strcmp(line, shell);
	endusershell();
	return found;
}

/* Without access control lists, users cannot read their container's records. */
static bool has_lists(void)
{
	_cleanup_fd_ int fd = nsc_file_open_dir(NSC_RUNDIR, NSC_IGNORE);

	if (fd == -ENOENT)
		fd = nsc_file_open_dir("/run", NSC_IGNORE);
	return fd < 0 || nsc_acl_possible(fd);
}

static void check_nsshell(struct nsc_doctor *doctor,
			  const struct nsc_patient *patient)
{
	struct nsc_finding f = {
		.severity = NSC_RISK, .user = patient->user->name,
		.check = "nsshell-not-listed", .file = "/etc/shells",
		.remedy = patient->user->shell,
	};

	if (!in_shells(patient->user->shell))
		nsc_doctor_add(doctor, &f, "the login shell %s is not listed: "
			       "programs that check this file refuse its users",
			       patient->user->shell);
	f.check = "nsshell-without-container";
	f.file = NULL;
	f.remedy = "write a container.json, or change the login shell";
	if (patient->policy && !patient->policy->dir)
		nsc_doctor_add(doctor, &f, "the login shell is nsshell, and "
			       "there is no container.json: the login fails");
	f.check = "nsshell-without-acl";
	f.file = NSC_RUNDIR;
	f.remedy = "mount a tmpfs there, on a kernel with "
		   "CONFIG_TMPFS_POSIX_ACL";
	if (!has_lists())
		nsc_doctor_add(doctor, &f, "the file system has no access "
			       "control lists: nsshell cannot join a "
			       "container");
	f.file = NULL;
	f.check = "nsshell-in-audit";
	f.remedy = "give the user another login shell until mode is "
		   "\"enforce\"";
	if (patient->policy && patient->policy->contained &&
	    patient->policy->conf->mode == NSC_MODE_AUDIT)
		nsc_doctor_add(doctor, &f, "mode is \"audit\", so "
			       "pam_container starts nothing, and nsshell "
			       "fails if no container runs");
}

static void check_exempt(struct nsc_doctor *doctor,
			 const struct nsc_patient *patient)
{
	/* The reason ends with the key. */
	const char *key = strrchr(patient->policy->reason, ' ') + 1;
	const struct nsc_finding f = {
		.severity = NSC_NOTE, .check = "exempt",
		.file = nsc_conf_file(patient->policy->conf, key),
		.user = patient->user->name,
		.remedy = "remove the name from the list if it is a mistake",
	};

	nsc_doctor_add(doctor, &f, "there is a container.json, but a login "
		       "stays on the host: %s", patient->policy->reason);
}

static void check_root(struct nsc_doctor *doctor,
		       const struct nsc_patient *patient)
{
	const struct nsc_finding f = {
		.severity = NSC_RISK, .check = "root-contained",
		.user = patient->user->name,
		.remedy = "remove users/root, or keep another way in",
	};

	if (patient->user->uid == 0)
		nsc_doctor_add(doctor, &f, "root's own logins are contained: "
			       "su and sudo to root as well");
}

static void check_pool(struct nsc_doctor *doctor,
		       const struct nsc_patient *patient)
{
	const struct nsc_conf *conf = patient->policy->conf;
	const struct nsc_finding f = {
		.severity = NSC_RISK, .check = "id-in-pool",
		.user = patient->user->name,
		.file = nsc_conf_file(conf, "id_pool_first"),
		.remedy = "id_pool_first = ...; of a range without accounts",
	};

	if (patient->user->uid >= conf->id_pool_first &&
	    patient->user->uid - conf->id_pool_first < conf->id_pool_count)
		nsc_doctor_add(doctor, &f, "uid %u is in the pool of ids: when "
			       "the pool gives its range to somebody, logins "
			       "of both are refused", patient->user->uid);
}

void nsc_doctor_users(struct nsc_doctor *doctor)
{
	for (size_t i = 0; i < doctor->n_patients; i++) {
		const struct nsc_patient *patient = &doctor->patients[i];

		if (patient->nsshell)
			check_nsshell(doctor, patient);
		if (patient->exempt)
			check_exempt(doctor, patient);
		if (!patient->policy || !patient->policy->contained)
			continue;
		check_root(doctor, patient);
		check_pool(doctor, patient);
		users_check_config(doctor, patient);
	}
}

static bool has_members(const struct group *group)
{
	const struct passwd *pw;
	bool found = group->gr_mem && group->gr_mem[0];
	FILE *file = found ? NULL : fopen(PASSWD, "re");

	while (file && !found && (pw = fgetpwent(file)))
		found = pw->pw_gid == group->gr_gid;
	if (file)
		fclose(file);
	return found;
}

void nsc_doctor_check_group(struct nsc_doctor *doctor, const char *name,
			    const char *file, unsigned int line)
{
	char remedy[192];
	const struct nsc_finding f = {
		.severity = NSC_RISK, .check = "break-glass-empty",
		.file = file, .line = line, .remedy = remedy,
	};
	const struct group *group = *name ? getgrnam(name) : NULL;

	snprintf(remedy, sizeof(remedy), "%s%s%susermod -aG %s ADMINISTRATOR",
		 group ? "" : "groupadd ", group ? "" : name,
		 group ? "" : "; ", name);
	if (!group || !has_members(group))
		nsc_doctor_add(doctor, &f, "the break-glass group '%s' %s: "
			       "only root is sure to get in when the "
			       "configuration is broken", name,
			       group ? "has no member" : "does not exist");
}

void nsc_doctor_break_glass(struct nsc_doctor *doctor)
{
	struct nsc_finding f = {
		.severity = NSC_NOTE, .check = "break-glass-contained",
		.remedy = "gpasswd -d USER " NSC_BREAK_GLASS,
	};
	nsc_doctor_check_group(doctor, NSC_BREAK_GLASS, NULL, 0);
	for (size_t i = 0; i < doctor->n_patients; i++) {
		const struct nsc_patient *patient = &doctor->patients[i];

		f.user = patient->user->name;
		if (patient->policy && patient->policy->contained &&
		    nsc_user_in_group(patient->user, NSC_BREAK_GLASS))
			nsc_doctor_add(doctor, &f, "there is a container.json, "
				       "but a login stays on the host: the "
				       "user is in " NSC_BREAK_GLASS);
	}
}
