/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nsinit enable, disable and confirm: write the module's lines to /etc/pam.d,
 * and take them out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nsinit.h"
#include "doctor/commands.h"
#include "doctor/enable.h"

/* A file in memory with this text, for diff(1); -1 on failure. */
static int text_file(const char *text)
{
	int fd = memfd_create("pam", 0);

	if (fd >= 0 && text && write(fd, text, strlen(text)) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static void exec_diff(const struct nsc_enable_file *file)
{
	char label[256], old[32], new[32];
	int before = text_file(file->before), after = text_file(file->after);

	if (before < 0 || after < 0)
		_exit(2);
	snprintf(label, sizeof(label), "/etc/pam.d/%s", file->service);
	snprintf(old, sizeof(old), "/proc/self/fd/%d", before);
	snprintf(new, sizeof(new), "/proc/self/fd/%d", after);
	execl("/usr/bin/diff", "diff", "-u", "--label",
	      file->before ? label : "/dev/null", "--label",
	      file->after ? label : "/dev/null", old, new, NULL);
	_exit(2);
}

enum { COUNT_MAX = 100, BROKEN = 125 };	/* exit statuses of children */

/* Run a function in a child; returns its exit status, or BROKEN. */
static int in_child(int (*run)(const struct nsc_enable *change,
			       const struct nsc_enable_file *file),
		    const struct nsc_enable *change,
		    const struct nsc_enable_file *file)
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		status = run(change, file);
		fflush(stdout);
		_exit(status);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
		return BROKEN;
	return WEXITSTATUS(status);
}

static int run_diff(const struct nsc_enable *change,
		    const struct nsc_enable_file *file)
{
	(void)change;
	exec_diff(file);
	return 2;
}

static int show(const struct nsc_enable *change)
{
	for (size_t i = 0; i < change->n_notes; i++)
		puts(change->notes[i]);
	for (size_t i = 0; i < change->n; i++) {
		if (in_child(run_diff, change, &change->files[i]) > 1) {
			fputs("nsinit: diff failed\n", stderr);
			return NSINIT_FAILED;
		}
	}
	if (change->n == 0)
		puts("Nothing to change.");
	return NSINIT_OK;
}

/* Is the finding about a service that changes? */
static bool concerns(const struct nsc_enable *change,
		     const struct nscontainer_record *finding)
{
	const char *file = nscontainer_record_text(finding, "file");
	const char *text = nscontainer_record_text(finding, "text");
	const char *name = strrchr(file, '/');

	/* A user whom the new lines would keep out. */
	if (change->action == NSC_ENABLE &&
	    !strcmp(nscontainer_record_text(finding, "check"), "refused"))
		return true;
	for (size_t i = 0; i < change->n; i++) {
		char quoted[80], path[80];

		snprintf(quoted, sizeof(quoted), "'%s'",
			 change->files[i].service);
		snprintf(path, sizeof(path), "pam.d/%s:",
			 change->files[i].service);
		if ((name && !strcmp(name + 1, change->files[i].service)) ||
		    strstr(text, quoted) || strstr(text, path))
			return true;
	}
	return false;
}

/* Does the finding show that the lines do not do what they should? */
static bool forbids(const struct nsc_enable *change,
		    const struct nscontainer_record *finding)
{
	const char *check = nscontainer_record_text(finding, "check");

	return !strcmp(check, "nobody-gets-in") ||
	       (change->action != NSC_DISABLE && !strcmp(check, "passed-over"));
}

/*
 * Look for the doctor's findings about the services, and print them unless
 * quiet is true.  Returns the number of those that forbid the change.
 */
static int count_findings(const struct nsc_enable *change, bool quiet)
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	const char *const nobody[] = { NULL };
	struct nscontainer_record *list = NULL;
	int ret = nsc_doctor_run(NULL, nobody, &list, &err), bad = 0, rest = 0;

	for (const struct nscontainer_record *f = list; f;
	     f = nscontainer_record_next(f)) {
		if (!concerns(change, f)) {
			rest++;
			continue;
		}
		/* The whole point of auditing. */
		if (change->action == NSC_ENABLE_AUDIT &&
		    !strcmp(nscontainer_record_text(f, "check"),
			    "audit-argument"))
			continue;
		bad += bad < COUNT_MAX && forbids(change, f);
		if (!quiet)
			nsinit_print_finding(f);
	}
	if (rest && !quiet)
		printf("'nsinit doctor' has %d more findings.\n", rest);
	if (ret < 0 && !quiet)
		nsinit_fail(&err, 0);
	nscontainer_record_free(list);
	return bad;
}

