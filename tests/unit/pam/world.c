/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pam/at_fork.h"
#include "session/bring.h"
#include "session/environment.h"
#include "session/session.h"

struct world the;

static int fails(const char *function, struct nsc_error *err)
{
	for (struct failure *f = the.failures; f->function; f++) {
		if (strcmp(f->function, function) != 0 || f->times == 0)
			continue;
		f->times--;
		nsc_error_set(err, f->error, "%s", f->text);
		return -f->error;
	}
	return 0;
}

int __wrap_getpwnam_r(const char *name, struct passwd *entry, char *buf,
		      size_t size, struct passwd **ret);
int __wrap_getpwnam_r(const char *name, struct passwd *entry, char *buf,
		      size_t size, struct passwd **ret)
{
	static char root[] = "/";

	snprintf(buf, size, "%s", name);
	*entry = (struct passwd){
		.pw_name = buf, .pw_dir = root,
		.pw_shell = the.shell, .pw_uid = 1000, .pw_gid = 1000,
	};
	if (!strcmp(name, "root"))
		entry->pw_uid = entry->pw_gid = 0;
	*ret = !strcmp(name, "nobody") ? NULL : entry;
	return 0;
}

/* alice has her own group, and the group that a case names. */
int __wrap_getgrouplist(const char *user, gid_t gid, gid_t *groups, int *n);
int __wrap_getgrouplist(const char *user, gid_t gid, gid_t *groups, int *n)
{
	groups[0] = gid;
	groups[1] = 4242;
	*n = *the.member && !strcmp(user, "alice") ? 2 : 1;
	return *n;
}

int __wrap_getgrgid_r(gid_t gid, struct group *entry, char *buf, size_t size,
		      struct group **ret);
int __wrap_getgrgid_r(gid_t gid, struct group *entry, char *buf, size_t size,
		      struct group **ret)
{
	snprintf(buf, size, "%s", gid == 4242 ? the.member : "alice");
	*entry = (struct group){ .gr_name = buf, .gr_gid = gid };
	*ret = entry;
	return 0;
}

int __wrap_getgrnam_r(const char *name, struct group *entry, char *buf,
		      size_t size, struct group **ret);
int __wrap_getgrnam_r(const char *name, struct group *entry, char *buf,
		      size_t size, struct group **ret)
{
	snprintf(buf, size, "%s", name);
	*entry = (struct group){ .gr_name = buf, .gr_gid = 4242 };
	*ret = !strcmp(name, the.member) ? entry : NULL;
	return 0;
}

int __wrap___nss_configure_lookup(const char *database, const char *by);
int __wrap___nss_configure_lookup(const char *database, const char *by)
{
	the.databases += !strcmp(by, strcmp(database, "hosts") ? "files" :
				 "files dns");
	return 0;
}

/* libselinux's. */
void fini_selinuxmnt(void);
void fini_selinuxmnt(void)
{
	fprintf(the.log, "SELinux is off\n");
}

bool __wrap_nsc_label_is_set(void);
bool __wrap_nsc_label_is_set(void)
{
	return the.labelled;
}

void __wrap_nsc_label_explain(struct nsc_error *err);
void __wrap_nsc_label_explain(struct nsc_error *err)
{
	strcat(err->text, the.hint);
}

int __wrap_nsc_process_threads(void);
int __wrap_nsc_process_threads(void)
{
	return the.threads;
}

bool __wrap_nsc_session_inside(void);
bool __wrap_nsc_session_inside(void)
{
	return !strcmp(the.inside, "ours") || !strcmp(the.inside, "refusing");
}

bool __wrap_nsc_password_expired(const char *name);
bool __wrap_nsc_password_expired(const char *name)
{
	return !strcmp(name, "alice") && the.expired;
}

bool __wrap_nsc_session_nested_refused(void);
bool __wrap_nsc_session_nested_refused(void)
{
	return !strcmp(the.inside, "refusing");
}

bool __wrap_nsc_session_inside_of(uid_t uid);
bool __wrap_nsc_session_inside_of(uid_t uid)
{
	return strtoul(the.inside, NULL, 10) == uid;
}

char *__wrap_nsc_environment_runtime_dir(uid_t uid);
char *__wrap_nsc_environment_runtime_dir(uid_t uid)
{
	return uid == 1000 && *the.runtime_dir ? strdup(the.runtime_dir) : NULL;
}

int __wrap_nsc_session_open(const struct nsc_session_request *request,
			    struct nsc_session *ret, struct nsc_error *err);
int __wrap_nsc_session_open(const struct nsc_session_request *request,
			    struct nsc_session *ret, struct nsc_error *err)
{
	int error = fails("open", err);

