/* SPDX-License-Identifier: Apache-2.0 */
#include "rootfs/hosts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rootfs/own_file.h"
#include "rootfs/resolv.h"
#include "util/fd.h"
#include "util/file.h"
#include "linux/mount.h"

#define HOSTS "/etc/hosts"
#define SEPARATORS " \t\r"

/* Is name one of the names of a line?  The first word is the address. */
static bool line_has(const char *line, const char *name)
{
	size_t len = strcspn(line, "#\n"), n;
	const char *end = line + len;
	bool first = true;

	for (; line < end; line += n, first = false) {
		line += strspn(line, SEPARATORS);
		n = strcspn(line, SEPARATORS "#\n");
		if (!n || line >= end)
			return false;
		if (!first && n == strlen(name) && !strncmp(line, name, n))
			return true;
	}
	return false;
}

static bool hosts_has(const char *text, const char *name)
{
	while (text && *text) {
		if (line_has(text, name))
			return true;
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return false;
}

/*
 * Write text (NULL: there is no file) with what it lacks to out; name is the
 * container's.  Returns false if it lacks nothing.
 */
static bool hosts_print(const void *arg, const char *text, FILE *out)
{
	const char *name = arg;
	bool local = hosts_has(text, "localhost");
	bool own = !*name || !strcmp(name, "localhost") ||
		   hosts_has(text, name);
	size_t len = text ? strlen(text) : 0;

	if (local && own)
		return false;
	fputs(text ? text : "", out);
	if (len && text[len - 1] != '\n')
		fputc('\n', out);
	if (!local)
		fputs("127.0.0.1\tlocalhost\n"
		      "::1\tlocalhost ip6-localhost ip6-loopback\n", out);
	if (!own)
		fprintf(out, "127.0.1.1\t%s\n", name);
	return true;
}

/* The text of the file at target (O_PATH), or NULL: users read it, too. */
static char *read_target(int target)
{
	_cleanup_fd_ int fd = -1;
	char link[64], *text = NULL;
	struct stat st;

	if (fstat(target, &st) < 0 || !S_ISREG(st.st_mode) ||
	    !(st.st_mode & S_IROTH))
		return NULL;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", target);
	fd = open(link, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0)
		nsc_file_read(fd, HOSTS, NSC_FILE_MAX, &text, NULL, NSC_IGNORE);
	return text;
}

static int mount_copy(const struct nsc_rootfs *rootfs, const char *name,
		      struct nsc_error *err)
{
	_cleanup_fd_ int target = nsc_rootfs_target(rootfs, HOSTS,
						    NSC_TARGET_FILE, err);
	_cleanup_free_ char *text = NULL;
	_cleanup_free_ char *made = NULL;
	_cleanup_fd_ int mount = -1;
	size_t size = 0;
	bool changed;
	FILE *out;

	/* As with resolv.conf: there is no place for it. */
	if (target < 0)
		return target == -ELOOP ? target : nsc_error_clear(err);
	text = read_target(target);
	out = open_memstream(&made, &size);
	if (!out)
		return nsc_error_sys(err, ENOMEM, HOSTS);
	changed = hosts_print(name, text, out);
	if (fclose(out) != 0)
		return nsc_error_sys(err, ENOMEM, HOSTS);
	if (!changed)
		return 0;
	mount = nsc_resolv_file(rootfs, "hosts", made, err);
	return mount < 0 ? mount : nsc_mount_attach(mount, target, err);
}

int nsc_hosts_put(struct nsc_rootfs *rootfs, struct nsc_error *err)
{
	static const struct nsc_own_file own[] = {
		{ "hosts", hosts_print, true },
	};
	const struct nsc_config *config = rootfs->plan->config;
	char name[65] = "";

	if (config->hostname)
		snprintf(name, sizeof(name), "%s", config->hostname);
	else
		gethostname(name, sizeof(name) - 1);
	if (config->overlay != NSC_OVERLAY_NONE &&
	    nsc_own_files_write(rootfs, own, NSC_ARRAY_SIZE(own), name))
		return 0;
	return mount_copy(rootfs, name, err) < 0 ?
		nsc_error_context(err, "'" HOSTS "'") : 0;
}
