/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pam/pam_container.c as a login program calls it, without privileges: libpam
 * is fakepam.c, and world.c fakes functions that the module calls and that
 * would need root (ld --wrap).  The policy, the options and the readers of the
 * name service are the real ones.
 *
 * cases/ has the calls and their expected results.  Each case begins as user
 * alice of service sshd, who has users/alice/container.json below the directory
 * CONF, in a program with one thread.  A line of a case is a word:
 *
 *   user, service, tty, rhost, ruser TEXT	items of PAM, "-": none
 *   shell PATH, member GROUP			answers of the name service
 *   file NAME TEXT, remove NAME, mode NAME OCTAL	below CONF
 *   inside ours|refusing|UID			the program is in this container
 *   threads N, expired, program NAME
 *   will open|place|check|try|arm ERROR N TEXT	fails with ERROR, N times
 *   state-shell, environment, message, note, changed	state of the container
 *   label TEXT					its process_label; "-": empty
 *   hint TEXT					SELinux may have denied it
 *   bring NAME					of a variable
 *   labelled					pam_selinux was before us
 *   record MODE				of the container's sessions
 *   bring-error TEXT				a file did not come along
 *   fork					cron forks for its job
 *   runtime-dir ENTRY				variable set inside
 *   pam-environment ENTRY, putenv-fails, set-data-fails, silent
 *   handle 0|1, end				handles of PAM
 *   open_session, close_session ... ARGUMENTS	conf=CONF/nscontainer.conf first
 *
 * and then, each line after a tab, all calls and messages since the last one.
 */
#include "unit.h"

#include <errno.h>
#include <glob.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "session/stdio.h"
#include "util/fd.h"
#include "world.h"

#define CASES SRCDIR "/tests/unit/pam/cases/"

static struct {
	FILE *file;
	char line[1024];
	int number;
} script;

/* --- a case */

static const char *path_of(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%.180s", the.dir, name);
	return path;
}

static void make_file(const char *name, const char *text)
{
	for (const char *p = strchr(name, '/'); p; p = strchr(p + 1, '/')) {
		char dir[128];

		snprintf(dir, sizeof(dir), "%.*s", (int)(p - name), name);
		mkdir(path_of(dir), 0755);
	}
	unit_write(the.dir, name, text, 0644);
}

/* Replace from by to; the result is valid until the next call. */
static const char *replace(const char *text, const char *from, const char *to)
{
	static char out[2048];
	size_t n = 0;

	while (*text) {
		bool here = !strncmp(text, from, strlen(from));

		n += (size_t)snprintf(out + n, sizeof(out) - n, "%.*s",
				      here ? (int)strlen(to) : 1,
				      here ? to : text);
		text += here ? strlen(from) : 1;
	}
	out[n] = '\0';
	return out;
}

static void new_handle(int n)
{
	the.pamh = &the.handles[n];
	if (the.pamh->log)
		return;
	the.pamh->log = the.log;
	fakepam_set(the.pamh, PAM_USER, "alice");
	fakepam_set(the.pamh, PAM_SERVICE, "sshd");
}

static void begin(void)
{
	memset(&the, 0, sizeof(the));
	unit_make_dir(the.dir);
	make_file("users/alice/container.json", "{}");
	strcpy(the.shell, "/bin/bash");
	strcpy(the.state_shell, "/bin/sh");
	the.threads = 1;
	prctl(PR_SET_NAME, "test_module");
	the.log = open_memstream(&the.said, &the.size);
	new_handle(0);
}

static void end(void)
{
	for (int i = 0; i < 2; i++)
		fakepam_end(&the.handles[i]);
	for (size_t i = 0; i < the.n_environment; i++)
		free(the.environment[i]);
	free(the.bring[0]);
	fclose(the.log);
	free(the.said);
	unit_remove_dir(the.dir);
}

/* --- the calls */

typedef int entry(pam_handle_t *pamh, int flags, int argc, const char **argv);
#pragma weak pam_sm_authenticate
#pragma weak pam_sm_setcred
#pragma weak pam_sm_acct_mgmt
#pragma weak pam_sm_chauthtok

static const struct {
	const char *name;
	entry *call;
} calls[] = {
	{ "open_session", pam_sm_open_session },
	{ "close_session", pam_sm_close_session },
	{ "authenticate", pam_sm_authenticate },
	{ "setcred", pam_sm_setcred },
	{ "acct_mgmt", pam_sm_acct_mgmt },
	{ "chauthtok", pam_sm_chauthtok },
};

static const char *name_of(int result)
{
	switch (result) {
	case PAM_SUCCESS: return "PAM_SUCCESS";
	case PAM_PERM_DENIED: return "PAM_PERM_DENIED";
	case PAM_IGNORE: return "PAM_IGNORE";
	case PAM_NEW_AUTHTOK_REQD: return "PAM_NEW_AUTHTOK_REQD";
	case PAM_MODULE_UNKNOWN: return "PAM_MODULE_UNKNOWN";
	default: return "another result";
	}
}

