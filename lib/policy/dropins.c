/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the login program, nsshell, which is static, nsinit. */
#include "policy/dropins.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/hash.h"
#include "util/paths.h"
#include "util/text.h"

int nsc_dropins_is_read(const char *name, const char *suffix)
{
	return name[0] != '.' && strlen(name) > strlen(suffix) &&
	       nsc_text_ends_with(name, suffix);
}

static int dropins_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int dropins_list(struct nsc_dropins *d, const char *suffix,
			struct nsc_error *err)
{
	DIR *dir = nsc_file_list(d->fd);
	const struct dirent *entry;
	int error = 0, code = dir ? 0 : errno;

	while (dir && !code && (entry = nsc_file_next(dir, &error))) {
		if (!nsc_dropins_is_read(entry->d_name, suffix))
			continue;
		if (d->n == NSC_DROPINS_MAX)
			code = E2BIG;
		else if (nsc_text_append(&d->names, &d->n, entry->d_name) < 0)
			code = ENOMEM;
	}
	if (dir)
		closedir(dir);
	if (error < 0)
		code = -error;
	if (code == E2BIG)
		return nsc_error_set(err, code, "%s: has more than %d files",
				     d->path, NSC_DROPINS_MAX);
	if (code)
		return nsc_error_sys(err, code, "%s", d->path);
	if (d->n)
		qsort(d->names, d->n, sizeof(*d->names), dropins_compare);
	return 0;
}

int nsc_dropins_open(int dirfd, const char *dirname, const char *name,
		     const char *suffix, struct nsc_dropins *ret,
		     struct nsc_error *err)
{
	_cleanup_dropins_ struct nsc_dropins d = NSC_DROPINS_INIT;
	int error;

	if (asprintf(&d.path, "%s/%s.d", dirname, name) < 0) {
		d.path = NULL;
		return nsc_error_sys(err, ENOMEM, "%s", name);
	}
	d.fd = nsc_file_open_dir_at(dirfd, dirname, strrchr(d.path, '/') + 1,
				    err);
	if (d.fd < 0 && d.fd != -ENOENT)
		return d.fd;
	if (d.fd == -ENOENT)
		d.fd = -1;
	error = d.fd < 0 ? 0 : dropins_list(&d, suffix, err);
	if (error < 0)
		return error;
	*ret = d;
	d = (struct nsc_dropins)NSC_DROPINS_INIT;
	return 0;
}

int nsc_dropins_changed(const struct nsc_dropins *dropins, const char *name,
			struct nsc_error *err)
{
	return nsc_error_set(err, EAGAIN, "%s%s%s: was changed while it was "
			     "read: try again", dropins->path, name ? "/" : "",
			     name ? name : "");
}

int nsc_dropins_check(const struct nsc_dropins *dropins, const char *suffix,
		      struct nsc_error *err)
{
	_cleanup_dropins_ struct nsc_dropins now = NSC_DROPINS_INIT;
	int error;

	if (dropins->fd < 0)
		return 0;
	now.fd = fcntl(dropins->fd, F_DUPFD_CLOEXEC, 3);
	if (now.fd < 0 || !(now.path = strdup(dropins->path)))
		return nsc_error_sys(err, errno, "%s", dropins->path);
	error = dropins_list(&now, suffix, err);
	if (error < 0)
		return error;
	if (now.n != dropins->n)
		return nsc_dropins_changed(dropins, NULL, err);
	for (size_t i = 0; i < now.n; i++)
		if (strcmp(now.names[i], dropins->names[i]) != 0)
			return nsc_dropins_changed(dropins, NULL, err);
	return 0;
}

void nsc_dropins_close(struct nsc_dropins *dropins)
{
	free(dropins->path);
	nsc_fd_close(&dropins->fd);
	nsc_text_free_vector(dropins->names);
}

static int keep_text(struct nsc_config_files *files, const char *dirname,
		     const char *name, int fd, struct nsc_error *err)
{
	struct nsc_config_file *file = &files->list[files->n];
	size_t len = 0;
	int error;

	if (asprintf(&file->path, "%s/%s", dirname, name) < 0) {
		file->path = NULL;
		return nsc_error_sys(err, ENOMEM, "%s", name);
	}
	error = nsc_file_read(fd, file->path, NSC_FILE_MAX, &file->text, &len,
			      err);
	if (error < 0) {
		free(file->path);
		return error;
	}
	/* A start hashes what it has parsed: the file may change meanwhile. */
	files->content = nsc_hash_add(NSC_HASH_INIT, file->text, len);
	return 0;
}

