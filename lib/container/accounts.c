/*
 * Runs in: see view.h, and a child that is nobody: whoever made the rootfs
 * controls what is read here.
 */
#include "container/accounts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/process.h"
#include "base/text.h"
#include "container/identity.h"
#include "container/rootfs.h"
#include "kernel/mount.h"

static size_t line_length(const char *line)
{
	return strcspn(line, "\n");
}

/* Field i of a line of len bytes; its length goes to *ret_len. */
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

static bool field_is(const char *line, size_t len, int i, const char *value)
{
	size_t n;
	const char *text = field(line, len, i, &n);

	return text && n == strlen(value) && !strncmp(text, value, n);
}

static const char *next_line(const char *line)
{
	line += line_length(line);
	return *line ? line + 1 : line;
}

/* The first line of that name is what getpwnam(3) finds. */
static bool has_user(const char *text, const char *name, const char *uid)
{
	for (; text && *text; text = next_line(text))
		if (field_is(text, line_length(text), 0, name))
			return field_is(text, line_length(text), 2, uid);
	return false;
}

bool nsc_accounts_passwd(const struct nsc_account *account, const char *text,
			 FILE *out)
{
	const struct nsc_user *user = account->user;
	char uid[16];

	snprintf(uid, sizeof(uid), "%u", user->uid);
	if (has_user(text, user->name, uid))
		return false;
	fprintf(out, "%s:x:%s:%u::%s:%s\n", user->name, uid, user->gid,
		user->home, account->shell);
	fputs(text ? text : "", out);
	return true;
}

static bool is_member(const char *members, size_t len, const char *name)
{
	size_t n = strlen(name);

	for (size_t at = 0; at < len;) {
		size_t one = 0;

		while (at + one < len && members[at + one] != ',')
			one++;
		if (one == n && !strncmp(members + at, name, n))
			return true;
		at += one + 1;
	}
	return false;
}

/* Which of the groups a line is; n_groups: none. */
static size_t which(const struct nsc_account *account, const char *line,
		    size_t len)
{
	for (size_t i = 0; i < account->n_groups; i++) {
		char gid[16];

		snprintf(gid, sizeof(gid), "%u", account->groups[i]);
		if (field_is(line, len, 2, gid))
			return i;
	}
	return account->n_groups;
}

/* One line, with the user in it where that is to be. */
static bool put_line(const struct nsc_account *account, const char *line,
		     size_t i, FILE *out)
{
	size_t len = line_length(line), n = 0;
	const char *members = field(line, len, 3, &n);
	const char *name = account->user->name;
	bool add = i < account->n_groups && members &&
		   account->groups[i] != account->user->gid &&
		   !is_member(members, n, name);

	fwrite(line, 1, add ? (size_t)(members - line) + n : len, out);
	if (add)
		fprintf(out, "%s%s", n ? "," : "", name);
	fputc('\n', out);
	return add;
}

static bool put_missing(const struct nsc_account *account, const bool *seen,
			FILE *out)
{
	bool changed = false;

	for (size_t i = 0; i < account->n_groups; i++) {
		const char *name = account->group_names[i];
		bool primary = account->groups[i] == account->user->gid;

		if (seen[i] || !name || strpbrk(name, ":\n,"))
			continue;
		fprintf(out, "%s:x:%u:%s\n", name, account->groups[i],
			primary ? "" : account->user->name);
		changed = true;
	}
	return changed;
}

bool nsc_accounts_group(const struct nsc_account *account, const char *text,
			FILE *out)
{
	bool seen[NSC_IDMAP_OWN + 1] = { false };
	bool changed = false;

	for (; text && *text; text = next_line(text)) {
		size_t i = which(account, text, line_length(text));

		seen[i] = true;
		changed |= put_line(account, text, i, out);
	}
	return put_missing(account, seen, out) || changed;
}

/* What the child works on, and what it answers. */
struct files {
	const struct nsc_account *account;
	int root;
	int passwd;		/* to write to */
	int group;
};

struct answer {
	struct nsc_error err;
	bool passwd;		/* was changed */
	bool group;
};

static int read_inside(int root, const char *path, char **ret,
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
	return nsc_file_read(fd, path, NSC_FILE_MAX, ret, NULL, err);
}

static void answer_as_nobody(const void *arg, void *to)
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
	if (nsc_identity_become_nobody(err) < 0 ||
	    read_inside(files->root, "/etc/passwd", &passwd, err) < 0 ||
	    read_inside(files->root, "/etc/group", &group, err) < 0)
		return;
	answer->passwd = nsc_accounts_passwd(files->account, passwd,
					     out_passwd);
	answer->group = nsc_accounts_group(files->account, group, out_group);
	if (fflush(out_passwd) != 0 || fflush(out_group) != 0)
		nsc_error_sys(err, errno, "write passwd and group");
}

