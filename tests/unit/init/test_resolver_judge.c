/* SPDX-License-Identifier: Apache-2.0 */
/* What name-resolver makes of a question, and which server it asks. */
#include "resolver-judge.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "unit.h"

#define HEAD(flags, answers) "\0\7" flags "\0\1\0" answers "\0\0\0\0"
#define WRITTEN "\1A\7eXAMple\3org\0\0\1\0\1"
#define LOWER "\1a\7example\3org\0\0\1\0\1"
#define RECORD "\xc0\x0c\0\1\0\1\0\0\1\0\0\4\x0a\0\0\1"

static const char *file;
static struct resolver_judge judge;

ssize_t __wrap_pread(int fd, void *buf, size_t n, off_t at);
ssize_t __wrap___pread_chk(int fd, void *buf, size_t n, off_t at, size_t max);

ssize_t __wrap_pread(int fd, void *buf, size_t n, off_t at)
{
	ck_assert_int_eq(fd, NSC_NAMES_FILE);
	ck_assert_int_eq(at, 0);
	ck_assert_uint_ge(n, strlen(file));
	memcpy(buf, file, strlen(file));
	return (ssize_t)strlen(file);
}

ssize_t __wrap___pread_chk(int fd, void *buf, size_t n, off_t at, size_t max)
{
	ck_assert_uint_ge(max, n);
	return __wrap_pread(fd, buf, n, at);
}

void resolver_asked_note(struct resolver_asked *asked, const char *name,
			 bool refused, bool wake)
{
	(void)asked;
	(void)name;
	(void)refused;
	(void)wake;
}

static size_t put(unsigned char *message, const char *text, size_t size)
{
	memcpy(message, text, size);
	return size;
}
#define PUT(message, text) put(message, text, sizeof(text) - 1)

/* A question as the container has it, and its message. */
static size_t ask(struct resolver_question *q, unsigned char *message)
{
	size_t size = PUT(message, HEAD("\1\0", "\0") WRITTEN);

	ck_assert(resolver_judge_question(&judge, message, &size, q));
	return size;
}

START_TEST(case_of_letters)
{
	unsigned char message[256];
	struct resolver_question q;
	size_t size;

	file = "server 127.0.0.1\nname 00000001 b.example.org\nopen\nend\n";
	size = ask(&q, message);
	ck_assert_uint_eq(size, 12 + sizeof(LOWER) - 1);
	ck_assert_mem_eq(message + 12, LOWER, sizeof(LOWER) - 1);
	/* Who compares the answer with what he asked finds it. */
	size = PUT(message, HEAD("\x81\x80", "\1") LOWER RECORD);
	nsc_dns_set_id(message, q.id);
	ck_assert(resolver_judge_answer(&judge, &q, message, &size));
	ck_assert_mem_eq(message, HEAD("\x81\x80", "\1") WRITTEN RECORD, size);
	/* Of another name, or with another number, it is none. */
	size = PUT(message, HEAD("\x81\x80", "\1") "\1b" RECORD);
	nsc_dns_set_id(message, q.id);
	ck_assert(!resolver_judge_answer(&judge, &q, message, &size));
	size = PUT(message, HEAD("\x81\x80", "\1") LOWER RECORD);
	nsc_dns_set_id(message, q.id ^ 1);
	ck_assert(!resolver_judge_answer(&judge, &q, message, &size));
}
END_TEST

/* The last number of the server that is asked; -1: none. */
static int server(void)
{
	struct sockaddr_in to;
	socklen_t len = sizeof(to);
	int fd = resolver_judge_connect(&judge, SOCK_DGRAM);

	if (fd < 0)
		return -1;
	ck_assert_int_eq(getpeername(fd, (struct sockaddr *)&to, &len), 0);
	close(fd);
	return (int)(ntohl(to.sin_addr.s_addr) & 0xff);
}

START_TEST(turns)
{
	unsigned char message[256];
	struct resolver_question first, second, third;

	file = "server 127.0.0.1\nserver none\nserver 127.0.0.2\nopen\nend\n";
	judge.turn = 0;
	ask(&first, message);
	ask(&second, message);
	ck_assert_int_eq(server(), 1);
	/* Two that wait for the same one are one reason. */
	resolver_judge_next(&judge, &first);
	ck_assert_int_eq(server(), 2);
	resolver_judge_next(&judge, &second);
	ck_assert_int_eq(server(), 2);
	ask(&third, message);
	resolver_judge_next(&judge, &third);
	ck_assert_int_eq(server(), 1);
	file = "open\nend\n";
	ask(&first, message);
	ck_assert_int_eq(server(), -1);
	/* Half of a file. */
	file = "server 127.0.0.1\nopen\n";
	ck_assert(!resolver_judge_question(&judge, message,
					   &(size_t){ sizeof(HEAD("\1\0", "\0")
							     LOWER) - 1 },
					   &first));
}
END_TEST

/* The lines of a file that say more than a name. */
START_TEST(lines)
{
	ck_assert(nsc_names_line("open\nend\n", NSC_NAMES_OPEN));
	ck_assert(nsc_names_line("server x\nopen\nend\n", NSC_NAMES_OPEN));
	ck_assert(!nsc_names_line("server open\nend\n", NSC_NAMES_OPEN));
	ck_assert(!nsc_names_line("name 1 open\nlog\nend\n", NSC_NAMES_OPEN));
	ck_assert(!nsc_names_line("", NSC_NAMES_LOG));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("resolver-judge");
	TCase *tcase = unit_case("judge");
	const TTest *const tests[] = { case_of_letters, turns, lines, NULL };

	unit_add(tcase, tests);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
