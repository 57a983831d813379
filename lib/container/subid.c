/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit, root of the host. */
#include "container/subid.h"

#include <ctype.h>
#include <errno.h>
#include <shadow/subid.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/library.h"
#include "util/text.h"
#include "config.h"
#include "network/pool.h"
#include "linux/idmap.h"
#include "rootfs/accounts.h"

#define IDS_FILE "ids"
#define SUBID_NAME (4 * NSC_NAME_MAX + 8)
#define FUNCTIONS(_) _(subid_get_uid_ranges) _(subid_get_gid_ranges)
NSC_LIBRARY(subid, SONAME_SUBID, FUNCTIONS);

struct kind {
	const char *file;	/* below /etc */
	const char *accounts;	/* likewise: NAME:PASSWORD:ID:... */
	const char *key;	/* of container.json */
	__typeof__(subid_get_uid_ranges) **ranges;
};

static const struct kind kinds[] = {
	{ "subuid", "passwd", "uid_mappings", &subid.subid_get_uid_ranges },
	{ "subgid", "group", "gid_mappings", &subid.subid_get_gid_ranges },
};

/* Ids of the host that a container is to have. */
struct ids {
	const struct kind *kind;
	const struct nsc_user *user;
	const struct nsc_id_mapping *map;
	size_t n;
	bool automatic;		/* chosen here, and not by an administrator */
	bool pool;		/* from the pool */
};

/* The mapping whose ids of the host overlap these; NULL: none. */
static const struct nsc_id_mapping *
subid_overlap(const struct ids *ids, uint64_t first, uint64_t count)
{
	const struct nsc_id_mapping with = { 0, (uint32_t)first,
					     (uint32_t)count };

	for (size_t i = 0; i < ids->n; i++)
		if (nsc_idmap_overlap(&ids->map[i], &with))
			return &ids->map[i];
	return NULL;
}

/* Parse "name:first:count", see subuid(5); false for anything else. */
static bool parse_line(char *line, char **name, long long *first,
		       long long *count)
{
	char *a = strchr(line, ':');
	char *b = a ? strchr(a + 1, ':') : NULL;

	if (!b || line[0] == '#')
		return false;
	*a = *b = '\0';
	*name = line;
	return nsc_text_number(a + 1, 0, UINT32_MAX, first) == 0 &&
	       nsc_text_number(b + 1, 0, UINT32_MAX, count) == 0;
}

/* True if the owner of a line, which is a name or a uid, is the user. */
static bool subid_is_of(const char *owner, const struct nsc_user *user)
{
	char uid[16];

	snprintf(uid, sizeof(uid), "%u", user->uid);
	return !strcmp(owner, user->name) || !strcmp(owner, uid);
}

/* Read a file that only root may write; *text stays NULL without it. */
static int read_roots(const char *dir, const char *name, char **text,
		      struct nsc_error *err)
{
	_cleanup_fd_ int fd = -1;
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = nsc_file_open(path, err);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	return nsc_file_read(fd, name, NSC_ACCOUNTS_MAX, text, NULL, err);
}

/* Refuse the ids if the file gives one of them to another user. */
static int check_others(const struct ids *ids, struct nsc_error *err)
{
	_cleanup_free_ char *text = NULL;
	char *save = NULL;
	int ret = read_roots("/etc", ids->kind->file, &text, err);

	for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		const struct nsc_id_mapping *m;
		long long first, count;
		char *name;

		if (!parse_line(line, &name, &first, &count) ||
		    subid_is_of(name, ids->user))
			continue;
		m = subid_overlap(ids, (uint64_t)first, (uint64_t)count);
		if (m)
			return nsc_error_set(err, EEXIST, "/etc/%s: the range "
					     "of user '%s' (%u+%u) overlaps "
					     "that of '%s': give each its own",
					     ids->kind->file, ids->user->name,
					     m->host_id, m->size, name);
	}
	return ret;
}

static bool is_own(const struct ids *ids, long long id)
{
	const struct nsc_user *user = ids->user;

	if (ids->kind == &kinds[0])
		return id == user->uid;
	for (int i = 0; i < user->n_groups; i++)
		if (id == user->groups[i])
			return true;
	return false;
}

/*
 * Refuse the ids if an account of another user has one of them.  Only accounts
 * in the host's files are checked: asking a directory service about 65536 ids
 * takes too long for a login.
 */
