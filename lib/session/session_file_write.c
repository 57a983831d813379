/* Runs in: the login program and nsinit exec, root of the host. */
#include "session/session_file_write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/text.h"
#include "util/paths.h"
#include "linux/pidfd.h"

static int open_dir(const struct nsc_session *session, struct nsc_error *err)
{
	_cleanup_fd_ int instance = nsc_file_open_dir(session->path, err);

	if (instance < 0)
		return instance == -ENOENT ?
			nsc_error_set(err, ESRCH, "the container has ended") :
			instance;
	return nsc_file_open_dir_at(instance, session->path, NSC_DIR_SESSION,
				    err);
}

static void put_text(FILE *out, const char *key, const char *text)
{
	char escaped[1024];

	if (text && *text)
		fprintf(out, "%s %s\n", key,
			nsc_text_escape(text, escaped, sizeof(escaped)));
}

/* A number of proc(5); kernels without auditing do not have it. */
static void put_own(FILE *out, const char *key, const char *path)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[16];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n > 0)
		fprintf(out, "%s %.*s\n", key, (int)n, text);
}

static int print(const struct nsc_session *session,
		 const struct nsc_session_info *info, char **ret, size_t *len)
{
	FILE *out;
	uint64_t start;
	int error = nsc_pidfd_start_time(getpid(), &start);

	if (error < 0)
		return error;
	out = open_memstream(ret, len);
	if (!out)
		return -ENOMEM;
	fprintf(out, "start %llu\nopened %lld\ngeneration %u\n",
		(unsigned long long)start, (long long)time(NULL),
		session->state->generation);
	put_text(out, "user", session->state->user);
	put_text(out, "service", info->service);
	put_text(out, "rhost", info->rhost);
	put_text(out, "tty", info->tty);
	put_text(out, "ruser", info->ruser);
	put_own(out, "loginuid", "/proc/self/loginuid");
	put_own(out, "audit_session", "/proc/self/sessionid");
	return fclose(out) == 0 ? 0 : -ENOMEM;
}

int nsc_note_write(const struct nsc_session *session,
		   const struct nsc_session_info *info, struct nsc_error *err)
{
	_cleanup_fd_ int dir = open_dir(session, err);
	_cleanup_free_ char *text = NULL;
	char name[16];
	size_t len = 0;
	int ret;

	if (dir < 0)
		return dir;
	ret = print(session, info, &text, &len);
	if (ret < 0)
		return nsc_error_sys(err, -ret, "note the session");
	snprintf(name, sizeof(name), "%d", (int)getpid());
	ret = nsc_file_write_at(dir, name, text, len, 0644, err);
	return ret < 0 ? nsc_error_context(err, "note the session in '"
					   NSC_DIR_SESSION "'") : 0;
}

void nsc_note_remove(const struct nsc_session *session)
{
	_cleanup_fd_ int dir = open_dir(session, NULL);
	char name[16];

	snprintf(name, sizeof(name), "%d", (int)getpid());
	if (dir >= 0)
		unlinkat(dir, name, 0);
}
