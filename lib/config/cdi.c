/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit and login-start, root of the host. */
#include "config/cdi.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "config/cdi_file.h"
#include "config/cdi_path.h"
#include "config/mount_keys.h"
#include "config/process_keys.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/hash.h"
#include "util/nearest.h"
#include "util/text.h"

#define NAME_EXPECTED "a device such as \"vendor.com/class=name\""

/* --- the key ----------------------------------------------------------- */

static int read_name(struct nsc_reader *r, const json_t *value,
		     const struct nsc_field *f, void *to)
{
	const char *text = nsc_field_text(r, value);

	return !text ? -EINVAL : nsc_cdi_name_valid(text) ?
		       nsc_read_text(r, value, f, to) :
		       nsc_field_wrong(r, value, NAME_EXPECTED);
}

#define AT(member) offsetof(struct nsc_config_cdi, member)
const struct nsc_field nsc_cdi_fields[] = {
	{ .name = "name", .read = read_name, .at = AT(name) },
	{ .name = "exclusive", .read = nsc_read_bool, .at = AT(exclusive) },
	{ .name = NULL },
};
#undef AT

int nsc_read_cdi_device(struct nsc_reader *r, const json_t *element, void *to)
{
	struct nsc_config *config = to;
	struct nsc_config_cdi *d = nsc_field_grow(r, config->cdi,
						  config->n_cdi, sizeof(*d));
	int ret;

	if (!d)
		return -ENOMEM;
	config->cdi = d;
	d += config->n_cdi++;
	if (!json_is_string(element) && !json_is_object(element))
		return nsc_field_wrong(r, element, NAME_EXPECTED);
	ret = json_is_string(element) ?
		      read_name(r, element, NULL, &d->name) :
		      nsc_field_object(r, element, nsc_cdi_fields, d);
	if (ret == 0 && !d->name)
		return nsc_field_refuse_member(r, "name", "is missing");
	for (size_t i = 0; ret == 0 && i + 1 < config->n_cdi; i++)
		if (!strcmp(config->cdi[i].name, d->name))
			return nsc_field_refuse(r, "the device is there "
						"twice");
	return ret;
}

/* --- the files --------------------------------------------------------- */

struct file {
	struct nsc_cdi_file cdi;
	bool dynamic;		/* takes the place of a static one */
	bool used;
};

struct files {
	struct file *list;
	size_t n;
	struct nsc_error broken;	/* the first file that is wrong */
};

static int load_file(struct files *files, int dir, const char *dirname,
		     const char *name, struct nsc_error *err)
{
	struct file *list = reallocarray(files->list, files->n + 1,
					 sizeof(*list));
	struct nsc_error why = NSC_ERROR_INIT;
	_cleanup_free_ char *path = NULL;
	_cleanup_free_ char *text = NULL;
	_cleanup_fd_ int fd = -1;
	struct file *f;
	int ret = 0;

	if (list)
		files->list = list;
	if (!list || asprintf(&path, "%s/%s", dirname, name) < 0) {
		path = NULL;
		return nsc_error_sys(err, ENOMEM, "%s/%s", dirname, name);
	}
	f = &list[files->n];
	*f = (struct file){ .dynamic = !strcmp(dirname, NSC_CDI_DYNAMIC) };
	fd = nsc_file_open_at(dir, dirname, name, &why);
	ret = fd < 0 ? fd : nsc_file_read(fd, path, NSC_FILE_MAX, &text, NULL,
					  &why);
	if (ret == 0)
		ret = nsc_cdi_file_parse(path, text, &f->cdi, &why);
	if (ret == 0) {
		files->n++;
		return 0;
	}
	nsc_cdi_file_free(&f->cdi);
	if (!files->broken.code)
		files->broken = why;
	return 0;
}

static int is_file(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && entry->d_type != DT_DIR &&
	       (nsc_text_ends_with(entry->d_name, ".json") ||
		nsc_text_ends_with(entry->d_name, ".yaml"));
}

static int load_dir(struct files *files, const char *path,
		    struct nsc_error *err)
{
	_cleanup_fd_ int dir = nsc_file_open_dir(path, err);
	struct dirent **names = NULL;
	int n, ret = 0;

	if (dir == -ENOENT)
		return nsc_error_clear(err);
	if (dir < 0)
		return dir;
	n = scandirat(dir, ".", &names, is_file, alphasort);
	if (n < 0)
		return nsc_error_sys(err, errno, "%s", path);
	for (int i = 0; i < n; i++) {
		if (ret == 0)
			ret = load_file(files, dir, path, names[i]->d_name,
					err);
		free(names[i]);
	}
	free(names);
	return ret;
}