static int check_accounts(const struct ids *ids, struct nsc_error *err)
{
	_cleanup_free_ char *text = NULL;
	char *save = NULL;
	int ret = read_roots("/etc", ids->kind->accounts, &text, err);

	for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *password = strchr(line, ':');
		char *id = password ? strchr(password + 1, ':') : NULL;
		const struct nsc_id_mapping *m;
		long long number;

		if (!id)
			continue;
		id[1 + strcspn(id + 1, ":")] = '\0';
		if (nsc_text_number(id + 1, 0, UINT32_MAX, &number) < 0)
			continue;
		m = subid_overlap(ids, (uint64_t)number, 1);
		if (!m || (!ids->automatic && is_own(ids, number)))
			continue;
		*password = '\0';
		return nsc_error_set(err, EEXIST, "/etc/%s: '%s' has the id "
				     "%lld, which is in the range of user '%s' "
				     "(%u+%u): give '%s' another range%s%s",
				     ids->kind->accounts, line, number,
				     ids->user->name, m->host_id, m->size,
				     ids->user->name,
				     ids->automatic ? " in /etc/" : "",
				     ids->automatic ? ids->kind->file : "");
	}
	return ret;
}

/* Take the first id of a range if the range is large enough. */
static bool subid_take(uint64_t first, uint64_t count, uint32_t *ret)
{
	if (count < NSC_IDMAP_RANGE || first > UINT32_MAX - NSC_IDMAP_RANGE)
		return false;
	*ret = (uint32_t)first;
	return true;
}

/*
 * True if nsswitch.conf names a module for subid instead of the files.  In
 * doubt, the answer is true, and libsubid decides.
 */
static bool has_module(void)
{
	_cleanup_free_ char *text = NULL;
	char *save = NULL;

	if (read_roots("/etc", "nsswitch.conf", &text, NSC_IGNORE) < 0)
		return true;
	for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		line += strspn(line, " \t");
		if (strncasecmp(line, "subid:", 6) != 0)
			continue;
		line += 6 + strspn(line + 6, " \t");
		if (strncmp(line, "files", 5) != 0 || isgraph(line[5]))
			return true;
	}
	return false;
}

/*
 * libsubid does not distinguish a missing range from an unreadable file.  Check
 * errno, so that no user gets ids from the pool because a file was unreadable.
 */
static int from_module(const struct kind *kind, const char *user,
		       uint32_t *ret, struct nsc_error *err)
{
	struct subid_range *ranges = NULL;
	int found = nsc_library_load(&subid_library, err);
	int n;

	if (found < 0)
		return found;
	errno = 0;
	n = (*kind->ranges)(user, &ranges);
	if (n <= 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
		       errno == EIO || errno == EINTR))
		return nsc_error_sys(err, errno, "read /etc/%s", kind->file);
	for (int i = 0; i < n && !found; i++)
		found = subid_take(ranges[i].start, ranges[i].count, ret);
	free(ranges);
	return found;
}

static int from_file(const struct kind *kind, const struct nsc_user *user,
		     uint32_t *ret, struct nsc_error *err)
{
	_cleanup_free_ char *text = NULL;
	char *save = NULL;
	int found = read_roots("/etc", kind->file, &text, err);

	for (char *line = text ? strtok_r(text, "\n", &save) : NULL;
	     line && !found; line = strtok_r(NULL, "\n", &save)) {
		long long first, count;
		char *owner;

		found = parse_line(line, &owner, &first, &count) &&
			subid_is_of(owner, user) &&
			subid_take((uint64_t)first, (uint64_t)count, ret);
	}
	return found;
}

/* Find a range of each kind.  Returns 1 if both were found, 0 if not. */
static int from_system(const struct nsc_user *user, uint32_t range[2],
		       struct nsc_error *err)
{
	bool module = has_module();
	int found = 1;

	for (size_t i = 0; found > 0 && i < 2; i++)
		found = module ? from_module(&kinds[i], user->name, &range[i],
					     err) :
				 from_file(&kinds[i], user, &range[i], err);
	return found;
}

/* The user's line in the pool's file. */
struct given {
	bool found;
	bool complete;		/* the line has the uid */
	uint32_t first;
	size_t at;		/* offset of the line in the text */
	uint32_t lines;		/* lines of the file; valid if not found */
};

/*
 * The name as one word of the pool's file.  Two names that are the same word
 * have different uids, unless they are one user's.
 */
static const char *subid_name(const char *name, char buf[SUBID_NAME])
{
	char escaped[SUBID_NAME];
	size_t at = 0;

	nsc_text_escape(name, escaped, sizeof(escaped));
	for (const char *p = escaped; *p && at + 5 < SUBID_NAME; p++)
		at += (size_t)snprintf(buf + at, SUBID_NAME - at, "%.*s",
				       *p == ' ' ? 4 : 1,
				       *p == ' ' ? "\\x20" : p);
	buf[at] = '\0';
	return buf;
}

/* Parse "name first uid"; earlier versions wrote no uid. */
static bool take_line(const char *line, const struct nsc_user *user,
		      struct given *ret)
{
	char name[SUBID_NAME];
	size_t len = strlen(subid_name(user->name, name));
	char first[16] = "", uid[16] = "";
	long long number, owner = -1;

