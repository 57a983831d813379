/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Modules of PAM before ours may wait, even for the user, and nothing of ours
 * is called meanwhile.  So the kernel is asked: a process of root's that has
 * loaded our module is a login program with an open transaction.  Whose it is,
 * the process itself says: sshd in its title, su and login by their arguments;
 * else it is the login uid's, as with cron.
 */
#include "api/unplaced.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/proc.h"
#include "util/text.h"
#include "util/paths.h"
#include "policy/policy.h"

#define MODULE "/pam_container.so"

static NSC_API_KEYS(unplaced_keys, NSCONTAINER_KEYS_SESSIONS);

struct scan {
	const struct nscontainer *container;
	struct nscontainer_record **list;
	struct nsc_error *err;
	struct stat mounts;	/* this process's mount namespace */
};

/* Is the process root of the host, with our module? */
static bool is_login(const struct scan *s, pid_t pid)
{
	_cleanup_free_ char *maps = NULL;
	unsigned int uid, effective;
	struct stat mounts;
	char text[64];

	snprintf(text, sizeof(text), "/proc/%d/ns/mnt", (int)pid);
	if (stat(text, &mounts) < 0 || mounts.st_ino != s->mounts.st_ino ||
	    !nsc_proc_status(pid, "Uid", text, sizeof(text)) ||
	    sscanf(text, "%u %u", &uid, &effective) != 2 || effective != 0)
		return false;
	snprintf(text, sizeof(text), "/proc/%d/maps", (int)pid);
	return nsc_proc_read(text, &maps, NSC_IGNORE) == 0 &&
	       strstr(maps, MODULE);
}

/* The PAM service, from the name of the program. */
static void service_of(const char *program, char service[64])
{
	size_t len = strcspn(program, "-");

	snprintf(service, 64, "%s", program);
	if (!strncmp(program, "sshd-", 5))
		service[len] = '\0';
	for (char *c = service; *c; c++)
		*c |= *c >= 'A' && *c <= 'Z' ? 0x20 : 0;
}

static bool load_user(const char *name, struct nsc_user **ret)
{
	return nsc_text_name_valid(name) &&
	       nsc_user_load(name, ret, NSC_IGNORE) == 0;
}

/* "sshd: alice [priv]"; since OpenSSH 9.8 "sshd-session: alice [priv]". */
static bool user_of_title(const char *title, struct nsc_user **ret)
{
	const char *name = strstr(title, ": "), *end;
	char text[NSC_NAME_MAX + 1];

	if (strncmp(title, "sshd", 4) != 0 || !name)
		return false;
	/* Both may be in a name. */
	end = strstr(name, " [");
	if (!end)
		end = strrchr(name, '@');
	snprintf(text, sizeof(text), "%.*s", end ? (int)(end - name) - 2 : 0,
		 name + 2);
	return load_user(text, ret);
}

/* "su - alice", "login -p -- alice", "sudo -u alice", "sudo --user=alice". */
static bool user_of_arguments(const char *text, size_t size,
			      struct nsc_user **ret)
{
	for (size_t at = strlen(text) + 1; at < size; at += strlen(text + at) +
							    1) {
		const char *word = text + at;

		if (!strncmp(word, "--user=", 7))
			word += 7;
		else if (!strncmp(word, "-u", 2))
			word += 2;
		if (load_user(word, ret))
			return true;
	}
	return false;
}

static bool user_of_loginuid(pid_t pid, struct nsc_user **ret)
{
	char path[64], text[16];
	long long uid;

	snprintf(path, sizeof(path), "/proc/%d/loginuid", (int)pid);
	return nsc_file_read_text(AT_FDCWD, path, text, sizeof(text)) > 0 &&
	       nsc_text_number(text, 0, UINT32_MAX - 1, &uid) == 0 &&
	       nsc_user_load_uid((uid_t)uid, ret, NSC_IGNORE) == 0;
}

static bool find_user(pid_t pid, struct nsc_user **ret)
{
	char path[64], text[1024];
	int n;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	n = nsc_file_read_text(AT_FDCWD, path, text, sizeof(text));
	return n > 0 && (user_of_title(text, ret) ||
			 user_of_arguments(text, (size_t)n, ret) ||
			 user_of_loginuid(pid, ret));
}