/* A directory for which the rootfs has no file gets a layer of our own. */
static int cover_etc(const struct nsc_view *view, struct nsc_error *err)
{
	_cleanup_fd_ int lower = nsc_mount_target(view->root, "/etc", false,
						  err);
	struct nsc_layers layers = { -1, &lower, 1, NSC_MOUNT_SAFE };
	_cleanup_fd_ int dir = -1;
	_cleanup_fd_ int mount = -1;

	dir = lower < 0 ? -1 : nsc_rootfs_scratch_dir(view, "etc", err);
	if (dir < 0)
		return -err->code;
	layers.dir = dir;
	mount = nsc_rootfs_overlay(view, &layers, err);
	return mount < 0 ? mount :
			   nsc_mount_on(mount, view->root, "/etc", false, err);
}

static int put_file(const struct nsc_view *view, int fd, const char *path,
		    struct nsc_error *err)
{
	const struct nsc_bind bind = {
		.path = path,
		.attributes = NSC_MOUNT_SAFE | MOUNT_ATTR_RDONLY,
	};

	return nsc_view_put_bind(view, fd, &bind, err);
}

static int new_file(const struct nsc_view *view, const char *name,
		    struct nsc_error *err)
{
	int fd = openat(view->scratch, name, O_RDWR | O_CREAT | O_EXCL |
			O_NOFOLLOW | O_CLOEXEC, 0644);

	return fd < 0 ? nsc_error_sys(err, errno, "scratch '%s'", name) : fd;
}

static bool is_missing(const struct nsc_view *view, const char *path)
{
	_cleanup_fd_ int fd = nsc_mount_open(view->root, path, 0);

	return fd == -ENOENT;
}

static int put_files(const struct nsc_view *view, const struct files *files,
		     const struct answer *answer, struct nsc_error *err)
{
	bool missing = (answer->passwd && is_missing(view, "/etc/passwd")) ||
		       (answer->group && is_missing(view, "/etc/group"));
	int ret = missing ? cover_etc(view, err) : 0;

	if (ret == 0 && answer->passwd)
		ret = put_file(view, files->passwd, "/etc/passwd", err);
	if (ret == 0 && answer->group)
		ret = put_file(view, files->group, "/etc/group", err);
	return ret;
}

static int put_accounts(const struct nsc_view *view,
			const struct nsc_account *account,
			struct nsc_error *err)
{
	struct answer answer = { .err = NSC_ERROR_INIT };
	struct files files = { .account = account, .root = view->root };
	_cleanup_fd_ int passwd = new_file(view, "passwd", err);
	_cleanup_fd_ int group = -1;
	int ret;

	group = passwd < 0 ? -1 : new_file(view, "group", err);
	if (group < 0)
		return -err->code;
	files.passwd = passwd;
	files.group = group;
	ret = nsc_process_ask(answer_as_nobody, &files, &answer,
			      sizeof(answer), -1);
	if (ret < 0)
		return nsc_error_sys(err, -ret, "make passwd and group");
	if (answer.err.code) {
		*err = answer.err;
		return -err->code;
	}
	return put_files(view, &files, &answer, err);
}

/* Those that are mapped to themselves: group 0 and those beyond are not. */
static size_t mapped_groups(const struct nsc_plan *plan,
			    gid_t groups[NSC_IDMAP_OWN],
			    char *names[NSC_IDMAP_OWN])
{
	const struct nsc_user *user = plan->user;
	size_t n = 0;

	for (int i = 0; i < user->n_groups && n < NSC_IDMAP_OWN; i++) {
		uint32_t id = user->groups[i];

		if (plan->n_gid_map &&
		    (nsc_idmap_to_host(plan->gid_map, plan->n_gid_map,
				       user->groups[i], &id) < 0 ||
		     (id != user->groups[i] && user->groups[i] != user->gid)))
			continue;
		groups[n] = user->groups[i];
		names[n++] = plan->group_names[i];
	}
	return n;
}

int nsc_accounts_put(struct nsc_view *view, struct nsc_error *err)
{
	const struct nsc_plan *plan = view->plan;
	const char *name = strrchr(plan->user->shell, '/');
	gid_t groups[NSC_IDMAP_OWN];
	char *names[NSC_IDMAP_OWN];
	struct nsc_account account = {
		.user = plan->user, .groups = groups, .group_names = names,
		.shell = plan->user->shell,
	};

	if (!plan->login)
		return 0;
	if (plan->config->shell)
		account.shell = plan->config->shell;
	else if (name && !strcmp(name, "/nsshell"))
		account.shell = "";
	account.n_groups = mapped_groups(plan, groups, names);
	return put_accounts(view, &account, err);
}