	if (strncmp(line, name, len) != 0 || line[len] != ' ')
		return false;
	sscanf(line + len + 1, "%15[0-9]%*[ ]%15[0-9]", first, uid);
	if (nsc_text_number(first, 0, UINT32_MAX, &number) < 0 ||
	    (*uid && (nsc_text_number(uid, 0, UINT32_MAX, &owner) < 0 ||
		      owner != user->uid)))
		return false;
	ret->found = true;
	ret->complete = *uid;
	ret->first = (uint32_t)number;
	return true;
}

/* A line without a uid belongs to the user if no line has the user's uid. */
static struct given find_in_pool(const char *text, const struct nsc_user *user)
{
	struct given given = { .found = false };

	for (size_t at = 0; text[at] && !given.complete; given.lines++) {
		struct given line = { .at = at, .lines = given.lines };

		if (take_line(text + at, user, &line) &&
		    (line.complete || !given.found))
			given = line;
		at += strcspn(text + at, "\n");
		at += text[at] == '\n';
	}
	return given;
}

/*
 * A known name with another uid is another account, which gets a range that
 * nobody had before; the old range stays reserved.
 */
static int from_pool(const struct nsc_user *user, const struct nsc_conf *conf,
		     uint32_t *ret, struct nsc_error *err)
{
	_cleanup_pool_ struct nsc_pool pool = NSC_POOL_INIT;
	int error = nsc_pool_open(NSC_STATEDIR, IDS_FILE, &pool, err);
	char line[SUBID_NAME + 32], name[SUBID_NAME];
	struct given given;

	if (error < 0)
		return error;
	given = find_in_pool(pool.text, user);
	if (!given.found && given.lines >= conf->id_pool_count /
					   NSC_IDMAP_RANGE)
		return nsc_error_set(err, ENOSPC, "%u users have used up the "
				     "id pool: enlarge id_pool_count",
				     given.lines);
	*ret = given.found ? given.first : conf->id_pool_first +
					   given.lines * NSC_IDMAP_RANGE;
	snprintf(line, sizeof(line), "%s %u %u",
		 subid_name(user->name, name), *ret, user->uid);
	if (!given.found)
		return nsc_pool_add(&pool, line, err);
	/* A full disk must not refuse a user who already has a range. */
	if (!given.complete)
		nsc_pool_replace(&pool, given.at, line, NSC_IGNORE);
	return 0;
}

/* A line of the pool, "name first uid"; without a uid, owner is -1. */
struct line {
	const char *name;
	long long first, owner;
};

static bool split_line(char *text, struct line *ret)
{
	const char *first, *owner;

	ret->name = strsep(&text, " ");
	first = strsep(&text, " ");
	owner = strsep(&text, " ");
	ret->owner = -1;
	return first && nsc_text_number(first, 0, UINT32_MAX, &ret->first) ==
				0 &&
	       (!owner || nsc_text_number(owner, 0, UINT32_MAX, &ret->owner) ==
				  0);
}

/* Refuse the ids if the line of another user has one of them. */
static int check_line(const struct ids *ids, const struct line *line,
		      bool overlap, struct nsc_error *err)
{
	const char *user = ids->user->name;

	if (overlap && subid_overlap(ids, (uint64_t)line->first,
				     NSC_IDMAP_RANGE))
		return nsc_error_set(err, EEXIST, "%s/" IDS_FILE ": ids of "
				     "user '%s' are in the range of '%s' "
				     "(%lld+%u): give '%s' others",
				     NSC_STATEDIR, user, line->name,
				     line->first, NSC_IDMAP_RANGE, user);
	/* So accounts of a directory service are known, too. */
	if (ids->kind == &kinds[0] && line->owner >= 0 &&
	    line->owner != ids->user->uid &&
	    subid_overlap(ids, (uint64_t)line->owner, 1))
		return nsc_error_set(err, EEXIST, "%s/" IDS_FILE ": '%s' has "
				     "the id %lld, which is in the range of "
				     "user '%s': give '%s' another range",
				     NSC_STATEDIR, line->name, line->owner,
				     user, user);
	return 0;
}

/*
 * A range of /etc/subuid may overlap one of the pool, whose owner is refused.
 * Of two ranges of the pool, which overlap if id_pool_first was changed, the
 * later one is refused.
 */
