/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/label.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/fd.h"

#define APPARMOR "/proc/self/attr/apparmor/"

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

static int set_context(const char *context, struct nsc_error *err)
{
	static const char path[] = "/proc/self/attr/exec";
	_cleanup_fd_ int fd = open(path, O_WRONLY | O_CLOEXEC);
	size_t len = strlen(context) + 1;

	if (fd < 0 || write(fd, context, len) != (ssize_t)len)
		return nsc_error_sys(err, errno, "process_label: write '%s' "
				     "to %s", context, path);
	return 0;
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
