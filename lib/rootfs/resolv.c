/* SPDX-License-Identifier: Apache-2.0 */
#include "rootfs/resolv.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/address.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/names.h"
#include "network/lists_names.h"
#include "network/pasta.h"
#include "rootfs/rootfs.h"
#include "linux/mount.h"

#define RESOLV_CONF "/etc/resolv.conf"
/* The servers of systemd-resolved, which itself listens on 127.0.0.53. */
#define UPSTREAM "/run/systemd/resolve/resolv.conf"

#define SERVER "nameserver"

/* If the first word of a line is key, copy the next word to buf. */
static bool value_of(const char *line, const char *key, char *buf, size_t size)
{
	size_t len = strlen(key), n;

	if (strncmp(line, key, len) != 0 ||
	    (line[len] != ' ' && line[len] != '\t'))
		return false;
	line += len + strspn(line + len, " \t");
	n = strcspn(line, " \t\n\r#;");
	if (n >= size)
		return false;
	memcpy(buf, line, n);
	buf[n] = '\0';
	return n > 0;
}

static const char *resolv_next_line(const char *text)
{
	text += strcspn(text, "\n");
	return text + (*text == '\n');
}

/* Copy the servers; skip the host's loopback unless the container shares it. */
static int copy_servers(FILE *out, const char *text, bool loopback)
{
	int n = 0;

	for (; *text; text = resolv_next_line(text)) {
		struct nsc_address a;
		char server[64];

		if (!value_of(text, SERVER, server, sizeof(server)) ||
		    nsc_address_parse(server, false, &a) < 0 ||
		    (nsc_address_is_loopback(&a) && !loopback))
			continue;
		fprintf(out, SERVER " %s\n", server);
		n++;
	}
	return n;
}

static void copy_rest(FILE *out, const char *text)
{
	static const char *const keys[] = { "search", "domain", "options" };

	for (; *text; text = resolv_next_line(text)) {
		char word[256];

		for (size_t i = 0; i < NSC_ARRAY_SIZE(keys); i++)
			if (value_of(text, keys[i], word, sizeof(word)))
				fprintf(out, "%.*s\n",
					(int)strcspn(text, "\n"), text);
	}
}

static bool resolv_has_type(const struct nsc_config *config, unsigned int type)
{
	for (size_t i = 0; i < config->n_networks; i++)
		if (config->networks[i].type == type)
			return true;
	return false;
}

/* Does the container have its own network with only a loopback? */
static bool resolv_is_alone(const struct nsc_config *config)
{
	for (size_t i = 0; i < config->n_networks; i++)
		if (config->networks[i].type != NSC_NETWORK_LOOPBACK)
			return false;
	return config->namespaces & CLONE_NEWNET;
}

static int print_configured(FILE *out, const struct nsc_config *config)
{
	int n = 0;

	for (size_t i = 0; i < config->n_networks; i++)
		for (char **d = config->networks[i].dns; d && *d; d++, n++)
			fprintf(out, SERVER " %s\n", *d);
	return n;
}

static bool is_configured(const struct nsc_config *config)
{
	if (nsc_lists_have_names(config))
		return true;
	for (size_t i = 0; i < config->n_networks; i++)
		if (config->networks[i].dns)
			return true;
	return false;
}

char *nsc_resolv_print(const struct nsc_config *config, const char *host,
		       const char *upstream)
{
	bool shared = !(config->namespaces & CLONE_NEWNET);
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (nsc_lists_have_names(config)) {
		fputs(SERVER " " NSC_NAMES_ADDRESS "\n", out);
		copy_rest(out, host);
	} else if (is_configured(config)) {
		print_configured(out, config);
	} else if (resolv_is_alone(config)) {
		fputs("# There is no network.\n", out);
	} else {
		if (copy_servers(out, host, shared) == 0 &&
		    copy_servers(out, upstream, shared) == 0 &&
		    resolv_has_type(config, NSC_NETWORK_PASTA))
			fputs(SERVER " " NSC_PASTA_DNS "\n", out);
		copy_rest(out, host);
	}
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

/* Read a file of the host; "" if it does not exist or cannot be read. */
static char *read_host(const char *path)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY |
				   O_CLOEXEC);
	struct nsc_error ignored = NSC_ERROR_INIT;
	char *text = NULL;

	if (fd < 0 || nsc_file_read(fd, path, NSC_FILE_MAX, &text, NULL,
				    &ignored) < 0)
		return strdup("");
	return text;
}

/* Does the rootfs have servers of its own?  Only a regular file is read. */
static bool has_own(int path)
{
	_cleanup_fd_ int fd = -1;
	char link[64], text[4096];
	struct stat st;
	ssize_t n;

	if (path < 0 || fstat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", path);
	fd = open(link, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return false;
	text[n] = '\0';
	for (const char *line = text; *line; line = resolv_next_line(line)) {
		char server[64];

		if (value_of(line, SERVER, server, sizeof(server)))
			return true;
	}
	return false;
}

int nsc_resolv_file(const struct nsc_rootfs *rootfs, const char *name,
		    const char *text, struct nsc_error *err)
{
	_cleanup_fd_ int file =
		openat(rootfs->scratch, name,
		       O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
	int mount, ret;

	if (file < 0)
		return nsc_error_sys(err, errno, "make a file");
	ret = nsc_file_write_all(file, text, strlen(text));
	if (ret < 0)
		return nsc_error_sys(err, -ret, "write a file");
	mount = nsc_mount_clone(file, false, err);
	if (mount < 0)
		return mount;
	ret = nsc_mount_restrict(mount, NSC_MOUNT_SAFE | MOUNT_ATTR_NOEXEC |
				 MOUNT_ATTR_RDONLY, false, err);
	if (ret == 0)
		return mount;
	close(mount);
	return ret;
}

int nsc_resolv_put(struct nsc_rootfs *rootfs, struct nsc_error *err)
{
	const struct nsc_config *config = rootfs->plan->config;
	_cleanup_free_ char *upstream = NULL;
	_cleanup_free_ char *host = NULL;
	_cleanup_free_ char *text = NULL;
	_cleanup_fd_ int target = -1;
	_cleanup_fd_ int mount = -1;
	bool own = !is_configured(config) && strcmp(config->rootfs, "/") != 0;

	if (own && resolv_is_alone(config))
		return 0;
	/*
	 * The file is made if it is missing, also at the target of a link, such
	 * as that of systemd-resolved into /run, which is empty in the
	 * container.  If the file cannot be made, or if root's link names a
	 * file of the kernel (/dev/null), the container has no such file.
	 */
	target = nsc_rootfs_target(rootfs, RESOLV_CONF, NSC_TARGET_FILE, err);
	if (target == -ELOOP)
		return target;
	if (target < 0)
		return nsc_error_clear(err);
	if (own && has_own(target))
		return 0;
	host = read_host(RESOLV_CONF);
	upstream = read_host(UPSTREAM);
	if (host && upstream)
		text = nsc_resolv_print(config, host, upstream);
	if (!text)
		return nsc_error_sys(err, ENOMEM, "'%s'", RESOLV_CONF);
	mount = nsc_resolv_file(rootfs, "resolv.conf", text, err);
	if (mount < 0 || nsc_mount_attach(mount, target, err) < 0)
		return nsc_error_context(err, "'%s'", RESOLV_CONF);
	return 0;
}
