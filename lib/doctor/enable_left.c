/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of the doctor for which "nsinit enable" and "disable" ask. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/paths.h"
#include "util/text.h"
#include "doctor/doctor.h"
#include "doctor/enable_text.h"

#define FILE_MAX ((size_t)256 * 1024)

static bool is_tried(const struct nsc_patient *patient)
{
	return patient->policy && patient->policy->contained &&
	       !patient->exempt && patient->user->uid != 0 &&
	       !nsc_user_in_group(patient->user, NSC_BREAK_GLASS);
}

int nsc_enable_find_user(char **ret, struct nscontainer_error *err)
{
	const char *const nobody[] = { NULL };
	struct nsc_doctor doctor = {
		.conf_path = NSC_CONF_PATH, .findings = json_array(),
		.blind = NSC_ERROR_INIT,
	};
	struct nsc_error e = NSC_ERROR_INIT;
	int error = 0;

	*ret = NULL;
	nsc_doctor_find_users(&doctor, nobody);
	for (size_t i = 0; i < doctor.n_patients && !*ret && error == 0; i++)
		if (is_tried(&doctor.patients[i]) &&
		    nsc_text_copy(ret, doctor.patients[i].user->name) < 0)
			error = nsc_error_sys(&e, ENOMEM, "user");
	nsc_doctor_release(&doctor);
	return nsc_api_result(error, &e, err);
}

static bool file_names_module(const char *path)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY |
				   O_CLOEXEC);
	_cleanup_free_ char *text = NULL;

	return fd >= 0 && nsc_file_read(fd, path, FILE_MAX, &text, NULL,
					NSC_IGNORE) == 0 &&
	       nsc_enable_names_module(text);
}

static int look_into(const char *dir_path, char **ret)
{
	DIR *dir = opendir(dir_path);
	const struct dirent *entry;
	int error = 0;

	while (dir && !*ret && error == 0 &&
	       (entry = nsc_file_next(dir, &error))) {
		_cleanup_free_ char *path = NULL;

		if (asprintf(&path, "%s/%s", dir_path, entry->d_name) < 0) {
			path = NULL;
			error = -ENOMEM;
		} else if (nsc_text_word_valid(entry->d_name) &&
			   file_names_module(path)) {
			*ret = NSC_TAKE_PTR(path);
		}
	}
	if (dir)
		closedir(dir);
	return error;
}

int nsc_enable_find_left(char **ret, struct nscontainer_error *err)
{
	_cleanup_free_ char *path = NULL;
	const char *dirs[NSC_PAM_DIRS_MAX];
	size_t n = nsc_pam_dirs(dirs);
	struct nsc_error e = NSC_ERROR_INIT;
	int error = 0;

	*ret = NULL;
	for (size_t i = 0; i < n && error == 0 && !path; i++)
		error = look_into(dirs[i], &path);
	if (error == 0 && !path && file_names_module(NSC_PAM_CONF))
		error = nsc_text_copy(&path, NSC_PAM_CONF);
	if (error == 0 && path &&
	    asprintf(ret, "%s still names " NSC_PAM_MODULE ", and is not "
		     "nsinit's to change: take the line out by hand",
		     path) < 0) {
		*ret = NULL;
		error = -ENOMEM;
	}
	return nsc_api_result(error < 0 ? nsc_error_sys(&e, -error, "look for "
							"lines") : 0, &e, err);
}