/* Read one more file; one that does not exist is passed over. */
static int add_file(struct nsc_config_files *files, int dirfd,
		    const char *dirname, const char *name,
		    struct nsc_error *err)
{
	_cleanup_fd_ int fd = nsc_file_open_at(dirfd, dirname, name, err);
	uint64_t before = files->content;
	int error;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	error = files->list ? keep_text(files, dirname, name, fd, err) :
			      nsc_hash_file(fd, &files->content);
	if (error < 0)
		return files->list ? error :
			nsc_error_sys(err, -error, "%s/%s", dirname, name);
	/* container.json alone has the hash that it has always had. */
	if (files->n++ || strcmp(name, NSC_CONFIG_FILE) != 0) {
		uint64_t content = files->content;

		before = nsc_hash_add_text(before, name);
		files->content = nsc_hash_add(before, &content,
					      sizeof(content));
	}
	return 0;
}

static int read_dropins(struct nsc_config_files *files,
			const struct nsc_dropins *d, struct nsc_error *err)
{
	int error = 0;

	for (size_t i = 0; error == 0 && i < d->n; i++) {
		size_t before = files->n;

		error = add_file(files, d->fd, d->path, d->names[i], err);
		if (error == 0 && files->n == before)
			error = nsc_dropins_changed(d, d->names[i], err);
	}
	return error < 0 ? error : nsc_dropins_check(d, NSC_DROPINS_CONFIG,
						     err);
}

static int config_files_read(int dirfd, const char *dirname,
			     enum nsc_config_want want,
			     struct nsc_config_files *ret,
			     struct nsc_error *err)
{
	_cleanup_dropins_ struct nsc_dropins d = NSC_DROPINS_INIT;
	_cleanup_config_files_ struct nsc_config_files files = {
		.content = NSC_HASH_INIT,
	};
	int error = nsc_dropins_open(dirfd, dirname, NSC_CONFIG_FILE,
				     NSC_DROPINS_CONFIG, &d, err);

	if (error < 0)
		return error;
	if (want == NSC_CONFIG_TEXTS) {
		files.list = calloc(d.n + 1, sizeof(*files.list));
		if (!files.list)
			return nsc_error_sys(err, ENOMEM, "%s", dirname);
	}
	error = add_file(&files, dirfd, dirname, NSC_CONFIG_FILE, err);
	if (error == 0)
		error = read_dropins(&files, &d, err);
	if (error < 0)
		return error;
	if (!files.n)
		return nsc_error_sys(err, ENOENT, "%s/" NSC_CONFIG_FILE,
				     dirname);
	nsc_error_clear(err);
	*ret = files;
	files.list = NULL;
	return 0;
}

int nsc_config_files_read(int dirfd, const char *dirname,
			  enum nsc_config_want want,
			  struct nsc_config_files *ret,
			  struct nsc_error *err)
{
	int error = -EAGAIN;

	for (int i = 0; error == -EAGAIN && i < NSC_DROPINS_TRIES; i++) {
		nsc_error_clear(err);
		error = config_files_read(dirfd, dirname, want, ret, err);
	}
	return error;
}

int nsc_config_files_load(const char *file, enum nsc_config_want want,
			  struct nsc_config_files *ret,
			  struct nsc_error *err)
{
	_cleanup_free_ char *dir = strdup(file);
	char *slash = dir ? strrchr(dir, '/') : NULL;
	_cleanup_fd_ int fd = -1;

	if (!dir || !slash)
		return nsc_error_sys(err, dir ? EINVAL : ENOMEM, "%s", file);
	*slash = '\0';
	fd = nsc_file_open_dir(*dir ? dir : "/", err);
	return fd < 0 ? fd : nsc_config_files_read(fd, dir, want, ret, err);
}

void nsc_config_files_free(struct nsc_config_files *files)
{
	for (size_t i = 0; files->list && i < files->n; i++) {
		free(files->list[i].path);
		free(files->list[i].text);
	}
	free(files->list);
}