static bool call(const char *name, char *arguments)
{
	char conf[128], *save = NULL;
	const char *argv[MOST] = { conf };
	int argc = 1, ret = PAM_MODULE_UNKNOWN;
	size_t i = 0;

	while (i < NSC_ARRAY_SIZE(calls) && strcmp(calls[i].name, name) != 0)
		i++;
	if (i == NSC_ARRAY_SIZE(calls))
		return false;
	snprintf(conf, sizeof(conf), "conf=%s/nscontainer.conf", the.dir);
	for (char *word = strtok_r(arguments, " ", &save); word;
	     word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	/* libpam's answer for a module without the function. */
	if (calls[i].call)
		ret = calls[i].call(the.pamh, the.flags, argc, argv);
	fprintf(the.log, "= %s\n", name_of(ret));
	return true;
}

/* --- the words of a case */

static const struct {
	const char *name;
	int item;
} items[] = {
	{ "user", PAM_USER }, { "service", PAM_SERVICE },
	{ "tty", PAM_TTY }, { "rhost", PAM_RHOST }, { "ruser", PAM_RUSER },
};

static const struct {
	const char *name;
	char *text;
	size_t size;
} texts[] = {
#define TEXT(name, member) { name, the.member, sizeof(the.member) }
	TEXT("shell", shell), TEXT("member", member),
	TEXT("inside", inside), TEXT("note", note),
	TEXT("state-shell", state_shell), TEXT("message", message),
	TEXT("runtime-dir", runtime_dir), TEXT("label", label),
	TEXT("bring-error", bring_error), TEXT("record", record),
	TEXT("hint", hint),
#undef TEXT
};

static const struct {
	const char *name;
	int number;
} errors[] = {
	{ "EIO", EIO }, { "ESRCH", ESRCH }, { "EALREADY", EALREADY },
	{ "ECONNREFUSED", ECONNREFUSED }, { "ECONNRESET", ECONNRESET },
	{ "EUSERS", EUSERS }, { "ENOTRECOVERABLE", ENOTRECOVERABLE },
	{ "STDIO", NSC_STDIO_REFUSED },
};

/* Parse "open ESRCH 2 it has ended". */
static bool will(const char *rest)
{
	struct failure *f = &the.failures[the.n_failures++];
	static char functions[MOST][8];
	char *function = functions[the.n_failures - 1], error[32];

	if (sscanf(rest, "%7s %31s %d %255[^\n]", function, error, &f->times,
		   f->text) != 4)
		return false;
	f->function = function;
	for (size_t i = 0; i < NSC_ARRAY_SIZE(errors); i++)
		if (!strcmp(errors[i].name, error))
			f->error = errors[i].number;
	return f->error;
}

static bool set(const char *word, const char *rest)
{
	for (size_t i = 0; i < NSC_ARRAY_SIZE(items); i++)
		if (!strcmp(items[i].name, word)) {
			fakepam_set(the.pamh, items[i].item,
				    strcmp(rest, "-") ? rest : NULL);
			return true;
		}
	for (size_t i = 0; i < NSC_ARRAY_SIZE(texts); i++)
		if (!strcmp(texts[i].name, word))
			return snprintf(texts[i].text, texts[i].size, "%s",
					rest) < (int)texts[i].size;
	return false;
}

static bool act(const char *word, char *rest)
{
	char *second = rest + strcspn(rest, " ");

	if (*second)
		*second++ = '\0';
	if (!strcmp(word, "file"))
		make_file(rest, second);
	else if (!strcmp(word, "remove"))
		return remove(path_of(rest)) == 0;
	else if (!strcmp(word, "mode"))
		return chmod(path_of(rest),
			     (mode_t)strtoul(second, NULL, 8)) == 0;
	else if (!strcmp(word, "environment"))
		the.environment[the.n_environment++] = strdup(rest);
	else if (!strcmp(word, "pam-environment"))
		the.pamh->environment[0] = strdup(rest);
	else if (!strcmp(word, "handle"))
		new_handle(atoi(rest));
	else if (!strcmp(word, "expired"))
		the.expired = true;
	else if (!strcmp(word, "program"))
		return prctl(PR_SET_NAME, rest) == 0;
	else if (!strcmp(word, "bring"))
		the.bring[0] = strdup(rest);
	else if (!strcmp(word, "fork"))
		the.place(the.session);
	else if (!strcmp(word, "threads"))
		the.threads = atoi(rest);
	else if (!strcmp(word, "putenv-fails"))
		the.pamh->putenv_fails = 1;
	else if (!strcmp(word, "set-data-fails"))
		the.pamh->set_data_fails = 1;
	else if (!strcmp(word, "silent"))
		the.flags = PAM_SILENT;
	else if (!strcmp(word, "labelled"))
		the.labelled = true;
	else if (!strcmp(word, "changed"))
		the.changed = true;
	else if (!strcmp(word, "end"))
		fakepam_end(the.pamh);
	else
		return false;
	return true;
}

static void run_word(const char *line)
{
	char word[32] = "", rest[1024];
	const char *space = line + strcspn(line, " ");

	snprintf(word, sizeof(word), "%.*s", (int)(space - line), line);
	snprintf(rest, sizeof(rest), "%s",
		 replace(space + (*space == ' '), "CONF", the.dir));
	if (!strcmp(word, "will") ? will(rest) :
	    set(word, rest) || call(word, rest) || act(word, rest))
		return;
	printf("line %d: '%s': is not done\n", script.number, line);
	exit(2);
}

/* --- comparing the log with the expected lines */

/* Check that the next line of the log is expected; NULL: no more lines. */
static void compare(const char *expected)
{
	const char *got = NULL;
	size_t len;

	fflush(the.log);
	if (the.compared < the.size) {
		len = strcspn(the.said + the.compared, "\n");
		the.said[the.compared + len] = '\0';
		got = replace(the.said + the.compared, the.dir, "CONF");
		the.compared += len + 1;
	}
	if (expected && got ? !strcmp(expected, got) : expected == got)
		return;
	printf("line %d: expected: %s\nline %d: got:      %s\n",
	       script.number, expected ? expected : "(nothing more)",
	       script.number, got ? got : "(nothing more)");
	unit_remove_dir(the.dir);
	exit(1);
}

static bool next_line(void)
{
	if (!fgets(script.line, sizeof(script.line), script.file))
		return false;
	script.line[strcspn(script.line, "\n")] = '\0';
	script.number++;
	return strncmp(script.line, "case ", 5) != 0;
}

/* Compare lines up to the next word; false at the end of the case. */
static bool compare_lines(void)
{
	bool more;

	while ((more = next_line()) && (script.line[0] == '\t' ||
					!script.line[0] ||
					script.line[0] == '#'))
		if (script.line[0] == '\t')
			compare(script.line + 1);
	compare(NULL);
	return more;
}

void __real__exit(int status) __attribute__((noreturn));
void __wrap__exit(int status) __attribute__((noreturn));
/* The module may end the program, and so the case; libcheck calls it too. */
void __wrap__exit(int status)
{
	if (!the.log)
		__real__exit(status);
	fprintf(the.log, "exit %d\n", status);
	compare_lines();
	unit_remove_dir(the.dir);
	__real__exit(0);
}

static void run_case(void)
{
	begin();
	while (compare_lines())
		run_word(script.line);
	end();
}

/* --- all cases */

static struct {
	char file[256], name[128];
	long offset;
	int number;
} cases[256];

static int find_cases(void)
{
	int n = 0;
	glob_t files;

	glob(CASES "*.txt", 0, NULL, &files);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		script.file = fopen(files.gl_pathv[i], "re");
		script.number = 0;
		while (next_line() || !feof(script.file)) {
			if (strncmp(script.line, "case ", 5) != 0)
				continue;
			snprintf(cases[n].file, sizeof(cases[n].file), "%s",
				 files.gl_pathv[i]);
			snprintf(cases[n].name, sizeof(cases[n].name),
				 "%.100s", script.line + 5);
			cases[n].offset = ftell(script.file);
			cases[n++].number = script.number;
		}
		fclose(script.file);
	}
	globfree(&files);
	return n;
}