static void files_free(struct files *files)
{
	for (size_t i = 0; i < files->n; i++)
		nsc_cdi_file_free(&files->list[i].cdi);
	free(files->list);
}

/* --- to find a device -------------------------------------------------- */

struct found {
	struct file *file;
	const struct nsc_cdi_device *device;
	const struct file *also;	/* a file with the same right to it */
};

static void find(const struct files *files, const char *name,
		 struct found *ret)
{
	size_t kind = strcspn(name, "=");

	*ret = (struct found){ .file = NULL };
	for (size_t i = 0; i < files->n; i++) {
		struct file *f = &files->list[i];
		const struct nsc_cdi_file *c = &f->cdi;

		if (strlen(c->kind) != kind ||
		    strncmp(c->kind, name, kind) != 0)
			continue;
		for (size_t k = 0; k < c->n_devices; k++) {
			if (strcmp(c->devices[k].name, name + kind + 1) != 0)
				continue;
			ret->also = ret->file &&
				    ret->file->dynamic == f->dynamic ?
					    ret->file : NULL;
			ret->file = f;
			ret->device = &c->devices[k];
		}
	}
}

static int unknown(const struct files *files, const char *name,
		   struct nsc_error *err)
{
	struct nsc_nearest nearest = NSC_NEAREST_INIT(name);
	char text[128];

	for (size_t i = 0; i < files->n; i++) {
		const struct nsc_cdi_file *c = &files->list[i].cdi;

		for (size_t k = 0; k < c->n_devices; k++) {
			snprintf(text, sizeof(text), "%s=%s", c->kind,
				 c->devices[k].name);
			nsc_nearest_offer(&nearest, text);
		}
	}
	return nsc_error_set(err, ENOENT, "no file in " NSC_CDI_STATIC " and "
			     NSC_CDI_DYNAMIC " has the device '%s'%s%s%s", name,
			     nsc_nearest_text(&nearest, text, sizeof(text)),
			     files->broken.code ? "; left out: " : "",
			     files->broken.code ? files->broken.text : "");
}

/* --- to make the edits ------------------------------------------------- */

static int oom(struct nsc_error *err)
{
	return nsc_error_sys(err, ENOMEM, "devices");
}

static void *grow(void *list, size_t n, size_t size)
{
	void *grown = reallocarray(list, n + 1, size);

	if (grown)
		memset((char *)grown + n * size, 0, size);
	return grown;
}

/* A later value takes the place of an earlier one. */
static int add_env(struct nsc_config *config, char **env)
{
	char ***to = &config->process.env;
	int ret = 0;

	for (; env && *env && ret == 0; env++) {
		size_t len = strcspn(*env, "=") + 1, n = 0;

		while ((*to)[n] && strncmp((*to)[n], *env, len) != 0)
			n++;
		if (!(*to)[n]) {
			ret = nsc_text_append(to, &n, *env);
			continue;
		}
		free((*to)[n]);
		ret = nsc_text_copy(&(*to)[n], *env);
	}
	return ret;
}

/* The type, numbers and mode that the file lacks are those of the host. */
static int complete(const struct nsc_cdi_node *from,
		    struct nsc_device_node *node, struct nsc_error *err)
{
	const char *path = from->host_path ? from->host_path : from->path;
	bool whole = from->type && from->major;
	struct stat st;
	char type;

	if (lstat(path, &st) < 0)
		return whole ? 0 : nsc_error_sys(err, errno, "device '%s' of "
						 "the host", path);
	type = S_ISBLK(st.st_mode) ? 'b' : S_ISCHR(st.st_mode) ? 'c' : 0;
	if (!whole && (!type || (from->type && from->type != type)))
		return nsc_error_set(err, ENODEV, "'%s' of the host is not a "
				     "%s device", path, from->type == 'b' ?
				     "block" : from->type ? "character" :
				     "character or block");
	if (!from->has_mode && type)
		node->mode = st.st_mode & 0777;
	if (whole)
		return 0;
	node->type = type;
	node->major = major(st.st_rdev);
	node->minor = minor(st.st_rdev);
	return 0;
}

/* The place for a node; one with the same path is replaced. */
static struct nsc_device_node *node_place(struct nsc_config *config,
					  const char *path)
{
	struct nsc_device_node *list;

	for (size_t i = 0; i < config->n_devices; i++) {
		if (strcmp(config->devices[i].path, path) != 0)
			continue;
		free(config->devices[i].path);
		free(config->devices[i].host_path);
		return &config->devices[i];
	}
	list = grow(config->devices, config->n_devices, sizeof(*list));
	if (!list)
		return NULL;
	config->devices = list;
	return &list[config->n_devices++];
}

