/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Examine the PAM services of the host: which of them call the module, and
 * which modules they call before and after it.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/text.h"
#include "doctor/doctor.h"
#include "doctor/pam.h"

#define SERVICES_MAX 512

enum kind { DOOR, FALLBACK, CHORE };

/* The doors first.  A service that is not in this table counts as one, too. */
static const struct {
	const char *service;
	enum kind kind;
} services[] = {
	{ "sshd", DOOR }, { "login", DOOR }, { "su", DOOR }, { "su-l", DOOR },
	{ "sudo", DOOR }, { "sudo-i", DOOR }, { "cron", DOOR },
	{ "crond", DOOR }, { "atd", DOOR }, { "remote", DOOR },
	{ "systemd-user", DOOR },
	/* For root, who becomes another user; service managers use them too. */
	{ "runuser", CHORE }, { "runuser-l", CHORE },
	{ "systemd-run0", CHORE },
	/* These services open no session for the user. */
	{ "chfn", CHORE }, { "chsh", CHORE }, { "passwd", CHORE },
	{ "chpasswd", CHORE }, { "newusers", CHORE }, { "useradd", CHORE },
	{ "usermod", CHORE }, { "groupadd", CHORE }, { "polkit-1", CHORE },
	{ "vlock", CHORE }, { "screen", CHORE },
	{ "other", FALLBACK },
};

/* Modules that need the host, and do nothing or the wrong thing inside. */
static const struct {
	const char *module, *why;
} needs_host[] = {
	{ "pam_systemd.so", "logind is not told of the session" },
	{ "pam_elogind.so", "elogind is not told of the session" },
	{ "pam_loginuid.so", "the audit uid is not set" },
	{ "pam_keyinit.so", "the keyring is not the user's" },
	{ "pam_limits.so", "it reads the container's limits.conf, and may not "
			   "raise a limit" },
	{ "pam_namespace.so", "it may not mount" },
	{ "pam_selinux.so", "it sets no label" },
	{ "pam_mount.so", "it may not mount" },
	{ "pam_mkhomedir.so", "it makes the home in the container" },
	{ "pam_tty_audit.so", "it may not set the audit" },
};

struct service {
	struct nsc_doctor *doctor;
	char *name;
	struct nsc_pam_stack stack;	/* its session lines */
	struct nsc_pam_stack before[2];	/* auth, account */
};

struct services {
	struct service *list;
	size_t n;
};

static void stacks_add(const struct service *s, enum nsc_severity severity,
		       const char *check, const struct nsc_pam_line *line,
		       const char *text)
{
	const struct nsc_finding f = {
		.severity = severity, .check = check, .file = line->file,
		.line = line->number,
		.remedy = "session required " NSC_PAM_MODULE,
	};

	nsc_doctor_add(s->doctor, &f, "session %s %s: %s", line->control,
		       line->module, text);
}

/* Check how the stack continues when a login cannot be placed. */
static void check_control(const struct service *s,
			  const struct nsc_pam_line *line)
{
	enum nsc_pam_action action = nsc_pam_action(line->control,
						    "perm_denied");

	if (action != NSC_PAM_BAD && action != NSC_PAM_DIE)
		stacks_add(s, NSC_HOLE, "control", line,
			   "a login that cannot be "
			   "placed continues on the host");
	if (nsc_pam_action(line->control, "success") == NSC_PAM_DONE)
		stacks_add(s, NSC_RISK, "control-ends", line,
			   "the modules after it "
			   "are not called");
}

/* True if the module places sshd's login process in the container. */
static bool places(const struct nsc_doctor *doctor,
		   const struct nsc_pam_options *options)
{
	if (!doctor->conf)
		return false;
	return (options->has_mode ? options->mode : doctor->conf->mode) ==
	       NSC_MODE_ENFORCE &&
	       (options->has_placement ? options->placement :
		doctor->conf->placement) == NSC_PLACEMENT_SESSION;
}

static void check_arguments(const struct service *s,
			    const struct nsc_pam_line *line)
{
	struct nsc_error err = NSC_ERROR_INIT;
	struct nsc_pam_options options;

	if (nsc_pam_options(line, &options, &err) < 0)
		stacks_add(s, NSC_RISK, "arguments", line, err.text);
	if (options.has_mode && options.mode == NSC_MODE_AUDIT)
		stacks_add(s, NSC_HOLE, "audit-argument", line,
			   "mode=audit contains nobody");
	/* The module reads another nscontainer.conf than the doctor. */
	if (strcmp(options.conf, s->doctor->conf_path) != 0)
		stacks_add(s, NSC_NOTE, "other-conf", line,
			   "reads another file than "
			   "this doctor: examine it with --conf");
	if (strcmp(options.break_glass, NSC_BREAK_GLASS) != 0)
		nsc_doctor_check_group(s->doctor, options.break_glass,
				       line->file, line->number);
	if (!strcmp(s->name, "sshd"))
		s->doctor->sshd_places = places(s->doctor, &options);
}

