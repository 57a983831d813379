/* SPDX-License-Identifier: Apache-2.0 */
/* Examine daemons that let users past, and missing features of the kernel. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/file.h"
#include "doctor/doctor.h"

/* These daemons log users in without PAM. */
static const char *const without_pam[] = { "dropbear", "tinysshd" };

static const char *const directories[] = { "/usr/sbin", "/usr/bin",
					   "/usr/local/sbin" };

static bool host_runs(const char *name)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	bool found = false;

	while (proc && !found && (entry = readdir(proc))) {
		char path[300], comm[32] = "";

		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		if (nsc_file_read_text(AT_FDCWD, path, comm, sizeof(comm)) <= 0)
			continue;
		comm[strcspn(comm, "\n")] = '\0';
		found = !strcmp(comm, name);
	}
	if (proc)
		closedir(proc);
	return found;
}

static void check_daemon(struct nsc_doctor *doctor, const char *name)
{
	struct nsc_finding f = {
		.severity = NSC_HOLE, .check = "daemon-without-pam",
		.remedy = "stop it, or give contained users nsshell and "
			  "forbid it to forward",
	};
	char path[128];

	if (host_runs(name)) {
		nsc_doctor_add(doctor, &f, "%s runs: it does not use PAM, so "
			       "its logins land on the host", name);
		return;
	}
	f.severity = NSC_NOTE;
	for (size_t i = 0; i < NSC_ARRAY_SIZE(directories); i++) {
		snprintf(path, sizeof(path), "%s/%s", directories[i], name);
		f.file = path;
		if (access(path, X_OK) == 0)
			nsc_doctor_add(doctor, &f, "%s is installed: when it "
				       "runs, it does not use PAM", name);
	}
}

/* The features of the kernel that a start needs. */
static const struct {
	const char *path;
	const char *bad;	/* this content is bad; NULL: a missing file */
	const char *text, *remedy;
} needs[] = {
	{ "/proc/sys/user/max_user_namespaces", "0",
	  "no user namespace can be made: no container with one starts",
	  "sysctl user.max_user_namespaces=15000" },
	{ "/proc/sys/user/max_pid_namespaces", "0",
	  "no pid namespace can be made: no container starts",
	  "sysctl user.max_pid_namespaces=15000" },
	{ "/proc/sys/user/max_mnt_namespaces", "0",
	  "no mount namespace can be made: no container starts",
	  "sysctl user.max_mnt_namespaces=15000" },
	{ "/proc/self/ns/user", NULL,
	  "the kernel has no user namespaces", "a kernel with CONFIG_USER_NS" },
	{ "/proc/self/ns/cgroup", NULL,
	  "the kernel has no cgroup namespaces",
	  "a kernel with CONFIG_CGROUPS" },
	{ "/proc/sys/kernel/seccomp/actions_avail", NULL,
	  "the kernel has no system-call filters",
	  "a kernel with CONFIG_SECCOMP_FILTER" },
};

static void check_kernel(struct nsc_doctor *doctor)
{
	for (size_t i = 0; i < NSC_ARRAY_SIZE(needs); i++) {
		const struct nsc_finding f = {
			.severity = NSC_RISK, .check = "kernel",
			.file = needs[i].path, .remedy = needs[i].remedy,
		};
		_cleanup_fd_ int fd = open(needs[i].path, O_RDONLY |
					   O_CLOEXEC);
		char text[64] = "";

		if (fd < 0 && !needs[i].bad)
			nsc_doctor_add(doctor, &f, "%s", needs[i].text);
		if (fd < 0 || !needs[i].bad ||
		    read(fd, text, sizeof(text) - 1) <= 0)
			continue;
		text[strcspn(text, "\n")] = '\0';
		if (!strcmp(text, needs[i].bad))
			nsc_doctor_add(doctor, &f, "%s", needs[i].text);
	}
}

void nsc_doctor_host(struct nsc_doctor *doctor)
{
	for (size_t i = 0; i < NSC_ARRAY_SIZE(without_pam); i++)
		check_daemon(doctor, without_pam[i]);
	check_kernel(doctor);
}
