/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Examine sshd's settings for each user, from "sshd -T", and find the file and
 * line that they come from.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/command.h"
#include "util/fd.h"
#include "util/file.h"
#include "doctor/doctor.h"

#define SSHD "/usr/sbin/sshd"
#define CONFIG "/etc/ssh/sshd_config"
#define ETC_SSH "/etc/ssh"
#define OUTPUT_MAX ((size_t)128 * 1024)
#define TIMEOUT_S 10

/* The users for whom a setting matters. */
enum whom { PLACED, BY_SHELL };

/* value NULL: any value except "no" and "none". */
static const struct rule {
	const char *key, *value;
	enum whom whom;
	enum nsc_severity severity;
	const char *text, *remedy;
} rules[] = {
	{ "usepam", "no", PLACED, NSC_HOLE,
	  "sshd does not use PAM: no login by ssh is contained",
	  "UsePAM yes" },
	{ "chrootdirectory", NULL, PLACED, NSC_RISK,
	  "the directory is looked up inside, where it and those above it must "
	  "be root's: with the rootfs \"/\" none is; it needs CAP_SYS_CHROOT",
	  "ChrootDirectory none" },
	{ "forcecommand", NULL, PLACED, NSC_NOTE,
	  "the command is looked up inside", "ForceCommand none" },
	{ "subsystem sftp", "internal-sftp", BY_SHELL, NSC_HOLE,
	  "sftp is on the host: sshd itself serves it",
	  "Subsystem sftp /usr/lib/openssh/sftp-server" },
	{ "forcecommand", "internal-sftp", BY_SHELL, NSC_HOLE,
	  "sftp is on the host: sshd itself serves it",
	  "ForceCommand /usr/lib/openssh/sftp-server" },
	{ "allowtcpforwarding", NULL, BY_SHELL, NSC_HOLE,
	  "forwarded ports are the host's", "AllowTcpForwarding no" },
	{ "allowstreamlocalforwarding", NULL, BY_SHELL, NSC_HOLE,
	  "forwarded sockets are the host's",
	  "AllowStreamLocalForwarding no" },
	{ "x11forwarding", NULL, BY_SHELL, NSC_HOLE,
	  "the X11 socket is on the host", "X11Forwarding no" },
	{ "allowagentforwarding", NULL, BY_SHELL, NSC_HOLE,
	  "the agent's socket is on the host", "AllowAgentForwarding no" },
	{ "permittunnel", NULL, BY_SHELL, NSC_HOLE,
	  "the tunnel's device is the host's", "PermitTunnel no" },
	{ "permituserenvironment", NULL, BY_SHELL, NSC_HOLE,
	  "the user's variables (LD_PRELOAD) reach nsshell on the host",
	  "PermitUserEnvironment no" },
	{ "permituserrc", NULL, BY_SHELL, NSC_RISK,
	  "sshd runs ~/.ssh/rc by a shell of the host that calls nsshell",
	  "PermitUserRC no" },
};

static char *run_sshd(const char *user, struct nsc_error *err)
{
	char spec[512];
	char *const argv[] = { (char[]){ "sshd" }, (char[]){ "-T" },
			       (char[]){ "-C" }, spec, NULL };
	char *const envp[] = {
		(char[]){ "PATH=/usr/sbin:/usr/bin:/sbin:/bin" }, NULL,
	};
	const struct nsc_command command = {
		.path = SSHD, .argv = argv, .envp = envp,
		.timeout = TIMEOUT_S, .stdout_too = true,
	};
	char *text = malloc(OUTPUT_MAX);
	int status;

	snprintf(spec, sizeof(spec), "user=%s,host=localhost,addr=127.0.0.1",
		 user);
	status = text ? nsc_command_run(&command, text, OUTPUT_MAX) : -ENOMEM;
	if (status == 0)
		return text;
	if (status < 0)
		nsc_error_sys(err, -status, SSHD " -T");
	else
		nsc_error_set(err, EIO, SSHD " -T ended with status %d: "
			      "%.300s", status, text);
	free(text);
	return NULL;
}

/* The value of "key value" in sshd's output, in new memory, or NULL. */
static char *find_value(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, key, len) && line[len] == ' ')
			return strndup(line + len + 1,
				       strcspn(line + len + 1, "\n"));
	}
	return NULL;
}

struct place {
	const char *key;	/* first word of the rule's key */
	char file[512];
	unsigned int line;
};

static bool search(const char *path, struct place *place, int depth);

static bool search_included(const char *patterns, struct place *place,
			    int depth)
{
	char pattern[512];
	glob_t found;
	bool ret = false;

	snprintf(pattern, sizeof(pattern), "%s%s", *patterns == '/' ? "" :
		 ETC_SSH "/", patterns);
	if (depth > 4 || glob(pattern, 0, NULL, &found) != 0)
		return false;
	for (size_t i = 0; !ret && i < found.gl_pathc; i++)
		ret = search(found.gl_pathv[i], place, depth + 1);
	globfree(&found);
	return ret;
}

