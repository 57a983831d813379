/* SPDX-License-Identifier: Apache-2.0 */
/* Find configuration without effect: names of nobody, files nobody reads. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/nearest.h"
#include "util/paths.h"
#include "util/text.h"
#include "policy/dropins.h"
#include "doctor/doctor.h"

enum kind { KIND_USER, KIND_GROUP, KIND_SERVICE };

static const struct {
	const char *what, *check, *place;
} kinds[] = {
	[KIND_USER] = { "user", "unknown-user", "users" },
	[KIND_GROUP] = { "group", "unknown-group", "groups" },
	[KIND_SERVICE] = { "PAM service", "unknown-service", NULL },
};

static const char *const stacks[] = { "/etc/pam.d", "/usr/lib/pam.d" };

/* The files to look at; texts are those that may name another file. */
struct scope {
	struct nsc_doctor *doctor;
	int fd;			/* of the directory of nscontainer.conf */
	char dir[512];
	const char *conf;	/* the name of that file */
	char *texts;
	size_t size;
};

/* --- names ------------------------------------------------------------ */

static bool service_exists(const char *name)
{
	char path[512];

	for (size_t i = 0; i < NSC_ARRAY_SIZE(stacks); i++) {
		snprintf(path, sizeof(path), "%s/%s", stacks[i], name);
		if (access(path, F_OK) == 0)
			return true;
	}
	return false;
}

/* A name service that does not answer knows everybody. */
static bool name_exists(enum kind kind, const char *name)
{
	uid_t uid;

	if (kind == KIND_USER)
		return nsc_user_uid(name, &uid) != -ENOENT;
	if (kind == KIND_SERVICE)
		return service_exists(name);
	errno = 0;
	return getgrnam(name) || (errno && errno != ENOENT && errno != ESRCH);
}

static void offer_directory(struct nsc_nearest *nearest, const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		nsc_nearest_offer(nearest, entry->d_name);
	if (dir)
		closedir(dir);
}

static void offer_names(struct nsc_nearest *nearest, enum kind kind)
{
	FILE *file = kind == KIND_USER ? fopen("/etc/passwd", "re") :
		     kind == KIND_GROUP ? fopen("/etc/group", "re") : NULL;
	const struct passwd *pw;
	const struct group *gr;

	while (file && kind == KIND_USER && (pw = fgetpwent(file)))
		nsc_nearest_offer(nearest, pw->pw_name);
	while (file && kind == KIND_GROUP && (gr = fgetgrent(file)))
		nsc_nearest_offer(nearest, gr->gr_name);
	if (file)
		fclose(file);
	for (size_t i = 0; kind == KIND_SERVICE && i < NSC_ARRAY_SIZE(stacks);
	     i++)
		offer_directory(nearest, stacks[i]);
}

/* Report a name in nscontainer.conf that nobody has. */
static void check_name(struct nsc_doctor *doctor, enum kind kind,
		       const char *key, const char *name)
{
	struct nsc_nearest nearest = NSC_NEAREST_INIT(name);
	struct nsc_finding f = {
		.severity = NSC_NOTE, .check = kinds[kind].check,
		.file = nsc_conf_file(doctor->conf, key),
		.remedy = "correct the name, or remove it",
	};
	char did[96];

	if (name_exists(kind, name))
		return;
	offer_names(&nearest, kind);
	nsc_doctor_add(doctor, &f, "%s: there is no %s '%s'%s", key,
		       kinds[kind].what, name,
		       nsc_nearest_text(&nearest, did, sizeof(did)));
}

static void check_names(struct nsc_doctor *doctor, enum kind kind,
			const char *key, char *const *names)
{
	for (; names && *names; names++)
		check_name(doctor, kind, key, *names);
}

static void unused_names(struct nsc_doctor *doctor)
{
	const struct nsc_conf *conf = doctor->conf;

	check_names(doctor, KIND_USER, "exempt_users", conf->exempt_users);
	check_names(doctor, KIND_GROUP, "exempt_groups", conf->exempt_groups);
	check_names(doctor, KIND_SERVICE, "exempt_services",
		    conf->exempt_services);
	for (size_t i = 0; i < conf->cgroup_parents.n; i++) {
		const struct nsc_cgroup_parent *p =
			&conf->cgroup_parents.list[i];

		check_names(doctor, KIND_USER, "cgroup_parents", p->users);
		check_names(doctor, KIND_GROUP, "cgroup_parents", p->groups);
	}
}

/* --- directories of containers ---------------------------------------- */

static void remember(struct scope *s, const char *text)
{
	size_t len = strlen(text);
	char *grown = realloc(s->texts, s->size + len + 2);

	if (!grown)
		return;
	s->texts = grown;
	memcpy(grown + s->size, text, len + 1);
	s->size += len;
}

static bool is_directory(int dirfd, const char *name)
{
	struct stat st;

	return fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(st.st_mode);
}

/* Copies that editors and packages leave have the name of the file in front. */
static bool is_copy(const char *name, const char *of)
{
	return !strncmp(name, of, strlen(of));
}

