/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: see rootfs.h, and children that are nobody or root inside: the
 * author of the rootfs controls the files that they read.
 */
#include "rootfs/accounts.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/process.h"
#include "util/text.h"
#include "rootfs/exec_user.h"
#include "rootfs/own_file.h"
#include "rootfs/root.h"
#include "linux/mount.h"

static size_t line_length(const char *line)
{
	return strcspn(line, "\n");
}

/* Field i of a line of len bytes; *ret_len gets the field's length. */
static const char *field(const char *line, size_t len, int i, size_t *ret_len)
{
	const char *end = line + len;

	for (; i > 0 && line < end; i--) {
		line = memchr(line, ':', (size_t)(end - line));
		if (!line)
			return NULL;
		line++;
	}
	if (i > 0)
		return NULL;
	*ret_len = strcspn(line, ":\n");
	return line;
}

int nsc_accounts_id(const char *text, size_t len, uint32_t *ret)
{
	char number[64] = "";
	long long value;
	int error;

	if (len < sizeof(number))
		memcpy(number, text, len);
	error = nsc_text_number(number, 0, UINT32_MAX - 1, &value);
	if (error == 0)
		*ret = (uint32_t)value;
	return error;
}

static bool field_is(const char *line, size_t len, int i, const char *value)
{
	size_t n;
	const char *text = field(line, len, i, &n);

	return text && n == strlen(value) && !strncmp(text, value, n);
}

static const char *accounts_next_line(const char *line)
{
	line += line_length(line);
	return *line ? line + 1 : line;
}

/* getpwnam(3) finds the first line of that name. */
static bool has_user(const struct nsc_account *account, const char *text)
{
	const struct nsc_user *user = account->user;
	char uid[16], gid[16];

	snprintf(uid, sizeof(uid), "%u", user->uid);
	snprintf(gid, sizeof(gid), "%u", user->gid);
	for (; text && *text; text = accounts_next_line(text)) {
		size_t len = line_length(text);

		if (field_is(text, len, 0, user->name))
			return field_is(text, len, 2, uid) &&
			       (!account->exact ||
				field_is(text, len, 3, gid));
	}
	return false;
}

bool nsc_accounts_passwd(const struct nsc_account *account, const char *text,
			 FILE *out)
{
	const struct nsc_user *user = account->user;

	if (has_user(account, text))
		return false;
	/*
	 * With "x", PAM and shadow would refuse an account that is not in
	 * shadow, too.
	 */
	fprintf(out, "%s:*:%u:%u::%s:%s\n", user->name, user->uid, user->gid,
		user->home, account->shell);
	fputs(text ? text : "", out);
	return true;
}

/* The next member at *from, without spaces, as the C library does it. */
static size_t next_member(const char **from, const char *end,
			  const char **member)
{
	const char *p = *from;
	size_t len = 0;

	while (p < end && isspace((unsigned char)*p))
		p++;
	while (p + len < end && p[len] != ',')
		len++;
	*from = p + len + (p + len < end);
	while (len && isspace((unsigned char)p[len - 1]))
		len--;
	*member = p;
	return len;
}

bool nsc_accounts_is_member(const char *members, size_t len, const char *name)
{
	const char *end = members + len, *member;

	while (members < end) {
		size_t n = next_member(&members, end, &member);

		if (n == strlen(name) && !strncmp(member, name, n))
			return true;
	}
	return false;
}

/* Write all members except name. */
static void put_others(const char *members, size_t len, const char *name,
		       FILE *out)
{
	const char *end = members + len, *member, *comma = "";

	while (members < end) {
		size_t n = next_member(&members, end, &member);

		if (!n || (n == strlen(name) && !strncmp(member, name, n)))
			continue;
		fprintf(out, "%s%.*s", comma, (int)n, member);
		comma = ",";
	}
}

/* The index of the line's group; n_groups: none of the groups. */
static size_t which(const struct nsc_account *account, const char *line,
		    size_t len)
{
	size_t n = 0, i = 0;
	const char *number = field(line, len, 2, &n);
	uint32_t gid = 0;

	/* Another spelling, as 027, is no line of ours. */
	if (!number || (n > 1 && number[0] < '1') ||
	    nsc_accounts_id(number, n, &gid) < 0)
		return account->n_groups;
	while (i < account->n_groups && account->groups[i] != gid)
		i++;
	return i;
}

