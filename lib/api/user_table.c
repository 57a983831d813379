/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit. */
#include "api/user_table.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "util/fd.h"
#include "util/file.h"

#define CONF_MAX 65536

/* Are all the words up to the end of the line modules that list everything? */
static bool lists_all(const char *words)
{
	for (size_t n; ; words += n) {
		words += strspn(words, " \t");
		n = strcspn(words, " \t\n#");
		if (!n)
			return true;
		if ((n != 5 || strncmp(words, "files", n) != 0) &&
		    (n != 7 || strncmp(words, "systemd", n) != 0))
			return false;
	}
}

/* nsswitch.conf(5); without the file, the C library uses "files" alone. */
static bool can_list(void)
{
	static const char *const databases[] = {
		"passwd:", "group:", "initgroups:",
	};
	_cleanup_free_ char *text = malloc(CONF_MAX);
	int n = text ? nsc_file_read_text(AT_FDCWD, "/etc/nsswitch.conf", text,
					  CONF_MAX) : -ENOMEM;

	for (const char *line = n < 0 ? NULL : text; line;
	     line = strchr(line, '\n')) {
		line += strspn(line, " \t\n");
		for (size_t i = 0; i < NSC_ARRAY_SIZE(databases); i++) {
			size_t len = strlen(databases[i]);

			if (!strncmp(line, databases[i], len) &&
			    !lists_all(line + len))
				return false;
		}
	}
	return n >= 0 || n == -ENOENT;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct nsc_user *)a)->name,
		      ((const struct nsc_user *)b)->name);
}

static int compare_name(const void *name, const void *user)
{
	return strcmp(name, ((const struct nsc_user *)user)->name);
}

static struct nsc_user *find(const struct nsc_user_table *table,
			     const char *name)
{
	return table->n ? bsearch(name, table->list, table->n,
				  sizeof(*table->list), compare_name) : NULL;
}

static int load_users(struct nsc_user_table *table)
{
	const struct passwd *entry;
	int ret = 0;

	setpwent();
	while (ret == 0 && (entry = getpwent())) {
		struct nsc_user *grown = reallocarray(table->list, table->n + 1,
						      sizeof(*grown));

		if (!grown) {
			ret = -ENOMEM;
			break;
		}
		table->list = grown;
		grown[table->n] = (struct nsc_user){ 0 };
		ret = nsc_user_set(&grown[table->n++], entry);
	}
	endpwent();
	if (ret == 0 && table->n)
		qsort(table->list, table->n, sizeof(*table->list),
		      compare_names);
	return ret;
}

static int add_group(struct nsc_user *user, gid_t gid)
{
	gid_t *grown;

	for (int i = 0; i < user->n_groups; i++)
		if (user->groups[i] == gid)
			return 0;
	grown = reallocarray(user->groups, (size_t)user->n_groups + 1,
			     sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	user->groups = grown;
	grown[user->n_groups++] = gid;
	return 0;
}

struct names {
	struct name {
		gid_t gid;
		char *name;
	} *list;
	size_t n;
};

static int compare_gids(const void *a, const void *b)
{
	gid_t x = ((const struct name *)a)->gid;
	gid_t y = ((const struct name *)b)->gid;

	return x < y ? -1 : x > y;
}

static int add_entry(const struct nsc_user_table *table, struct names *names,
		     const struct group *entry)
{
	struct name *grown = reallocarray(names->list, names->n + 1,
					  sizeof(*grown));
	int ret = 0;

	if (!grown)
		return -ENOMEM;
	names->list = grown;
	grown[names->n] = (struct name){ entry->gr_gid,
					 strdup(entry->gr_name) };
	if (!grown[names->n++].name)
		return -ENOMEM;
	for (char **member = entry->gr_mem; ret == 0 && *member; member++) {
		struct nsc_user *user = find(table, *member);

		if (user)
			ret = add_group(user, entry->gr_gid);
	}
	return ret;
}

static int name_groups(const struct nsc_user_table *table,
		       const struct names *names)
{
	for (size_t i = 0; names->n && i < table->n; i++) {
		struct nsc_user *user = &table->list[i];
		const struct name key = { .gid = user->gid };
		const struct name *name = bsearch(&key, names->list, names->n,
						  sizeof(key), compare_gids);

		user->group = name ? strdup(name->name) : NULL;
		if (name && !user->group)
			return -ENOMEM;
	}
	return 0;
}

static int load_groups(const struct nsc_user_table *table)
{
	struct names names = { NULL, 0 };
	const struct group *entry;
	int ret = 0;

	setgrent();
	while (ret == 0 && (entry = getgrent()))
		ret = add_entry(table, &names, entry);
	endgrent();
	if (names.n)
		qsort(names.list, names.n, sizeof(*names.list), compare_gids);
	if (ret == 0)
		ret = name_groups(table, &names);
	for (size_t i = 0; i < names.n; i++)
		free(names.list[i].name);
	free(names.list);
	return ret;
}

void nsc_user_table_load(struct nsc_user_table *ret)
{
	*ret = (struct nsc_user_table){ NULL, 0 };
	if (can_list() && load_users(ret) == 0 && load_groups(ret) == 0)
		return;
	nsc_user_table_free(ret);
}

const struct nsc_user *nsc_user_table_find(const struct nsc_user_table *table,
					   const char *name)
{
	return find(table, name);
}

void nsc_user_table_free(struct nsc_user_table *table)
{
	for (size_t i = 0; i < table->n; i++)
		nsc_user_clear(&table->list[i]);
	free(table->list);
	*table = (struct nsc_user_table){ NULL, 0 };
}