static void check_before(const struct service *s, size_t ours)
{
	const struct nsc_pam_line *line;
	struct nsc_finding f = {
		.severity = NSC_HOLE, .check = "passed-over",
		.remedy = "session required " NSC_PAM_MODULE " above it, or "
			  "another control",
	};

	for (size_t i = 0; i < ours; i++) {
		line = &s->stack.lines[i];
		if (!nsc_pam_passes_over(&s->stack, i, ours))
			continue;
		f.file = line->file;
		f.line = line->number;
		nsc_doctor_add(s->doctor, &f, "session %s %s: can end the "
			       "stack or skip the lines after it, including "
			       NSC_PAM_MODULE " of %s:%u", line->control,
			       line->module, s->stack.lines[ours].file,
			       s->stack.lines[ours].number);
	}
}

static void check_after(const struct service *s, size_t ours)
{
	struct nsc_finding f = {
		.severity = NSC_RISK, .check = "after",
		.remedy = "move the line above " NSC_PAM_MODULE,
	};

	for (size_t i = ours + 1; i < s->stack.n; i++) {
		const struct nsc_pam_line *line = &s->stack.lines[i];

		for (size_t k = 0; k < NSC_ARRAY_SIZE(needs_host); k++) {
			if (strcmp(line->module, needs_host[k].module) != 0)
				continue;
			f.file = line->file;
			f.line = line->number;
			nsc_doctor_add(s->doctor, &f, "session %s %s: is "
				       "called inside: %s", line->control,
				       line->module, needs_host[k].why);
		}
	}
}

static bool is_of_other(const struct service *s)
{
	return strcmp(s->name, NSC_PAM_OTHER) != 0 &&
	       nsc_text_ends_with(s->stack.path, "/" NSC_PAM_OTHER);
}

static void missing(const struct service *s, enum kind kind)
{
	bool is_manager = !strcmp(s->name, "systemd-user");
	const struct nsc_finding f = {
		.severity = kind == FALLBACK ? NSC_RISK : NSC_HOLE,
		.check = "not-listed", .file = s->stack.path,
		.remedy = is_manager ? "nsinit enable systemd-user" :
				       "session required " NSC_PAM_MODULE,
	};

	if (is_of_other(s))
		nsc_doctor_add(s->doctor, &f, NSC_PAM_MODULE " is not listed, "
			       "and '%s' has no session lines of its own: its "
			       "sessions are on the host", s->name);
	else
		nsc_doctor_add(s->doctor, &f, NSC_PAM_MODULE " is not listed: "
			       "%s", kind == FALLBACK ? "services without a "
			       "file open sessions on the host" :
			       is_manager ? "a user's service manager runs the "
			       "user's units on the host" :
			       "its sessions are on the host");
}

/* True if nobody gets past this stack, and that is not what somebody wanted. */
static bool is_shut(const struct nsc_pam_stack *stack, size_t ours)
{
	struct nsc_pam_ends ends = nsc_pam_walk(stack, ours);

	return !ends.inside && !ends.outside &&
	       (ours < stack->n || !ends.barrier ||
		strcmp(ends.barrier->module, "pam_deny.so") != 0);
}

static void shut(const struct service *s, const struct nsc_pam_stack *stack)
{
	const struct nsc_pam_line *line = nsc_pam_walk(stack, 0).barrier;
	struct nsc_error err = NSC_ERROR_INIT;
	struct nsc_finding f = {
		.severity = NSC_RISK, .check = "nobody-gets-in",
		.file = line ? line->file : stack->path,
		.line = line ? line->number : 0,
		.remedy = "a line that can succeed",
	};

	/* A name that begins so is ours with a typing mistake. */
	if (line && line->wrong)
		f.remedy = !strncmp(line->module, "pam_con", 7) &&
			   strcmp(line->module, NSC_PAM_MODULE) != 0 ?
			"session required " NSC_PAM_MODULE :
			"correct the line, remove it, or install what it "
			"names";
	nsc_pam_shut(stack, line, s->name, &err);
	nsc_doctor_add(s->doctor, &f, "%s", err.text);
}

static void check_logins(const struct service *s)
{
	for (size_t t = 0; t < NSC_ARRAY_SIZE(s->before); t++)
		if (is_shut(&s->before[t], s->before[t].n))
			shut(s, &s->before[t]);
}

const char *nsc_doctor_door(size_t i)
{
	return i < NSC_ARRAY_SIZE(services) && services[i].kind == DOOR ?
		       services[i].service : NULL;
}

static enum kind kind_of(const char *service)
{
	for (size_t i = 0; i < NSC_ARRAY_SIZE(services); i++)
		if (!strcmp(services[i].service, service))
			return services[i].kind;
	return DOOR;
}

static bool is_named(const char *service)
{
	for (size_t i = 0; i < NSC_ARRAY_SIZE(services); i++)
		if (!strcmp(services[i].service, service))
			return true;
	return false;
}