/* Report files of a NAME.d that are not read because of their names. */
static void check_dropins(struct scope *s, int dirfd, const char *dirname,
			  const char *name, const char *suffix)
{
	_cleanup_dropins_ struct nsc_dropins d = NSC_DROPINS_INIT;
	struct nsc_finding f = {
		.severity = NSC_NOTE, .check = "not-read",
		.remedy = "rename the file, or remove it",
	};
	const struct dirent *entry;
	DIR *dir;

	if (nsc_dropins_open(dirfd, dirname, name, suffix, &d,
			     NSC_IGNORE) < 0 || d.fd < 0)
		return;
	dir = nsc_file_list(d.fd);
	while (dir && (entry = readdir(dir))) {
		_cleanup_free_ char *path = NULL;
		bool skip = entry->d_name[0] == '.' ||
			    nsc_dropins_is_read(entry->d_name, suffix);

		for (size_t i = 0; !skip && i < d.n; i++)
			skip = is_copy(entry->d_name, d.names[i]);
		if (skip || asprintf(&path, "%s/%s", d.path,
				     entry->d_name) < 0)
			continue;
		f.file = path;
		nsc_doctor_add(s->doctor, &f, "nothing reads this file: its "
			       "name does not end with %s", suffix);
	}
	if (dir)
		closedir(dir);
}

/* Find names that look like container.json, or like its directory. */
static void check_neighbours(struct scope *s, int fd, const char *path,
			     bool has_config)
{
	static const char config[] = NSC_CONFIG_FILE;
	struct nsc_finding f = {
		.severity = has_config ? NSC_NOTE : NSC_RISK,
		.check = "not-read",
	};
	DIR *dir = nsc_file_list(fd);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		const char *name = entry->d_name;
		struct nsc_nearest nearest = NSC_NEAREST_INIT(name);
		bool drop = is_directory(fd, name);
		char did[96], remedy[320], file[1024];

		if (!strcmp(name, config) ||
		    !strcmp(name, NSC_CONFIG_FILE ".d") ||
		    (has_config && !drop && is_copy(name, config)))
			continue;
		nsc_nearest_offer(&nearest, drop ? NSC_CONFIG_FILE ".d" :
						   config);
		if (!nearest.name[0])
			continue;
		snprintf(file, sizeof(file), "%s/%s", path, name);
		snprintf(remedy, sizeof(remedy), "mv %s %s", name,
			 nearest.name);
		f.file = file;
		f.remedy = remedy;
		nsc_doctor_add(s->doctor, &f, "nothing reads this %s%s",
			       drop ? "directory" : "file",
			       nsc_nearest_text(&nearest, did, sizeof(did)));
	}
	if (dir)
		closedir(dir);
}

/* Check a directory that should have a container.json. */
static void check_container(struct scope *s, int fd, const char *path)
{
	_cleanup_config_files_ struct nsc_config_files files = { .n = 0 };
	const struct nsc_finding f = {
		.severity = NSC_RISK, .check = "no-container-json",
		.file = path, .remedy = "write " NSC_CONFIG_FILE " there, or "
					"remove the directory",
	};
	int error = nsc_config_files_read(fd, path, NSC_CONFIG_TEXTS, &files,
					  NSC_IGNORE);

	for (size_t i = 0; error == 0 && i < files.n; i++)
		remember(s, files.list[i].text);
	check_neighbours(s, fd, path, error != -ENOENT);
	check_dropins(s, fd, path, NSC_CONFIG_FILE, NSC_DROPINS_CONFIG);
	if (error == -ENOENT)
		nsc_doctor_add(s->doctor, &f, "the directory has no "
			       NSC_CONFIG_FILE ": it contains nobody");
}

/* A directory with the name of nobody. */
static void check_owner(struct scope *s, enum kind kind, const char *name,
			const char *path)
{
	enum kind other = kind == KIND_USER ? KIND_GROUP : KIND_USER;
	struct nsc_nearest nearest = NSC_NEAREST_INIT(name);
	char did[96], remedy[256] = "rename or remove the directory";
	const struct nsc_finding f = {
		.severity = NSC_RISK, .check = kinds[kind].check,
		.file = path, .remedy = remedy,
	};

	if (name_exists(kind, name))
		return;
	offer_names(&nearest, kind);
	nsc_nearest_text(&nearest, did, sizeof(did));
	if (nearest.name[0])
		snprintf(remedy, sizeof(remedy), "mv %s %s", name,
			 nearest.name);
	else if (name_exists(other, name))
		snprintf(did, sizeof(did), ": it is a %s: did you mean %s/%s?",
			 kinds[other].what, kinds[other].place, name);
	nsc_doctor_add(s->doctor, &f, "there is no %s '%s'%s",
		       kinds[kind].what, name, did);
}