/* Write one line, with the user added or removed if necessary. */
static bool put_line(const struct nsc_account *account, const char *line,
		     size_t i, FILE *out)
{
	size_t len = line_length(line), n = 0;
	const char *members = field(line, len, 3, &n);
	const char *name = account->user->name;
	bool is = members && nsc_accounts_is_member(members, n, name);
	bool add = i < account->n_groups && members && !is &&
		   account->groups[i] != account->user->gid;
	bool remove = is && account->exact && i == account->n_groups;

	if (add) {
		fprintf(out, "%.*s%s%s", (int)(members - line + (ssize_t)n),
			line, n ? "," : "", name);
	} else if (remove) {
		fwrite(line, 1, (size_t)(members - line), out);
		put_others(members, n, name, out);
	} else {
		fwrite(line, 1, len, out);
	}
	fputc('\n', out);
	return add || remove;
}

static bool accounts_has_group(const char *text,
			       const struct nsc_account *account, size_t i)
{
	for (; text && *text; text = accounts_next_line(text))
		if (which(account, text, line_length(text)) == i)
			return true;
	return false;
}

/* seen: those that text has, or NULL where it is not known. */
static bool put_missing(const struct nsc_account *account, const char *text,
			const bool *seen, FILE *out)
{
	bool changed = false;

	for (size_t i = 0; i < account->n_groups; i++) {
		const char *name = account->group_names[i];
		bool primary = account->groups[i] == account->user->gid;

		if (!name || strpbrk(name, ":\n,") ||
		    (seen ? seen[i] : accounts_has_group(text, account, i)))
			continue;
		fprintf(out, "%s:*:%u:%s\n", name, account->groups[i],
			primary ? "" : account->user->name);
		changed = true;
	}
	return changed;
}

bool nsc_accounts_group(const struct nsc_account *account, const char *text,
			FILE *out)
{
	_cleanup_free_ bool *seen = calloc(account->n_groups + 1,
					   sizeof(*seen));
	bool changed = false;

	for (const char *line = text; line && *line;
	     line = accounts_next_line(line)) {
		size_t i = which(account, line, line_length(line));

		if (seen)
			seen[i] = true;
		changed |= put_line(account, line, i, out);
	}
	return put_missing(account, text, seen, out) || changed;
}

/* The input of the child, and its answer. */
struct files {
	const struct nsc_account *account;
	int root;
	int passwd;		/* to write to, like group */
	int group;
	bool keep;		/* put a file that needs no change, too */
	bool again;		/* do not add a missing file */
};

struct answer {
	struct nsc_error err;
	bool passwd;		/* is to be put, like group */
	bool group;
};

int nsc_accounts_read(int root, const char *path, char **ret,
		      struct nsc_error *err)
{
	struct open_how how = {
		.flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	_cleanup_fd_ int fd = (int)syscall(SYS_openat2, root, path, &how,
					   sizeof(how));
	struct stat st;