static int add_node(struct nsc_config *config, const struct nsc_cdi_node *from,
		    struct nsc_device_node *ret, struct nsc_error *err)
{
	struct nsc_device_node node = {
		.type = from->type, .major = from->major, .minor = from->minor,
		.mode = from->has_mode ? from->mode : 0666,
		.access = from->access,
		.uid = from->has_uid ? from->uid : NSC_DEVICE_OF_USER,
		.gid = from->has_gid ? from->gid : NSC_DEVICE_OF_USER,
	};
	struct nsc_device_node *place;
	int error = complete(from, &node, err);

	if (error < 0)
		return error;
	place = node_place(config, from->path);
	if (!place)
		return oom(err);
	*place = node;
	place->path = strdup(from->path);
	place->host_path = from->host_path ? strdup(from->host_path) : NULL;
	if (!place->path || (from->host_path && !place->host_path))
		return oom(err);
	*ret = *place;
	return 0;
}

/* As the specification demands, a mount on the same path is replaced. */
static int add_mount(struct nsc_config *config, struct nsc_config_mount *from)
{
	struct nsc_config_mount *list;
	size_t i = 0;

	if (from->type == NSC_MOUNT_BIND && nsc_cdi_resolve(&from->source) < 0)
		return -ENOMEM;
	while (i < config->n_mounts &&
	       strcmp(config->mounts[i].destination, from->destination) != 0)
		i++;
	if (i < config->n_mounts) {
		nsc_config_mount_free(&config->mounts[i]);
		memmove(&config->mounts[i], &config->mounts[i + 1],
			(--config->n_mounts - i) * sizeof(*list));
		config->n_own_mounts -= i < config->n_own_mounts;
	}
	list = grow(config->mounts, config->n_mounts, sizeof(*list));
	if (!list)
		return -ENOMEM;
	config->mounts = list;
	/* A mount around it is made first. */
	i = config->n_mounts++;
	while (i > config->n_own_mounts &&
	       strlen(list[i - 1].destination) > strlen(from->destination)) {
		list[i] = list[i - 1];
		i--;
	}
	list[i] = *from;
	*from = (struct nsc_config_mount){ .source = NULL };
	return 0;
}

static int add_hook(struct nsc_config *config, struct nsc_config_hook *from)
{
	struct nsc_config_hook *list = grow(config->hooks, config->n_hooks,
					    sizeof(*list));

	if (!list)
		return -ENOMEM;
	config->hooks = list;
	/* That path is one of the container's. */
	if (from->when != NSC_HOOK_START_CONTAINER &&
	    nsc_cdi_resolve(&from->path) < 0)
		return -ENOMEM;
	list[config->n_hooks++] = *from;
	*from = (struct nsc_config_hook){ .path = NULL };
	return 0;
}

/* Programs such as sshd take the groups from /etc/group: by a name. */
static int add_gid(struct nsc_config *config, uint32_t gid)
{
	gid_t *list = grow(config->gids, config->n_gids, sizeof(*list));
	size_t n = config->n_gids;
	char name[16];

	if (!list)
		return -ENOMEM;
	config->gids = list;
	snprintf(name, sizeof(name), "cdi-%u", gid);
	if (nsc_text_append(&config->gid_names, &n, name) < 0)
		return -ENOMEM;
	list[config->n_gids++] = gid;
	return 0;
}

/*
 * Note the numbers of a device, which nobody else may have if it is exclusive.
 */
static int claim(struct nsc_config_cdi *d, const struct nsc_device_node *node)
{
	char *text = NULL;

	if (asprintf(&text, "%s %c:%u:%u", d->numbers ? d->numbers : "",
		     node->type, node->major, node->minor) < 0)
		return -ENOMEM;
	free(d->numbers);
	d->numbers = text;
	return 0;
}

static uint64_t hash_vector(uint64_t hash, char *const *vector)
{
	for (; vector && *vector; vector++)
		hash = nsc_hash_add_text(hash, *vector);
	return nsc_hash_add_text(hash, NULL);
}

static uint64_t hash_mount(uint64_t hash, const struct nsc_config_mount *m)
{
	const uint64_t numbers[] = { m->type, m->writable, m->masked, m->slave,
				     m->idmap, m->attributes, m->mode };

	hash = nsc_hash_add_text(hash, m->source);
	hash = nsc_hash_add_text(hash, m->destination);
	hash = nsc_hash_add_text(hash, m->size);
	return nsc_hash_add(hash, numbers, sizeof(numbers));
}

