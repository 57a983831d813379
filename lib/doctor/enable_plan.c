/* SPDX-License-Identifier: Apache-2.0 */
/* Decide what "nsinit enable" and "disable" write to which files. */
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/text.h"
#include "doctor/doctor.h"
#include "doctor/enable_files.h"
#include "doctor/enable_plan.h"
#include "doctor/enable_text.h"

#define FILE_MAX ((size_t)256 * 1024)

void nsc_enable_note(struct nsc_enable *change, const char *fmt, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);
	if (text)
		nsc_text_append(&change->notes, &change->n_notes, text);
}

/*
 * Read the service's file in the directories after /etc/pam.d.  *ret_path is
 * NULL if there is none.
 */
static int read_vendor(const char *service, char **ret_path, char **ret,
		       struct nsc_error *err)
{
	const char *dirs[NSC_PAM_DIRS_MAX];
	size_t n = nsc_pam_dirs(dirs);
	struct nsc_error e = NSC_ERROR_INIT;

	*ret_path = *ret = NULL;
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *path = NULL;
		_cleanup_fd_ int fd = -1;

		if (!strcmp(dirs[i], NSC_PAM_DIR))
			continue;
		if (asprintf(&path, "%s/%s", dirs[i], service) < 0)
			return nsc_error_sys(err, ENOMEM, "%s", service);
		fd = nsc_file_open(path, &e);
		if (fd == -ENOENT)
			continue;
		if (fd < 0)
			return nsc_error_set(err, e.code, "%s", e.text);
		*ret_path = NSC_TAKE_PTR(path);
		return nsc_file_read(fd, *ret_path, FILE_MAX, ret, NULL, err);
	}
	return 0;
}

static int write_lines(const char *service, enum nsc_enable_action action,
		       const char *text, char **ret, struct nsc_error *err)
{
	/* Only sshd needs it, and nobody is kept from anything by auditing. */
	bool account = !strcmp(service, "sshd") && action == NSC_ENABLE;
	int error = nsc_enable_insert(text, action, account, ret, err);

	return error < 0 ? nsc_error_context(err, NSC_PAM_DIR "/%s", service) :
			   0;
}

int nsc_enable_apply(const char *service, enum nsc_enable_action action,
		     const char *before, char **ret, struct nsc_error *err)
{
	_cleanup_free_ char *path = NULL, *vendor = NULL, *text = NULL;
	int error = read_vendor(service, &path, &vendor, err);
	bool copy = before && vendor && nsc_enable_is_copy(before, vendor);

	*ret = NULL;
	if (error < 0)
		return error;
	if (action == NSC_DISABLE && (copy || !before))
		return 0;
	if (!before && !vendor)
		return nsc_error_set(err, ENOENT, "PAM service '%s': there is "
				     "no such file in " NSC_PAM_DIR, service);
	error = !before || copy ? nsc_enable_copy(vendor, path, &text) :
				  nsc_enable_strip(before,
						   action == NSC_DISABLE,
						   &text);
	if (error < 0)
		return nsc_error_sys(err, ENOMEM, "%s", service);
	if (action != NSC_DISABLE)
		return write_lines(service, action, text, ret, err);
	*ret = NSC_TAKE_PTR(text);
	return 0;
}

/* Has somebody else written the line, in this file or one that it includes? */
static bool is_by_hand(struct nsc_enable *change, const char *service,
		       const char *before)
{
	_cleanup_pam_ struct nsc_pam_stack stack = NSC_PAM_STACK_INIT;
	_cleanup_free_ char *plain = NULL;

	(void)nsc_pam_load(service, "session", &stack, NSC_IGNORE);
	for (size_t i = 0; i < stack.n; i++) {
		const struct nsc_pam_line *line = &stack.lines[i];

		if (strcmp(line->module, NSC_PAM_MODULE) != 0 || line->marked)
			continue;
		nsc_enable_note(change, "%s: left as it is: %s:%u, written by "
				"hand, names the module", service, line->file,
				line->number);
		return true;
	}
	if (!before || nsc_enable_strip(before, false, &plain) < 0 ||
	    !nsc_enable_names_module(plain))
		return false;
	nsc_enable_note(change, "%s: left as it is: a line of " NSC_PAM_DIR
			"/%s, written by hand, names the module", service,
			service);
	return true;
}