/* Each case runs in its own process, which the module may end. */
START_TEST(one_case)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		script.file = fopen(cases[_i].file, "re");
		script.number = cases[_i].number;
		fseek(script.file, cases[_i].offset, SEEK_SET);
		run_case();
		fclose(script.file);
		exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(status == 0, "%s: case %s: status 0x%x", cases[_i].file,
		      cases[_i].name, status);
}
END_TEST

/* Each argument of man/pam_container.8 must occur in a case. */
START_TEST(each_argument_has_a_case)
{
	FILE *page = fopen(SRCDIR "/man/pam_container.8", "re");
	char line[256], name[64], command[512];
	bool here = false;
	int n = 0;

	while (fgets(line, sizeof(line), page)) {
		here = (here || !strcmp(line, "Arguments:\n")) &&
		       strcmp(line, ".El\n");
		if (!here || sscanf(line, ".It Cm %63[a-z_=]", name) != 1)
			continue;
		snprintf(command, sizeof(command), "grep -q "
			 "'^open_session .*\\b%s' " CASES "*.txt", name);
		ck_assert_msg(system(command) == 0, "no case has '%s'", name);
		n++;
	}
	fclose(page);
	ck_assert_int_ge(n, 5);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("module");
	TCase *tcase = unit_case("module");

	tcase_add_test(tcase, each_argument_has_a_case);
	tcase_add_loop_test(tcase, one_case, 0, find_cases());
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