/* Find the first line with the key; "Match" blocks are not evaluated. */
static bool search(const char *path, struct place *place, int depth)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY |
				   O_CLOEXEC);
	char *save = NULL, *line;
	unsigned int number = 0;

	if (fd < 0 || nsc_file_read(fd, path, NSC_FILE_MAX, &text, NULL,
				    NSC_IGNORE) < 0)
		return false;
	save = text;
	while ((line = strsep(&save, "\n"))) {
		char word[64] = "", value[256] = "";

		number++;
		if (sscanf(line, " %63[A-Za-z0-9]%*[ \t=\"]%255[^\"\n]", word,
			   value) < 1)
			continue;
		if (!strcasecmp(word, "include") &&
		    search_included(value, place, depth))
			return true;
		if (strcasecmp(word, place->key) != 0)
			continue;
		snprintf(place->file, sizeof(place->file), "%s", path);
		place->line = number;
		return true;
	}
	return false;
}

static void sshd_report(struct nsc_doctor *doctor, const struct rule *rule,
			const char *value, const char *user)
{
	char key[64];
	struct place place = { .key = key, .file = CONFIG };
	struct nsc_finding f = {
		.severity = rule->severity, .check = rule->key,
		.remedy = rule->remedy, .user = user,
	};

	snprintf(key, sizeof(key), "%.*s", (int)strcspn(rule->key, " "),
		 rule->key);
	search(CONFIG, &place, 0);
	f.file = place.file;
	f.line = place.line;
	nsc_doctor_add(doctor, &f, "%s %s: %s%s", rule->key, value, rule->text,
		       place.line ? "" : " (the default)");
}

static bool applies(const struct rule *rule, const char *value)
{
	if (rule->value)
		return !strncmp(value, rule->value, strlen(rule->value));
	return strcmp(value, "no") != 0 && strcmp(value, "none") != 0;
}

static bool is_forwarding(const struct rule *rule)
{
	return strstr(rule->key, "forwarding") ||
	       !strcmp(rule->key, "permittunnel");
}

/* AcceptEnv may let a client set variables of the dynamic linker. */
static void check_accept_env(struct nsc_doctor *doctor, const char *text,
			     const char *user)
{
	static const struct rule rule = {
		"acceptenv", NULL, BY_SHELL, NSC_HOLE,
		"the client's variables (LD_PRELOAD) reach nsshell on the "
		"host", "AcceptEnv LANG LC_*",
	};

	for (const char *line = text; line; line = strchr(line, '\n')) {
		char value[256];

		line += *line == '\n';
		if (sscanf(line, "acceptenv %255[^\n]", value) == 1 &&
		    (value[0] == '*' || value[0] == '?' ||
		     !strncmp(value, "LD_", 3) || !strcmp(value, "L*")))
			sshd_report(doctor, &rule, value, user);
	}
}

static void sshd_check_user(struct nsc_doctor *doctor,
			    const struct nsc_patient *patient, const char *text)
{
	_cleanup_free_ char *usepam = find_value(text, "usepam");
	_cleanup_free_ char *disabled = find_value(text, "disableforwarding");
	bool no_forwarding = disabled && !strcmp(disabled, "yes");
	bool placed = doctor->sshd_places && usepam && !strcmp(usepam, "yes");
	enum whom whom = patient->nsshell && !placed ? BY_SHELL : PLACED;

	for (size_t i = 0; i < NSC_ARRAY_SIZE(rules); i++) {
		const struct rule *rule = &rules[i];
		_cleanup_free_ char *value = find_value(text, rule->key);

		if (rule->whom != whom || !value || !applies(rule, value) ||
		    (no_forwarding && is_forwarding(rule)))
			continue;
		sshd_report(doctor, rule, value, patient->user->name);
	}
	if (whom == BY_SHELL)
		check_accept_env(doctor, text, patient->user->name);
}

void nsc_doctor_sshd(struct nsc_doctor *doctor)
{
	if (access(SSHD, X_OK) < 0)
		return;
	for (size_t i = 0; i < doctor->n_patients; i++) {
		const struct nsc_patient *patient = &doctor->patients[i];
		struct nsc_error err = NSC_ERROR_INIT;
		_cleanup_free_ char *text = NULL;

		if (patient->exempt)
			continue;
		text = run_sshd(patient->user->name, &err);
		if (text) {
			sshd_check_user(doctor, patient, text);
			continue;
		}
		/* It would fail for the other users as well. */
		nsc_doctor_blind(doctor, &err);
		return;
	}
}