static void examine(const struct service *s)
{
	enum kind kind = kind_of(s->name);
	const struct nsc_pam_line *found = nsc_pam_find(&s->stack,
							NSC_PAM_MODULE);
	size_t ours = found ? (size_t)(found - s->stack.lines) : s->stack.n;

	/* A service without session lines that is no door opens no session. */
	if (kind == CHORE && is_of_other(s))
		return;
	if (kind != CHORE)
		check_logins(s);
	if ((found || kind != CHORE) && is_shut(&s->stack, ours)) {
		shut(s, &s->stack);
		/* After the failure, sshd forwards nothing. */
		s->doctor->sshd_places |= !strcmp(s->name, "sshd");
		return;
	}
	if (!found) {
		if (kind != CHORE && nsc_pam_walk(&s->stack, ours).outside)
			missing(s, kind);
		return;
	}
	check_control(s, found);
	check_arguments(s, found);
	check_before(s, ours);
	check_after(s, ours);
	nsc_doctor_readers(s->doctor, s->name, &s->stack, ours);
}

static bool includes(const struct nsc_pam_stack *stack, const char *name)
{
	for (size_t i = 0; i < stack->n_included; i++)
		if (!strcmp(stack->included[i], name))
			return true;
	return false;
}

/* True if other services include the file, and it is not a known service. */
static bool is_fragment(const char *name, const struct services *all)
{
	bool found = false;

	for (size_t i = 0; i < all->n && !found && !is_named(name); i++)
		found = strcmp(all->list[i].name, name) != 0 &&
			(includes(&all->list[i].stack, name) ||
			 includes(&all->list[i].before[0], name) ||
			 includes(&all->list[i].before[1], name));
	return found;
}

/* Skip backup copies of editors and package managers. */
static bool is_service(const char *name)
{
	return nsc_text_word_valid(name) && !strstr(name, ".dpkg-") &&
	       !strstr(name, ".rpm") && !strstr(name, ".bak");
}

static void add_service(struct nsc_doctor *doctor, const char *name,
			struct services *all)
{
	struct service *s = &all->list[all->n];
	struct nsc_error err = NSC_ERROR_INIT;

	if (!is_service(name) || all->n == SERVICES_MAX)
		return;
	for (size_t i = 0; i < all->n; i++)
		if (!strcmp(all->list[i].name, name))
			return;
	*s = (struct service){ .doctor = doctor };
	if (nsc_text_copy(&s->name, name) < 0)
		return;
	all->n++;
	if (nsc_pam_load(name, "session", &s->stack, &err) < 0 ||
	    nsc_pam_load(name, "auth", &s->before[0], &err) < 0 ||
	    nsc_pam_load(name, "account", &s->before[1], &err) < 0)
		nsc_doctor_blind(doctor, &err);
}

static void add_directory(struct nsc_doctor *doctor, const char *path,
			  struct services *all)
{
	DIR *dir = opendir(path);
	int error = dir || errno == ENOENT ? 0 : -errno;
	struct nsc_error err = NSC_ERROR_INIT;
	const struct dirent *entry;

	while (dir && (entry = nsc_file_next(dir, &error)))
		add_service(doctor, entry->d_name, all);
	if (dir)
		closedir(dir);
	if (error < 0) {
		nsc_error_sys(&err, -error, "%s", path);
		nsc_doctor_blind(doctor, &err);
	}
}

/* Each line of pam.conf begins with the name of a service. */
static void add_conf(struct nsc_doctor *doctor, struct services *all)
{
	_cleanup_file_ FILE *file = fopen(NSC_PAM_CONF, "re");
	char line[1024], name[NSC_NAME_MAX + 1];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%64[^# \t\n]", name) == 1)
			add_service(doctor, name, all);
}

static void load_all(struct nsc_doctor *doctor, struct services *all)
{
	const char *dirs[NSC_PAM_DIRS_MAX];
	size_t n = nsc_pam_dirs(dirs);

	for (size_t i = 0; i < n; i++)
		add_directory(doctor, dirs[i], all);
	if (n == 0)
		add_conf(doctor, all);
	if (all->n == SERVICES_MAX)
		nsc_doctor_add(doctor, &(struct nsc_finding){
			.severity = NSC_RISK, .check = "not-examined",
			.file = NSC_PAM_DIR, .remedy = "remove unused services",
		}, "only %d services are examined", SERVICES_MAX);
}

void nsc_doctor_stacks(struct nsc_doctor *doctor)
{
	struct services all = { calloc(SERVICES_MAX, sizeof(*all.list)), 0 };

	if (all.list)
		load_all(doctor, &all);
	for (size_t i = 0; i < all.n; i++)
		if (!is_fragment(all.list[i].name, &all))
			examine(&all.list[i]);
	for (size_t i = 0; i < all.n; i++) {
		free(all.list[i].name);
		nsc_pam_free(&all.list[i].stack);
		nsc_pam_free(&all.list[i].before[0]);
		nsc_pam_free(&all.list[i].before[1]);
	}
	free(all.list);
}