	fprintf(the.log, "open %s for %s\n", request->policy->dir,
		request->user->name);
	if (error < 0)
		return error;
	ret->lock = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ret->pidfd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ret->state = calloc(1, sizeof(*ret->state));
	ret->state->shell = the.state_shell;
	ret->state->process.selinux_label =
		!*the.label ? NULL : the.label + !strcmp(the.label, "-");
	if (the.bring[0]) {
		ret->state->bring = calloc(2, sizeof(char *));
		ret->state->bring[0] = the.bring[0];
	}
	ret->state->message = *the.message ? the.message : NULL;
	if (the.n_environment) {
		ret->state->process.env = calloc(MOST + 1, sizeof(char *));
		memcpy(ret->state->process.env, the.environment,
		       sizeof(the.environment));
	}
	for (unsigned int i = 0; nsc_record_names[i]; i++)
		if (!strcmp(nsc_record_names[i], the.record))
			ret->state->recording.mode = i;
	ret->changed = the.changed;
	strcpy(ret->note, the.note);
	return 0;
}

int __wrap_nsc_session_place(const struct nsc_session *session,
			     const struct nsc_user *user,
			     const struct nsc_session_origin *from, bool relays,
			     struct nsc_error *err);
int __wrap_nsc_session_place(const struct nsc_session *session,
			     const struct nsc_user *user,
			     const struct nsc_session_origin *from, bool relays,
			     struct nsc_error *err)
{
	if (the.databases < 17)
		fprintf(the.log, "modules of the name service\n");
	fprintf(the.log, "place %s%s service=%s rhost=%s tty=%s ruser=%s%s\n",
		session->lock < 0 || session->pidfd < 0 ? "nowhere " : "",
		user->name, from->service, from->rhost ? from->rhost : "-",
		from->tty ? from->tty : "-", from->ruser ? from->ruser : "-",
		relays ? " relays" : "");
	if (session->commands)
		*session->commands = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (*the.record)
		*session->recorder = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (*the.bring_error)
		nsc_error_set(&session->bring->err, EIO, "%s",
			      the.bring_error);
	return fails("place", err);
}

int __wrap_nsc_session_check_place(const struct nsc_session *session,
				   const struct nsc_user *user,
				   struct nsc_error *err);
int __wrap_nsc_session_check_place(const struct nsc_session *session,
				   const struct nsc_user *user,
				   struct nsc_error *err)
{
	(void)session;
	fprintf(the.log, "check the place of %s\n", user->name);
	return fails("try", err);
}

int __wrap_nsc_at_fork_arm(const pam_handle_t *pamh, void (*place)(void *arg),
			   void *arg, int keep, struct nsc_error *err);
int __wrap_nsc_at_fork_arm(const pam_handle_t *pamh, void (*place)(void *arg),
			   void *arg, int keep, struct nsc_error *err)
{
	fprintf(the.log, "wait for the job%s\n",
		pamh == the.pamh && keep >= 0 ? "" : " of nobody");
	the.place = place;
	the.session = arg;
	return fails("arm", err);
}

void __wrap_nsc_at_fork_disarm(void);
void __wrap_nsc_at_fork_disarm(void)
{
	fprintf(the.log, "wait for no job\n");
}

void __wrap_nsc_at_fork_report(int commands, int recorder,
			       enum nsc_at_fork_streams streams);
/* Log it in a case that says whether sessions are recorded. */
void __wrap_nsc_at_fork_report(int commands, int recorder,
			       enum nsc_at_fork_streams streams)
{
	static const char *const names[] = {
		[NSC_AT_FORK_PIPES] = " pipes", [NSC_AT_FORK_JOB] = " job",
	};

	if (*the.record)
		fprintf(the.log, "at fork%s%s%s\n",
			commands < 0 ? "" : " commands",
			recorder < 0 ? "" : " recorder",
			streams == NSC_AT_FORK_NONE ? "" : names[streams]);
	if (commands >= 0)
		close(commands);
	if (recorder >= 0)
		close(recorder);
}

int __wrap_nsc_session_check(const struct nsc_session_request *request,
			     struct nsc_error *err);
int __wrap_nsc_session_check(const struct nsc_session_request *request,
			     struct nsc_error *err)
{
	fprintf(the.log, "check %s\n", request->policy->dir);
	return fails("check", err);
}

void __real_nsc_session_close(struct nsc_session *session);
void __wrap_nsc_session_close(struct nsc_session *session);
/* Log the open descriptors; after the placement, only the lock is open. */
void __wrap_nsc_session_close(struct nsc_session *session)
{
	fprintf(the.log, "close%s%s\n", session->lock < 0 ? "" : " lock",
		session->pidfd < 0 ? "" : " pidfd");
	__real_nsc_session_close(session);
}

void __wrap_nsc_refusal_record(const char *user, const char *service,
			       const struct nsc_error *err);
/* Each refused login has a line; the text is in the log of the case already. */
void __wrap_nsc_refusal_record(const char *user, const char *service,
			       const struct nsc_error *err)
{
	(void)service;
	if (!*user || !err->code)
		fprintf(the.log, "a refusal without a user or a reason\n");
}
