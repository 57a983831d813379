/* SPDX-License-Identifier: Apache-2.0 */
/* Examine the project's own files: their permissions and their values. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/paths.h"
#include "policy/dropins.h"
#include "doctor/doctor.h"


static void distrust(struct nsc_doctor *doctor, const struct nsc_error *err)
{
	bool untrusted = err->code == EPERM || err->code == ENOTDIR ||
			 err->code == ELOOP;
	struct nsc_finding f = {
		.severity = NSC_RISK, .check = "refused",
		.remedy = "fix the error",
	};

	if (untrusted) {
		f.check = "untrusted-file";
		f.remedy = "chown root, chmod go-w";
	}
	nsc_doctor_add(doctor, &f, "logins are refused: %s", err->text);
}

/* Check users/ or groups/, which have a directory for each name. */
static void check_names(struct nsc_doctor *doctor, int fd, const char *path)
{
	DIR *dir = fdopendir(fd);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		_cleanup_free_ char *sub = NULL;
		struct nsc_config_files files = { .n = 0 };
		_cleanup_fd_ int subfd = -1;
		int file = -ENOENT;
		struct nsc_error err = NSC_ERROR_INIT;

		if (entry->d_name[0] == '.')
			continue;
		subfd = nsc_file_open_dir_at(dirfd(dir), path, entry->d_name,
					     &err);
		if (subfd == -ENOTDIR)
			continue;
		if (asprintf(&sub, "%s/%s", path, entry->d_name) < 0)
			sub = NULL;
		if (subfd >= 0)
			file = nsc_config_files_read(subfd, sub ? sub : path,
						     NSC_CONFIG_HASH, &files,
						     &err);
		if ((subfd < 0 && subfd != -ENOENT) ||
		    (subfd >= 0 && file < 0 && file != -ENOENT))
			distrust(doctor, &err);
	}
	if (dir)
		closedir(dir);
	else
		close(fd);
}

static void files_check_kind(struct nsc_doctor *doctor, int base,
			     const char *dir, const char *kind)
{
	struct nsc_error err = NSC_ERROR_INIT;
	_cleanup_free_ char *path = NULL;
	int fd = nsc_file_open_dir_at(base, dir, kind, &err);
	struct nsc_config_files files = { .n = 0 };
	int file;

	if (asprintf(&path, "%s/%s", dir, kind) < 0)
		path = NULL;
	if (fd < 0) {
		if (fd != -ENOENT)
			distrust(doctor, &err);
		return;
	}
	if (strcmp(kind, "default") != 0) {
		check_names(doctor, fd, path ? path : dir);
		return;
	}
	file = nsc_config_files_read(fd, path ? path : dir, NSC_CONFIG_HASH,
				     &files, &err);
	if (file < 0 && file != -ENOENT)
		distrust(doctor, &err);
	close(fd);
}

static const struct nsc_finding audit = {
	.severity = NSC_HOLE, .check = "audit", .remedy = "mode = \"enforce\";",
}, on_error = {
	.severity = NSC_HOLE, .check = "on-error-host",
	.remedy = "on_error = \"refuse\";",
}, service = {
	.severity = NSC_RISK, .check = "exempt-service",
	.remedy = "remove the service from exempt_services",
};

static void say(struct nsc_doctor *doctor, const struct nsc_finding *what,
		const char *key, const char *text, const char *detail)
{
	struct nsc_finding f = *what;

	f.file = nsc_conf_file(doctor->conf, key);
	nsc_doctor_add(doctor, &f, "%s%s", text, detail);
}

static void check_values(struct nsc_doctor *doctor)
{
	const struct nsc_conf *conf = doctor->conf;

	if (conf->mode == NSC_MODE_AUDIT)
		say(doctor, &audit, "mode", "mode is \"audit\": nobody is "
		    "contained", "");
	if (conf->on_error == NSC_ON_ERROR_HOST)
		say(doctor, &on_error, "on_error", "any failure of a "
		    "container lets its user out: on_error is \"host\"", "");
	for (char **name = conf->exempt_services; *name; name++)
		say(doctor, &service, "exempt_services", "contained users "
		    "come to the host through the PAM service ", *name);
}

void nsc_doctor_conf(struct nsc_doctor *doctor)
{
	static const char *const kinds[] = { "users", "groups", "default" };
	const char *slash = strrchr(doctor->conf_path, '/');
	struct nsc_error err = NSC_ERROR_INIT;
	_cleanup_fd_ int base = -1;
	char dir[512];

	if (!slash)
		return;
	snprintf(dir, sizeof(dir), "%.*s", (int)(slash - doctor->conf_path),
		 doctor->conf_path);
	base = nsc_file_open_dir(dir, &err);
	if (base == -ENOENT)
		return;
	if (base < 0) {
		distrust(doctor, &err);
		return;
	}
	if (nsc_conf_load(base, dir, slash + 1, &doctor->conf, &err) < 0)
		distrust(doctor, &err);
	else
		check_values(doctor);
	for (size_t i = 0; i < NSC_ARRAY_SIZE(kinds); i++)
		files_check_kind(doctor, base, dir, kinds[i]);
}