/* A file in users/ or groups/, where each name is a directory. */
static void misplaced(struct scope *s, enum kind kind, const char *name,
		      const char *path)
{
	size_t len = strlen(name);
	char remedy[640], owner[256];
	const struct nsc_finding f = {
		.severity = NSC_RISK, .check = "not-read", .file = path,
		.remedy = remedy,
	};

	snprintf(owner, sizeof(owner), "%.*s", (int)(len -
		 (nsc_text_ends_with(name, ".json") ? 5 : 0)), name);
	snprintf(remedy, sizeof(remedy), "mkdir %s/%s; mv %s/%s %s/%s/"
		 NSC_CONFIG_FILE, kinds[kind].place, owner, kinds[kind].place,
		 name, kinds[kind].place, owner);
	nsc_doctor_add(s->doctor, &f, "nothing reads this file: %s/ has a "
		       "directory for each %s: did you mean '%s/%s/"
		       NSC_CONFIG_FILE "'?", kinds[kind].place,
		       kinds[kind].what, kinds[kind].place, owner);
}

static void check_owners(struct scope *s, enum kind kind)
{
	_cleanup_fd_ int fd = nsc_file_open_dir_at(s->fd, s->dir,
						   kinds[kind].place,
						   NSC_IGNORE);
	DIR *dir = fd < 0 ? NULL : nsc_file_list(fd);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		const char *name = entry->d_name;
		_cleanup_fd_ int sub = -1;
		char path[1024];
		struct stat st;

		if (name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s/%s", s->dir,
			 kinds[kind].place, name);
		if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode))
			misplaced(s, kind, name, path);
		sub = nsc_file_open_dir_at(fd, s->dir, name, NSC_IGNORE);
		if (sub < 0)
			continue;
		check_owner(s, kind, name, path);
		check_container(s, sub, path);
	}
	if (dir)
		closedir(dir);
}

static void check_default(struct scope *s)
{
	_cleanup_fd_ int fd = nsc_file_open_dir_at(s->fd, s->dir, "default",
						   NSC_IGNORE);
	char path[1024];

	snprintf(path, sizeof(path), "%s/default", s->dir);
	if (fd >= 0)
		check_container(s, fd, path);
}

/* --- the directory of nscontainer.conf -------------------------------- */

/* The module's arguments may name a file there. */
static void remember_stacks(struct scope *s)
{
	for (size_t i = 0; i < NSC_ARRAY_SIZE(stacks); i++) {
		DIR *dir = opendir(stacks[i]);
		const struct dirent *entry;
		char text[16384];

		while (dir && (entry = readdir(dir)))
			if (nsc_file_read_text(dirfd(dir), entry->d_name, text,
					       sizeof(text)) > 0)
				remember(s, text);
		if (dir)
			closedir(dir);
	}
}

static void check_entry(struct scope *s, const char *name)
{
	const char *const read[] = { "users", "groups", "default", s->conf };
	struct nsc_nearest nearest = NSC_NEAREST_INIT(name);
	struct nsc_finding f = { .check = "not-read" };
	bool directory = is_directory(s->fd, name);
	char did[320] = "", path[1024];

	for (size_t i = 0; i < NSC_ARRAY_SIZE(read); i++)
		if (!strcmp(read[i], name))
			return;
	if (name[0] == '.' || is_copy(name, s->conf))
		return;
	snprintf(path, sizeof(path), "%s/%s", s->dir, name);
	for (size_t i = 0; i < NSC_ARRAY_SIZE(read); i++)
		nsc_nearest_offer(&nearest, read[i]);
	nsc_nearest_text(&nearest, did, sizeof(did));
	if (is_copy(name, NSC_CONFIG_FILE))
		snprintf(did, sizeof(did), ": did you mean 'default/%s'?",
			 name);
	if (!*did && (directory || (s->texts && strstr(s->texts, path))))
		return;
	f.severity = *did ? NSC_RISK : NSC_NOTE;
	f.file = path;
	f.remedy = "rename it, or move it away";
	nsc_doctor_add(s->doctor, &f, "nothing reads this %s%s",
		       directory ? "directory" : "file", did);
}

void nsc_doctor_unused(struct nsc_doctor *doctor)
{
	const char *slash = strrchr(doctor->conf_path, '/');
	struct scope s = { .doctor = doctor, .fd = -1 };
	const struct dirent *entry;
	DIR *dir;

	if (!slash)
		return;
	snprintf(s.dir, sizeof(s.dir), "%.*s",
		 (int)(slash - doctor->conf_path), doctor->conf_path);
	s.conf = slash + 1;
	s.fd = nsc_file_open_dir(s.dir, NSC_IGNORE);
	if (s.fd < 0)
		return;
	if (doctor->conf)
		unused_names(doctor);
	check_owners(&s, KIND_USER);
	check_owners(&s, KIND_GROUP);
	check_default(&s);
	check_dropins(&s, s.fd, s.dir, s.conf, NSC_DROPINS_CONF);
	remember_stacks(&s);
	dir = nsc_file_list(s.fd);
	while (dir && (entry = readdir(dir)))
		check_entry(&s, entry->d_name);
	if (dir)
		closedir(dir);
	free(s.texts);
	nsc_fd_close(&s.fd);
}
