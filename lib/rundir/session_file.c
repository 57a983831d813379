/* Runs in: container-monitor and nsinit, root of the host. */
#include "rundir/session_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/text.h"
#include "linux/pidfd.h"

#define FILE_MAX_SIZE 4096

static void take_text(char *to, size_t size, const char *value)
{
	snprintf(to, size, "%s", value);
}

static void take_line(struct session *s, const char *key, const char *value)
{
	if (!strcmp(key, "start"))
		s->start = strtoull(value, NULL, 10);
	else if (!strcmp(key, "opened"))
		s->opened = strtoll(value, NULL, 10);
	else if (!strcmp(key, "user"))
		take_text(s->user, sizeof(s->user), value);
	else if (!strcmp(key, "service"))
		take_text(s->service, sizeof(s->service), value);
	else if (!strcmp(key, "rhost"))
		take_text(s->rhost, sizeof(s->rhost), value);
	else if (!strcmp(key, "tty"))
		take_text(s->tty, sizeof(s->tty), value);
	else if (!strcmp(key, "ruser"))
		take_text(s->ruser, sizeof(s->ruser), value);
	else if (!strcmp(key, "loginuid"))
		s->loginuid = (uint32_t)strtoul(value, NULL, 10);
	else if (!strcmp(key, "audit_session"))
		s->audit_session = (uint32_t)strtoul(value, NULL, 10);
	else if (!strcmp(key, "generation"))
		s->generation = (unsigned int)strtoul(value, NULL, 10);
}

int nsc_session_file_read(int dir, pid_t pid, struct session *s)
{
	char name[16], text[FILE_MAX_SIZE], *save = NULL;
	_cleanup_fd_ int fd = -1;
	ssize_t n;

	snprintf(name, sizeof(name), "%d", (int)pid);
	*s = (struct session){
		.pid = pid, .pidfd = -1, .recorded = -1,
		.loginuid = SESSION_NO_ID,
		.audit_session = SESSION_NO_ID,
	};
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *value = strchr(line, ' ');

		if (!value)
			continue;
		*value++ = '\0';
		take_line(s, line, value);
	}
	s->by_user = !strcmp(s->service, SESSION_NSSHELL);
	return 0;
}

bool nsc_session_file_is_alive(const struct session *s)
{
	uint64_t start;

	return nsc_pidfd_start_time(s->pid, &start) == 0 && start == s->start;
}

int nsc_session_file_each(int dir, int (*act)(int dir, pid_t pid, void *arg),
			  void *arg)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int ret = 0;

	if (!stream && fd >= 0)
		close(fd);
	while (stream && ret == 0 && (entry = readdir(stream))) {
		long long pid;

		if (nsc_text_number(entry->d_name, 1, INT32_MAX, &pid) == 0)
			ret = act(dir, (pid_t)pid, arg);
	}
	if (stream)
		closedir(stream);
	return ret;
}