/* The edits that only a start can make. */
static void hash_rest(struct nsc_config *config, const struct nsc_cdi_edits *e)
{
	uint64_t hash = hash_vector(config->cdi_rest, e->env);

	for (size_t i = 0; i < e->n_mounts; i++)
		hash = hash_mount(hash, &e->mounts[i]);
	for (size_t i = 0; i < e->n_hooks; i++) {
		const struct nsc_config_hook *h = &e->hooks[i];
		const uint64_t numbers[] = { h->when, h->timeout };

		hash = nsc_hash_add_text(hash, h->path);
		hash = hash_vector(hash_vector(hash, h->args), h->env);
		hash = nsc_hash_add(hash, numbers, sizeof(numbers));
	}
	config->cdi_rest = nsc_hash_add(hash, e->gids,
					e->n_gids * sizeof(*e->gids));
}

static void hash_node(struct nsc_config *config,
		      const struct nsc_device_node *node)
{
	const uint64_t numbers[] = { (uint64_t)node->type, node->major,
				     node->minor, node->mode, node->access,
				     node->uid, node->gid };

	config->cdi_nodes = nsc_hash_add_text(config->cdi_nodes, node->path);
	config->cdi_nodes = nsc_hash_add(config->cdi_nodes, numbers,
					 sizeof(numbers));
}

static bool has_rest(const struct nsc_cdi_edits *e)
{
	return (e->env && *e->env) || e->n_mounts || e->n_hooks || e->n_gids;
}

/* d: NULL for the edits that all devices of a file share. */
static int edit(struct nsc_config *config, struct nsc_cdi_edits *e,
		struct nsc_config_cdi *d, struct nsc_error *err)
{
	struct nsc_device_node node = { .path = NULL };
	int ret = 0;

	if (e->unsupported)
		return nsc_error_set(err, EOPNOTSUPP, "%s", e->unsupported);
	for (size_t i = 0; ret == 0 && i < e->n_nodes; i++) {
		ret = add_node(config, &e->nodes[i], &node, err);
		if (ret < 0)
			return ret;
		hash_node(config, &node);
		ret = d ? claim(d, &node) : 0;
	}
	if (has_rest(e))
		hash_rest(config, e);
	if (ret == 0)
		ret = add_env(config, e->env);
	for (size_t i = 0; ret == 0 && i < e->n_mounts; i++)
		ret = add_mount(config, &e->mounts[i]);
	for (size_t i = 0; ret == 0 && i < e->n_hooks; i++)
		ret = add_hook(config, &e->hooks[i]);
	for (size_t i = 0; ret == 0 && i < e->n_gids; i++)
		ret = add_gid(config, e->gids[i]);
	return ret < 0 ? oom(err) : 0;
}

static int apply(struct nsc_config *config, struct files *files,
		 struct nsc_config_cdi *d, struct nsc_error *err)
{
	struct found found;
	int ret = 0;

	find(files, d->name, &found);
	if (!found.file)
		return unknown(files, d->name, err);
	if (found.also)
		return nsc_error_set(err, EEXIST, "'%s' is in %s and in %s: "
				     "remove it from one", d->name,
				     found.also->cdi.path,
				     found.file->cdi.path);
	if (!found.file->used)
		ret = edit(config, &found.file->cdi.edits, NULL, err);
	found.file->used = true;
	if (ret == 0)
		ret = edit(config, (struct nsc_cdi_edits *)(uintptr_t)
			   &found.device->edits, d, err);
	return ret < 0 ? nsc_error_context(err, "'%s'", d->name) : 0;
}

int nsc_cdi_apply(struct nsc_config *config, struct nsc_error *err)
{
	struct files files = { .broken = NSC_ERROR_INIT };
	int ret;

	if (!config->n_cdi)
		return 0;
	ret = load_dir(&files, NSC_CDI_STATIC, err);
	if (ret == 0)
		ret = load_dir(&files, NSC_CDI_DYNAMIC, err);
	config->n_own_mounts = config->n_mounts;
	for (size_t i = 0; ret == 0 && i < config->n_cdi; i++)
		ret = apply(config, &files, &config->cdi[i], err);
	files_free(&files);
	if (ret == 0 && nsc_hooks_wrong(config))
		ret = nsc_error_set(err, EINVAL, "%s",
				    nsc_hooks_wrong(config));
	return ret < 0 ? nsc_error_context(err, "%s: devices", config->file) :
			 0;
}
