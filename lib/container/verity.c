/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: see image.c. */
#include "container/verity.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "linux/loop.h"
#include "util/command.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/paths.h"
#include "util/proc.h"

#define VERITYSETUP "/sbin/veritysetup"
#define MAPPER "/dev/mapper/"
#define CONTROL MAPPER "control"
/*
 * The pid of the process that makes the device, '-' and its start time follow.
 */
#define PREFIX "nscontainer-"
#define TIMEOUT 30		/* seconds; it reads one block */

static int open_tree_file(const struct nsc_plan *plan, struct nsc_error *err)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s.verity", plan->config->rootfs) >=
	    (int)sizeof(path))
		return nsc_error_sys(err, ENAMETOOLONG, "%s",
				     plan->config->rootfs);
	return nsc_file_open(path, err);
}

int nsc_verity_check(const struct nsc_plan *plan, struct nsc_error *err)
{
	const char *file = plan->config->file;
	_cleanup_fd_ int tree = -1;

	if (!plan->config->rootfs_verity)
		return 0;
	if (access(CONTROL, F_OK) < 0)
		return nsc_error_sys(err, errno, "%s: rootfs_verity: the "
				     "kernel has no device mapper here: '"
				     CONTROL "'", file);
	if (access(VERITYSETUP, X_OK) < 0)
		return nsc_error_sys(err, errno, "%s: rootfs_verity: needs '"
				     VERITYSETUP "', of the package "
				     "cryptsetup-bin", file);
	tree = open_tree_file(plan, err);
	return tree < 0 ? nsc_error_context(err, "%s: rootfs_verity", file) :
			  0;
}

static int verity_run(char *const *argv, struct nsc_error *err)
{
	char *const env[] = { (char[]){ "PATH=" NSC_PATH }, NULL };
	const struct nsc_command command = {
		.path = VERITYSETUP, .argv = argv, .envp = env,
		.timeout = TIMEOUT,
	};
	char text[256];
	int ret = nsc_command_run(&command, text, sizeof(text));

	if (ret < 0)
		return nsc_error_sys(err, -ret, "run " VERITYSETUP);
	text[strcspn(text, "\n")] = '\0';
	return ret == 0 ? 0 : nsc_error_set(err, EIO, VERITYSETUP " %s: %s",
					    argv[1], *text ? text : "fails");
}

/* The device goes with its last user, or now. */
static int remove_device(const char *name, struct nsc_error *err)
{
	char *const argv[] = {
		(char[]){ "veritysetup" }, (char[]){ "close" },
		(char[]){ "--deferred" }, (char *)(uintptr_t)name, NULL,
	};

	return verity_run(argv, err);
}

/*
 * While it is open, the device stays; from now on it goes with its last user.
 */
static int hold(const char *name, struct nsc_verity *verity,
		struct nsc_error *err)
{
	verity->device = open(verity->path, O_RDONLY | O_CLOEXEC);
	if (verity->device >= 0)
		return remove_device(name, err);
	nsc_error_sys(err, errno, "open '%s'", verity->path);
	remove_device(name, NSC_IGNORE);
	return -err->code;
}

/*
 * Does the device belong to a process that was killed before hold()?  What is
 * mounted cannot be opened with O_EXCL, see open(2).
 */
static bool is_abandoned(int mapper, const char *name)
{
	_cleanup_fd_ int device = -1;
	struct nsc_proc_stat stat;
	uint64_t start;
	char end;
	pid_t pid;
	int ret;

	if (sscanf(name, PREFIX "%d-%" SCNu64 "%c", &pid, &start, &end) != 2 ||
	    pid <= 0)
		return false;
	ret = nsc_proc_stat(pid, &stat);
	if (ret == 0 ? stat.start == start : ret != -ESRCH)
		return false;
	device = openat(mapper, name, O_RDONLY | O_EXCL | O_CLOEXEC);
	return device >= 0;
}

static void remove_abandoned(void)
{
	DIR *mapper = opendir(MAPPER);
	const struct dirent *entry;

	if (!mapper)
		return;
	while ((entry = readdir(mapper)))
		if (is_abandoned(dirfd(mapper), entry->d_name))
			remove_device(entry->d_name, NSC_IGNORE);
	closedir(mapper);
}

int nsc_verity_open(const struct nsc_plan *plan, const char *data,
		    struct nsc_verity *ret, struct nsc_error *err)
{
	_cleanup_fd_ int file = open_tree_file(plan, err);
	char tree[NSC_LOOP_PATH], name[48];
	struct nsc_proc_stat self;
	char *const argv[] = {
		(char[]){ "veritysetup" }, (char[]){ "open" },
		(char *)(uintptr_t)data, name, tree,
		plan->config->rootfs_verity, NULL,
	};
	int error;

	if (file < 0)
		return file;
	ret->tree = nsc_loop_open(file, NSC_LOOP_ALONE, tree, err);
	if (ret->tree < 0)
		return ret->tree;
	error = nsc_proc_stat(getpid(), &self);
	if (error < 0)
		return nsc_error_sys(err, -error, "/proc/self/stat");
	remove_abandoned();
	/* A container may have the device of an earlier process of this pid. */
	snprintf(name, sizeof(name), PREFIX "%d-%" PRIu64, getpid(),
		 self.start);
	snprintf(ret->path, sizeof(ret->path), MAPPER "%s", name);
	error = verity_run(argv, err);
	return error < 0 ? error : hold(name, ret, err);
}

void nsc_verity_explain(int error, struct nsc_error *err)
{
	nsc_error_context(err, "rootfs_verity%s",
			  error == -EIO ? " (it is the hash of another image, "
					  "or the image or its tree has "
					  "changed)" :
			  error == -EINVAL ? " (ext4 needs blocks of 4096 "
					     "bytes, 'mke2fs -b 4096')" : "");
}

void nsc_verity_close(struct nsc_verity *verity)
{
	nsc_fd_close(&verity->device);
	nsc_fd_close(&verity->tree);
}