static int plan_add(struct nsc_enable *change, const char *service,
		    struct nsc_error *err)
{
	struct nsc_enable_file file = { .service = NULL }, *files;
	int ret;

	if (!nsc_text_word_valid(service))
		return nsc_error_set(err, EINVAL, "PAM service '%s': expected "
				     "the name of a file in " NSC_PAM_DIR,
				     service);
	for (size_t i = 0; i < change->n; i++)
		if (!strcmp(change->files[i].service, service))
			return 0;
	ret = nsc_enable_read(change->dir, service, &file.before, err);
	if (ret == 0 && change->action != NSC_DISABLE &&
	    is_by_hand(change, service, file.before))
		goto out;
	if (ret == 0)
		ret = nsc_enable_apply(service, change->action, file.before,
				       &file.after, err);
	if (ret < 0 || (!file.before && !file.after) ||
	    (file.before && file.after && !strcmp(file.before, file.after)))
		goto out;
	if (change->action == NSC_DISABLE && file.after &&
	    nsc_enable_was_copy(file.before))
		nsc_enable_note(change, NSC_PAM_DIR "/%s stays: it was copied "
				"by nsinit, and it or the original has been "
				"edited since", service);
	files = reallocarray(change->files, change->n + 1, sizeof(*files));
	if (files)
		change->files = files;
	if (!files || nsc_text_copy(&file.service, service) < 0) {
		ret = nsc_error_sys(err, ENOMEM, "%s", service);
		goto out;
	}
	change->files[change->n++] = file;
	return 0;
out:
	free(file.before);
	free(file.after);
	return ret;
}

static int add_doors(struct nsc_enable *change, struct nsc_error *err)
{
	const char *door;
	int ret = 0;

	for (size_t i = 0; ret == 0 && (door = nsc_doctor_door(i)); i++) {
		_cleanup_pam_ struct nsc_pam_stack stack = NSC_PAM_STACK_INIT;
		struct nsc_error e = NSC_ERROR_INIT;

		if (nsc_pam_load(door, "session", &stack, &e) != -ENOENT)
			ret = plan_add(change, door, err);
	}
	return ret;
}

/* Disable: all files whose lines name the module, or that we have copied. */
static int add_all(struct nsc_enable *change, struct nsc_error *err)
{
	DIR *dir = nsc_file_list(change->dir);
	const struct dirent *entry;
	int ret = dir ? 0 : nsc_error_sys(err, errno, NSC_PAM_DIR);
	int error = 0;

	while (ret == 0 && (entry = nsc_file_next(dir, &error))) {
		_cleanup_free_ char *text = NULL;

		/* A link is named by the doctor; its target is here as well. */
		if (nsc_text_word_valid(entry->d_name) &&
		    nsc_enable_read(change->dir, entry->d_name, &text,
				    NSC_IGNORE) == 0 &&
		    text && strstr(text, NSC_PAM_MODULE))
			ret = plan_add(change, entry->d_name, err);
	}
	if (dir)
		closedir(dir);
	return error < 0 ? nsc_error_sys(err, -error, NSC_PAM_DIR) : ret;
}

int nsc_enable_plan(struct nsc_enable *change, const char *const *services,
		    struct nsc_error *err)
{
	int ret = 0;

	if (!services || !*services)
		return change->action == NSC_DISABLE ? add_all(change, err) :
						       add_doors(change, err);
	for (; ret == 0 && *services; services++)
		ret = plan_add(change, *services, err);
	return ret;
}