	if (fd < 0)
		return 0;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return nsc_error_set(err, EINVAL, "the container's %s is not "
				     "a regular file", path);
	return nsc_file_read(fd, path, NSC_ACCOUNTS_MAX, ret, NULL, err);
}

static void accounts_answer_as_nobody(const void *arg, void *to)
{
	const struct files *files = arg;
	_cleanup_free_ char *passwd = NULL;
	_cleanup_free_ char *group = NULL;
	_cleanup_file_ FILE *out_passwd = fdopen(files->passwd, "w");
	_cleanup_file_ FILE *out_group = fdopen(files->group, "w");
	struct answer *answer = to;
	struct nsc_error *err = &answer->err;

	if (!out_passwd || !out_group) {
		nsc_error_sys(err, ENOMEM, "accounts");
		return;
	}
	if (nsc_exec_user_become_nobody(err) < 0 ||
	    nsc_accounts_read(files->root, "/etc/passwd", &passwd, err) < 0 ||
	    nsc_accounts_read(files->root, "/etc/group", &group, err) < 0)
		return;
	answer->passwd = nsc_accounts_passwd(files->account, passwd,
					     out_passwd);
	answer->group = nsc_accounts_group(files->account, group, out_group);
	if (!files->keep)
		return;
	if (!answer->passwd && passwd)
		fputs(passwd, out_passwd);
	answer->passwd = answer->group = true;
	if (fflush(out_passwd) != 0 || fflush(out_group) != 0)
		nsc_error_sys(err, errno, "write passwd and group");
}

static bool may_change(const struct nsc_rootfs *rootfs)
{
	const struct nsc_config *config = rootfs->plan->config;

	return strcmp(config->rootfs, "/") != 0 || config->n_mounts ||
	       config->overlay != NSC_OVERLAY_NONE;
}

/*
 * Without a user namespace /etc/group decides a login's groups on the host:
 * only root may be able to move it, or a directory above it, out of the way.
 */
static unsigned int place_of(const struct nsc_rootfs *rootfs)
{
	return rootfs->userns < 0 ? NSC_TARGET_ROOTS : 0;
}

static int accounts_explain(const struct nsc_rootfs *rootfs, int ret,
			    struct nsc_error *err)
{
	if (ret != -EPERM || rootfs->userns >= 0)
		return ret;
	return nsc_error_context(err, "without a user namespace /etc decides "
				 "a login's groups on the host (give that "
				 "directory to root, or set "
				 "namespaces.NEWUSER to true)");
}

/* If the rootfs lacks a file, cover its directory with a layer. */
static int cover_etc(const struct nsc_rootfs *rootfs, struct nsc_error *err)
{
	_cleanup_fd_ int lower =
		nsc_rootfs_target(rootfs, "/etc", NSC_TARGET_DIR, err);
	struct nsc_layers layers = { -1, &lower, 1, NSC_MOUNT_SAFE };
	_cleanup_fd_ int dir = -1;
	_cleanup_fd_ int mount = -1;

	dir = lower < 0 ? -1 : nsc_rootfs_scratch_dir(rootfs, "etc", err);
	if (dir < 0)
		return -err->code;
	layers.dir = dir;
	mount = nsc_rootfs_overlay(rootfs, &layers, err);
	return mount < 0 ? mount :
			   nsc_rootfs_attach(rootfs, mount, "/etc",
					     NSC_TARGET_DIR, err);
}

static int put_file(const struct nsc_rootfs *rootfs, int fd, const char *path,
		    struct nsc_error *err)
{
	const struct nsc_bind bind = {
		.path = path,
		.how = place_of(rootfs),
		.attributes = NSC_MOUNT_SAFE | MOUNT_ATTR_RDONLY,
	};

	return accounts_explain(
		rootfs, nsc_rootfs_put_bind(rootfs, fd, &bind, err), err);
}

static int new_file(const struct nsc_rootfs *rootfs, const char *name,
		    struct nsc_error *err)
{
	int fd = openat(rootfs->scratch, name,
			O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			0644);

	return fd < 0 ? nsc_error_sys(err, errno, "scratch '%s'", name) : fd;
}

/* Returns 1 if the file does not exist. */
static int is_missing(const struct nsc_rootfs *rootfs, const char *path,
		      struct nsc_error *err)
{
	_cleanup_fd_ int fd = nsc_rootfs_target(
		rootfs, path, NSC_TARGET_ANY | place_of(rootfs), err);

	if (fd == -ENOENT) {
		nsc_error_clear(err);
		return 1;
	}
	return fd < 0 ? accounts_explain(rootfs, fd, err) : 0;
}

static int put_files(const struct nsc_rootfs *rootfs, const struct files *files,
		     const struct answer *answer, struct nsc_error *err)
{
	int passwd =
		answer->passwd ? is_missing(rootfs, "/etc/passwd", err) : 0;
	int group = answer->group ? is_missing(rootfs, "/etc/group", err) : 0;
	int ret = passwd < 0 ? passwd : group;

	if (ret >= 0 && !files->again && (passwd || group)) {
		ret = cover_etc(rootfs, err);
		passwd = group = 0;
	}
	if (ret >= 0 && answer->passwd && !passwd)
		ret = put_file(rootfs, files->passwd, "/etc/passwd", err);
	if (ret >= 0 && answer->group && !group)
		ret = put_file(rootfs, files->group, "/etc/group", err);
	return ret < 0 ? ret : 0;
}

static bool print_passwd(const void *account, const char *text, FILE *out)
{
	return nsc_accounts_passwd(account, text, out);
}

static bool print_group(const void *account, const char *text, FILE *out)
{
	return nsc_accounts_group(account, text, out);
}

static int put_accounts(const struct nsc_rootfs *rootfs,
			const struct nsc_account *account, bool again,
			struct nsc_error *err)
{
	struct answer answer = { .err = NSC_ERROR_INIT };
	struct files files = {
		.account = account,
		.root = rootfs->root,
		.again = again,
		/*
		 * A file that can be written to later must not be the one that
		 * is read.
		 */
		.keep = account->exact && may_change(rootfs),
	};
	_cleanup_fd_ int passwd = -1;
	_cleanup_fd_ int group = -1;
	int ret;