static int check_pool(const struct ids *ids, struct nsc_error *err)
{
	bool overlap = !ids->automatic || ids->pool;
	char own[SUBID_NAME];
	_cleanup_free_ char *text = NULL;
	char *save = NULL;
	int ret = read_roots(NSC_STATEDIR, IDS_FILE, &text, err);

	for (char *next = text ? strtok_r(text, "\n", &save) : NULL;
	     ret == 0 && next; next = strtok_r(NULL, "\n", &save)) {
		struct line line;

		if (!split_line(next, &line))
			continue;
		if (!strcmp(line.name, subid_name(ids->user->name, own)) &&
		    (line.owner < 0 || line.owner == ids->user->uid))
			overlap = overlap && !ids->pool;
		else
			ret = check_line(ids, &line, overlap, err);
	}
	return ret;
}

/* The pool gives these ids to users who have no range yet. */
static int check_unassigned(const struct ids *ids, const struct nsc_conf *conf,
			    struct nsc_error *err)
{
	const struct nsc_id_mapping *m = subid_overlap(
		ids, conf->id_pool_first, conf->id_pool_count);

	return !m ? 0 :
	       nsc_error_set(err, EEXIST, "%u+%u is in the pool of "
			     "nscontainer.conf (%u+%u), which gives ids to "
			     "each user: take others, or leave the mappings "
			     "out", m->host_id, m->size, conf->id_pool_first,
			     conf->id_pool_count);
}

static int check_configured(const struct ids *ids, const struct nsc_conf *conf,
			    struct nsc_error *err)
{
	int ret = check_others(ids, err);

	if (ret == 0)
		ret = check_accounts(ids, err);
	if (ret == 0)
		ret = check_pool(ids, err);
	return ret < 0 ? ret : check_unassigned(ids, conf, err);
}

/* The ids that the user has outside of any container. */
static int check_own(const struct ids *ids, struct nsc_error *err)
{
	int ret = check_others(ids, err);

	return ret < 0 ? ret : check_pool(ids, err);
}

static int check_own_ids(const struct nsc_user *user, struct nsc_error *err)
{
	size_t n = (size_t)user->n_groups;
	const struct nsc_id_mapping uid = { .host_id = user->uid, .size = 1 };
	_cleanup_free_ struct nsc_id_mapping *gids = calloc(n, sizeof(*gids));
	const struct ids all[] = {
		{ .kind = &kinds[0], .user = user, .map = &uid, .n = 1 },
		{ .kind = &kinds[1], .user = user, .map = gids, .n = n },
	};
	int ret;

	if (!gids)
		return nsc_error_sys(err, ENOMEM, "groups");
	for (size_t i = 0; i < n; i++)
		gids[i] = (struct nsc_id_mapping){
			.host_id = user->groups[i], .size = 1 };
	ret = check_own(&all[0], err);
	return ret < 0 ? ret : check_own(&all[1], err);
}

int nsc_subid_check(const struct nsc_plan *plan, const struct nsc_conf *conf,
		    struct nsc_error *err)
{
	const struct nsc_config *config = plan->config;
	const struct ids maps[] = {
		{ .kind = &kinds[0], .user = plan->user,
		  .map = config->uid_mappings, .n = config->n_uid_mappings },
		{ .kind = &kinds[1], .user = plan->user,
		  .map = config->gid_mappings, .n = config->n_gid_mappings },
	};
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < NSC_ARRAY_SIZE(maps); i++) {
		if (subid_overlap(&maps[i], 0, 1))
			ret = nsc_error_set(err, EPERM, "0 is root of the "
					    "host, whose files the container "
					    "would own: map others, or set "
					    "namespaces.NEWUSER to false");
		if (ret == 0)
			ret = check_configured(&maps[i], conf, err);
		if (ret < 0)
			nsc_error_context(err, "%s: %s", config->file,
					  maps[i].kind->key);
	}
	return ret < 0 || !plan->login || plan->user->uid == 0 ? ret :
	       check_own_ids(plan->user, err);
}

static int check_automatic(const struct ids *ids, struct nsc_error *err)
{
	int ret = check_others(ids, err);

	if (ret == 0)
		ret = check_accounts(ids, err);
	return ret < 0 ? ret : check_pool(ids, err);
}

int nsc_subid_find(const struct nsc_user *user, const struct nsc_conf *conf,
		   uint32_t *ret_uid, uint32_t *ret_gid,
		   struct nsc_error *err)
{
	uint32_t range[2] = { 0, 0 };
	int ret = from_system(user, range, err);
	bool pool = ret == 0;

	if (pool) {
		ret = from_pool(user, conf, &range[0], err);
		range[1] = range[0];
	} else if (ret > 0) {
		ret = 0;
	}
	for (size_t i = 0; ret == 0 && i < 2; i++) {
		const struct nsc_id_mapping map = { 0, range[i],
						    NSC_IDMAP_RANGE };

		ret = check_automatic(&(struct ids){ &kinds[i], user, &map, 1,
						     true, pool }, err);
	}
	if (ret < 0)
		return ret;
	*ret_uid = range[0];
	*ret_gid = range[1];
	return 0;
}