/* Is the user on the host although no setting says so? */
static bool belongs_inside(const struct scan *s, struct nsc_user *user,
			   const char *service)
{
	_cleanup_policy_ struct nsc_policy *policy = NULL;
	const char *conf = s->container ? s->container->conf :
					      NSC_CONF_PATH;

	if (nsc_user_load_groups(user) < 0 ||
	    nsc_user_in_group(user, NSC_BREAK_GLASS))
		return false;
	/* A user whose policy is broken waits, and is refused then. */
	if (nsc_policy_decide(conf, user, service, &policy, NSC_IGNORE) < 0)
		return true;
	return policy->contained && policy->conf->mode == NSC_MODE_ENFORCE &&
	       policy->conf->placement == NSC_PLACEMENT_SESSION;
}

/*
 * cron's and atd's processes stay on the host, and their jobs are placed: such
 * a process holds the lock of its session.
 */
static bool has_job(pid_t pid, const char *service)
{
	_cleanup_fd_ int fd = -1;
	const struct dirent *entry;
	char path[PATH_MAX];
	bool found = false;
	DIR *dir;

	if (strcmp(service, "cron") != 0 && strcmp(service, "atd") != 0)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : nsc_file_list(fd);
	while (dir && !found && (entry = readdir(dir))) {
		ssize_t n = readlinkat(fd, entry->d_name, path,
				       sizeof(path) - 1);

		path[n < 0 ? 0 : n] = '\0';
		found = !strncmp(path, NSC_RUNDIR "/",
				 strlen(NSC_RUNDIR "/")) &&
			nsc_text_ends_with(path, "/" NSC_FILE_SESSIONS);
	}
	if (dir)
		closedir(dir);
	return found;
}

static json_t *unplaced_json(const struct nsc_user *user, const char *service,
			     const struct nsc_proc_stat *p)
{
	struct timespec boot = { 0 };
	int64_t age;
	char command[sizeof(p->name)];

	clock_gettime(CLOCK_BOOTTIME, &boot);
	age = boot.tv_sec - (int64_t)(p->start /
				      (uint64_t)sysconf(_SC_CLK_TCK));
	return json_pack("{s:s, s:s, s:i, s:b, s:I, s:s}", "user", user->name,
			 "service", service, "pid", (int)p->pid, "placed", 0,
			 "opened", (json_int_t)(time(NULL) - age), "command",
			 nsc_text_escape(p->name, command, sizeof(command)));
}

static int examine(const struct scan *s, pid_t pid)
{
	_cleanup_user_ struct nsc_user *user = NULL;
	const struct nscontainer *c = s->container;
	struct nsc_proc_stat p;
	char service[64];

	if (!is_login(s, pid) || nsc_proc_stat(pid, &p) < 0 ||
	    !find_user(pid, &user) ||
	    (c && (!c->user || strcmp(c->user, user->name) != 0)))
		return 0;
	service_of(p.name, service);
	if (has_job(pid, service) || !belongs_inside(s, user, service))
		return 0;
	return nsc_api_add(s->list, unplaced_keys,
			   unplaced_json(user, service, &p), s->err);
}

int nsc_api_unplaced(const struct nscontainer *container,
		     struct nscontainer_record **list, struct nsc_error *err)
{
	struct scan s = { .container = container, .list = list, .err = err };
	DIR *dir = opendir("/proc");
	const struct dirent *entry;
	pid_t self = getpid();
	long long pid;
	int ret = 0, error = 0;

	if (!dir)
		return nsc_error_sys(err, errno, "/proc");
	if (stat("/proc/self/ns/mnt", &s.mounts) < 0)
		ret = nsc_error_sys(err, errno, "/proc/self/ns/mnt");
	while (ret == 0 && (entry = nsc_file_next(dir, &error)))
		if (nsc_text_number(entry->d_name, 1, INT32_MAX, &pid) == 0 &&
		    pid != self)
			ret = examine(&s, (pid_t)pid);
	closedir(dir);
	return error < 0 ? nsc_error_sys(err, -error, "/proc") : ret;
}
