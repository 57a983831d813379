/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/label.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/file.h"

#define APPARMOR "/proc/self/attr/apparmor/"
#define EXEC "/proc/self/attr/exec"
#define CURRENT "/proc/self/attr/current"
#define SELINUX "/sys/fs/selinux/"
#define PROCESS SELINUX "class/process/"
#define PERMISSIVE 1		/* AVD_FLAGS_PERMISSIVE */

static int write_command(int fd, const char *command, const char *profile,
			 struct nsc_error *err)
{
	char text[1024];
	int len = snprintf(text, sizeof(text), "%s %s", command, profile);

	if ((size_t)len >= sizeof(text))
		return nsc_error_set(err, ENAMETOOLONG, "apparmor_profile: "
				     "the name is too long");
	if (write(fd, text, (size_t)len) != len)
		return nsc_error_sys(err, errno, "apparmor_profile: change to "
				     "'%s'", profile);
	return 0;
}

static int set_profile(const char *profile, struct nsc_error *err)
{
	_cleanup_fd_ int fd = open(APPARMOR "exec", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return nsc_error_sys(err, errno, "apparmor_profile: open "
				     APPARMOR "exec");
	return write_command(fd, "exec", profile, err);
}

static unsigned long read_number(const char *path)
{
	char text[16];

	return nsc_file_read_once(AT_FDCWD, path, text, sizeof(text)) > 0 ?
		       strtoul(text, NULL, 10) : 0;
}

static bool is_enforcing(void)
{
	return read_number(SELINUX "enforce") == 1;
}

/*
 * Does the policy allow that a process of context own executes one of context
 * other?  True also if the kernel does not say.
 */
static bool allows_transition(const char *own, const char *other)
{
	_cleanup_fd_ int fd = open(SELINUX "access", O_RDWR | O_CLOEXEC);
	const unsigned long class = read_number(PROCESS "index");
	const unsigned long bit = read_number(PROCESS "perms/transition");
	unsigned int allowed, flags;
	char text[1024];
	int len = snprintf(text, sizeof(text), "%s %s %lu", own, other, class);
	ssize_t n;

	if (fd < 0 || bit < 1 || bit > 32 || (size_t)len >= sizeof(text) ||
	    write(fd, text, (size_t)len) != len)
		return true;
	n = pread(fd, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	if (sscanf(text, "%x %*x %*x %*x %*u %x", &allowed, &flags) != 2)
		return true;
	return allowed >> (bit - 1) & 1 || flags & PERMISSIVE;
}

/* The exec would fail without a word about the label. */
static int check_transition(const char *context, struct nsc_error *err)
{
	char own[512];

	if (!is_enforcing() ||
	    nsc_file_read_once(AT_FDCWD, CURRENT, own, sizeof(own)) <= 0 ||
	    !strcmp(own, context) || allows_transition(own, context))
		return 0;
	return nsc_error_set(err, EACCES, "process_label: the policy of "
			     "SELinux does not let '%s' execute a program as "
			     "'%s': choose another label, or allow the "
			     "transition", own, context);
}

static int set_context(const char *context, struct nsc_error *err)
{
	_cleanup_fd_ int fd = open(EXEC, O_WRONLY | O_CLOEXEC);
	size_t len = strlen(context) + 1;

	if (fd < 0 || write(fd, context, len) != (ssize_t)len)
		return nsc_error_sys(err, errno, "process_label: write '%s' "
				     "to " EXEC, context);
	return check_transition(context, err);
}

/* AppArmor may have something of its own in the same file. */
bool nsc_label_is_set(void)
{
	_cleanup_fd_ int selinux = open(SELINUX "enforce", O_RDONLY |
					O_CLOEXEC);
	_cleanup_fd_ int fd = selinux < 0 ? -1 :
					    open(EXEC, O_RDONLY | O_CLOEXEC);
	char first;

	return fd >= 0 && read(fd, &first, 1) == 1;
}

int nsc_label_clear_exec(struct nsc_error *err)
{
	_cleanup_fd_ int fd = -1;

	if (!nsc_label_is_set())
		return 0;
	fd = open(EXEC, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "\n", 1) != 1)
		return nsc_error_sys(err, errno, "clear " EXEC);
	return 0;
}

void nsc_label_explain(struct nsc_error *err)
{
	size_t len = strlen(err->text);

	if ((err->code == EACCES || err->code == EPERM) && is_enforcing() &&
	    !strstr(err->text, "SELinux"))
		snprintf(err->text + len, sizeof(err->text) - len,
			 ": if SELinux denied it, the kernel's log has a line "
			 "with 'avc: denied': see SELinux in pam_container(8)");
}

int nsc_label_set_exec(const char *profile, const char *context,
		       struct nsc_error *err)
{
	int ret = profile && *profile ? set_profile(profile, err) : 0;

	if (ret == 0 && context && *context)
		ret = set_context(context, err);
	return ret;
}

int nsc_label_open(struct nsc_error *err)
{
	int fd = open(APPARMOR "current", O_WRONLY | O_CLOEXEC);

	return fd < 0 ? nsc_error_sys(err, errno, "apparmor_profile: open "
				      APPARMOR "current") : fd;
}

int nsc_label_change(int fd, const char *profile, struct nsc_error *err)
{
	return write_command(fd, "changeprofile", profile, err);
}
