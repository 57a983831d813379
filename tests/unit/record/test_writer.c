/* SPDX-License-Identifier: Apache-2.0 */
/* lib/record/writer.c: a disk that is full, and then is not. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "record/writer.h"

static int full;		/* so many writes fail */
static bool patient;		/* false: no answer comes in time */

ssize_t __real_pwrite(int fd, const void *data, size_t size, off_t at);
ssize_t __wrap_pwrite(int fd, const void *data, size_t size, off_t at);
int __real_poll(struct pollfd *p, nfds_t n, int timeout);
int __wrap_poll(struct pollfd *p, nfds_t n, int timeout);

ssize_t __wrap_pwrite(int fd, const void *data, size_t size, off_t at)
{
	if (full && full--) {
		errno = ENOSPC;
		return -1;
	}
	return __real_pwrite(fd, data, size, at);
}

int __wrap_poll(struct pollfd *p, nfds_t n, int timeout)
{
	return patient || timeout <= 0 ? __real_poll(p, n, timeout) : 0;
}

/* What the file has after these messages; NULL: the writer gave up. */
static const char *written(int gaps, const char *const *messages)
{
	static char text[4096];
	FILE *file = tmpfile();
	int pair[2], ret;
	struct nsc_writer w;

	ck_assert(file && socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
	for (; *messages; messages++)
		ck_assert(send(pair[1], *messages, strlen(*messages), 0) > 0);
	close(pair[1]);
	w = (struct nsc_writer){
		.messages = pair[0], .file = fileno(file), .gaps = gaps,
	};
	ret = nsc_writer_run(&w);
	text[pread(w.file, text, sizeof(text) - 1, 0)] = '\0';
	close(pair[0]);
	fclose(file);
	return ret < 0 ? NULL : text;
}

static const char *const two[] = { "ofirst", "osecond", NULL };

static void gaps_pair(int pair[2])
{
	ck_assert(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
}

/* There can be room although nobody has said so yet. */
START_TEST(late)
{
	const char *text;
	int gaps[2];

	gaps_pair(gaps);
	patient = false;
	full = 1;
	text = written(gaps[0], two);
	ck_assert(text && strstr(text, "first") && strstr(text, "second"));
	/* The control: a disk that stays full. */
	full = 1000;
	ck_assert_ptr_null(written(gaps[0], two));
}
END_TEST

/* An old answer is not taken for the answer to this question. */
START_TEST(old_answer)
{
	int gaps[2];
	char byte;

	gaps_pair(gaps);
	patient = false;
	full = 1;
	ck_assert(send(gaps[1], "", 1, 0) == 1);
	ck_assert_ptr_nonnull(written(gaps[0], two));
	ck_assert(recv(gaps[0], &byte, 1, MSG_DONTWAIT) < 0);
	/* The control: one that comes now is taken. */
	patient = true;
	full = 1;
	if (fork() == 0) {
		struct nsc_record_gap ask;

		for (int i = 0; i < 2; i++)
			ck_assert(recv(gaps[1], &ask, sizeof(ask), 0) ==
				  sizeof(ask));
		_exit(send(gaps[1], "", 1, 0) != 1);
	}
	ck_assert_ptr_nonnull(written(gaps[0], two));
	ck_assert(recv(gaps[0], &byte, 1, MSG_DONTWAIT) < 0);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { late, old_answer, NULL };
	Suite *suite = suite_create("writer");
	TCase *tcase = tcase_create("full");

	unit_add(tcase, tests);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