/* Go through a login of somebody who has a container. */
static int try_login(const struct nsc_enable *change)
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	struct nscontainer_record *steps = NULL;
	struct nscontainer *container = NULL;
	const char *service = change->files[0].service;
	char *user = NULL;
	int ret = nsc_enable_find_user(&user, &err);

	if (ret == 0 && !user) {
		puts("No user has a container yet, so no login was tried.");
		return 0;
	}
	if (ret == 0)
		ret = nscontainer_open_user(user, NULL, &container, &err);
	if (ret == 0)
		ret = nsc_try_run(container, service, &steps, &err);
	if (ret == 0)
		printf("A login of %s by %s was tried, and works.\n", user,
		       service);
	else
		fprintf(stderr, "nsinit: a login of %s by %s was tried: %s\n",
			user ? user : "(nobody)", service, err.text);
	nscontainer_record_free(steps);
	nscontainer_close(container);
	free(user);
	return ret;
}

/* These run in a child, and the last two see the host as it will be. */
static int count_before(const struct nsc_enable *change,
			const struct nsc_enable_file *file)
{
	(void)file;
	return count_findings(change, true);
}

static int count_after(const struct nsc_enable *change,
		       const struct nsc_enable_file *file)
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;

	(void)file;
	if (nsc_enable_look(change, &err) < 0)
		return nsinit_fail(&err, BROKEN);
	return count_findings(change, false);
}

static int try_after(const struct nsc_enable *change,
		     const struct nsc_enable_file *file)
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;

	(void)file;
	if (nsc_enable_look(change, &err) < 0)
		return nsinit_fail(&err, BROKEN);
	return try_login(change) < 0 ? BROKEN : 0;
}

/* A change must not make it worse: what is broken already may stay so. */
static bool is_good(const struct nsc_enable *change)
{
	int bad = in_child(count_after, change, NULL), tried;

	if (bad == BROKEN ||
	    (bad && bad > in_child(count_before, change, NULL)))
		return false;
	if (change->action == NSC_DISABLE)
		return true;
	tried = in_child(try_after, change, NULL);
	/* An audited login goes on whatever happens. */
	return tried == 0 || change->action == NSC_ENABLE_AUDIT;
}

static void tell(const struct nsc_enable *change, unsigned int seconds)
{
	printf("%s:", change->action == NSC_DISABLE ? "Disabled" :
	       change->action == NSC_ENABLE_AUDIT ? "Audited" : "Enabled");
	for (size_t i = 0; i < change->n; i++)
		printf(" %s", change->files[i].service);
	putchar('\n');
	if (!seconds)
		return;
	printf("Within %u seconds, log in by another terminal and run 'nsinit "
	       "confirm' there;\notherwise all is put back.\n", seconds);
	if (access("/run/systemd/system", F_OK) < 0)
		puts("After a reboot, nothing is put back before 'nsinit "
		     "confirm --expired' is run:\nthis host has no systemd.");
}

static int carry_out(struct nsc_enable *change, unsigned int seconds)
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;

	if (nsc_enable_stage(change, &err) < 0)
		return nsinit_fail(&err, NSINIT_FAILED);
	if (!is_good(change)) {
		nsc_enable_unstage(change);
		fputs("nsinit: nothing was changed\n", stderr);
		return NSINIT_FAILED;
	}
	if (nsc_enable_commit(change, seconds, &err) < 0)
		return nsinit_fail(&err, NSINIT_FAILED);
	tell(change, seconds);
	return NSINIT_OK;
}

static int change_files(enum nsc_enable_action action,
			const struct nsinit_options *options)
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	struct nsc_enable *change;
	int status;

	if (nsc_enable_open(action, (const char *const *)options->arguments,
			    options->dry_run, &change, &err) < 0)
		return nsinit_fail(&err, NSINIT_FAILED);
	status = show(change);
	if (status == NSINIT_OK && change->n && !options->dry_run)
		status = carry_out(change, options->within);
	nsc_enable_close(change);
	return status;
}

int nsinit_enable(const struct nsinit_options *options)
{
	return change_files(options->audit ? NSC_ENABLE_AUDIT : NSC_ENABLE,
			    options);
}

/* Name the lines that no change of /etc/pam.d can take out. */
static int check_left(void)
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	char *left = NULL;
	int ret = nsc_enable_find_left(&left, &err);

	if (ret == 0 && !left)
		return NSINIT_OK;
	fprintf(stderr, "nsinit: %s\n", ret < 0 ? err.text : left);
	free(left);
	return NSINIT_FAILED;
}

int nsinit_disable(const struct nsinit_options *options)
{
	int status = change_files(NSC_DISABLE, options);

	return status != NSINIT_OK || options->dry_run ||
	       options->n_arguments ? status : check_left();
}

int nsinit_confirm(const struct nsinit_options *options)
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;

	if (nsc_enable_confirm(options->expired, &err) < 0)
		return nsinit_fail(&err, NSINIT_FAILED);
	if (!options->expired)
		puts("Confirmed.");
	return NSINIT_OK;
}