	passwd = new_file(rootfs, again ? "passwd-again" : "passwd", err);
	group = passwd < 0 ?
			-1 :
			new_file(rootfs, again ? "group-again" : "group", err);
	if (group < 0)
		return -err->code;
	files.passwd = passwd;
	files.group = group;
	ret = nsc_process_ask(accounts_answer_as_nobody, &files, &answer,
			      sizeof(answer), -1);
	if (ret < 0)
		return nsc_error_sys(err, -ret, "make passwd and group");
	ret = nsc_error_take(&answer.err, err);
	if (ret < 0)
		return ret;
	return put_files(rootfs, &files, &answer, err);
}

/*
 * Groups that are mapped to themselves: not group 0, and not those beyond the
 * map.  Those of devices come after them.
 */
static size_t inside_groups(const struct nsc_plan *plan, gid_t *groups,
			    char **names)
{
	const struct nsc_config *config = plan->config;
	const struct nsc_user *user = plan->user;
	size_t n = 0;

	for (int i = 0; i < user->n_groups; i++) {
		uint32_t id = user->groups[i];

		if (plan->n_gid_map &&
		    (nsc_idmap_to_host(plan->gid_map, plan->n_gid_map,
				       user->groups[i], &id) < 0 ||
		     (id != user->groups[i] && user->groups[i] != user->gid)))
			continue;
		groups[n] = user->groups[i];
		names[n++] = plan->group_names[i];
	}
	for (size_t i = 0; i < config->n_gids; i++) {
		size_t k = 0;

		while (k < n && groups[k] != config->gids[i])
			k++;
		groups[k] = config->gids[i];
		if (k == n)
			names[n++] = config->gid_names[i];
	}
	return n;
}

static int accounts_put(const struct nsc_rootfs *rootfs, bool again,
			struct nsc_error *err)
{
	const struct nsc_plan *plan = rootfs->plan;
	const struct nsc_user *user = plan->user;
	size_t n = (size_t)user->n_groups + plan->config->n_gids;
	const char *name = strrchr(user->shell, '/');
	static const struct nsc_own_file own[] = {
		{ "passwd", print_passwd, false },
		{ "group", print_group, false },
	};
	_cleanup_free_ gid_t *groups = calloc(n + 1, sizeof(*groups));
	_cleanup_free_ char **names = calloc(n + 1, sizeof(*names));
	struct nsc_account account = {
		.user = user, .groups = groups, .group_names = names,
		.shell = user->shell, .exact = rootfs->userns < 0,
	};

	if (!plan->login)
		return 0;
	if (!groups || !names)
		return nsc_error_sys(err, ENOMEM, "groups");
	if (plan->config->shell)
		account.shell = plan->config->shell;
	else if (name && !strcmp(name, "/nsshell"))
		account.shell = "";
	account.n_groups = inside_groups(plan, groups, names);
	if (nsc_own_files_write(rootfs, own, NSC_ARRAY_SIZE(own), &account))
		return 0;
	return put_accounts(rootfs, &account, again, err);
}

int nsc_accounts_put(struct nsc_rootfs *rootfs, struct nsc_error *err)
{
	return accounts_put(rootfs, false, err);
}

/* Returns 1 if the file at path is from the first of the steps. */
static int accounts_is_ours(const struct nsc_rootfs *rootfs, const char *path,
			    struct nsc_error *err)
{
	_cleanup_fd_ int fd = nsc_rootfs_target(
		rootfs, path, NSC_TARGET_ANY | place_of(rootfs), err);
	struct stat st, scratch;

	if (fd == -ENOENT)
		return nsc_error_clear(err);
	if (fd < 0)
		return accounts_explain(rootfs, fd, err);
	if (fstat(fd, &st) < 0 || fstat(rootfs->scratch, &scratch) < 0)
		return nsc_error_sys(err, errno, "'%s'", path);
	return st.st_dev == scratch.st_dev;
}

int nsc_accounts_put_again(struct nsc_rootfs *rootfs, struct nsc_error *err)
{
	int ret;

	if (rootfs->userns >= 0 || !rootfs->plan->login ||
	    !rootfs->plan->config->n_mounts)
		return 0;
	ret = accounts_is_ours(rootfs, "/etc/passwd", err);
	if (ret > 0)
		ret = accounts_is_ours(rootfs, "/etc/group", err);
	if (ret != 0)
		return ret < 0 ? ret : 0;
	return accounts_put(rootfs, true, err);
}
