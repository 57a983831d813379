/* SPDX-License-Identifier: Apache-2.0 */
/* lib/base: error, text, file, process. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/hash.h"
#include "util/library.h"
#include "util/memory.h"
#include "util/process.h"
#include "util/text.h"

START_TEST(error_chains_context)
{
	struct nsc_error err = NSC_ERROR_INIT;

	ck_assert_int_eq(nsc_error_sys(&err, EPERM, "mount '%s'", "proc"),
			 -EPERM);
	ck_assert_str_eq(err.text, "mount 'proc': Operation not permitted");
	ck_assert_int_eq(nsc_error_context(&err, "create '%s'", "alice"),
			 -EPERM);
	ck_assert_str_eq(err.text, "create 'alice': mount 'proc': "
			 "Operation not permitted");
	ck_assert_int_eq(nsc_error_set(NSC_IGNORE, EIO, "nobody looks"), -EIO);
}
END_TEST

START_TEST(bytes_have_units)
{
	static const struct {
		const char *text;
		long long bytes;
	} cases[] = {
		{ "0", 0 }, { "1", 1 }, { "1K", 1024 }, { "64m", 64 << 20 },
		{ "2G", 2LL << 30 }, { "3t", 3LL << 40 },
		{ "9223372036854775807", LLONG_MAX },
		{ "8388607T", 8388607LL << 40 },
		{ "", -1 }, { "K", -1 }, { "1KB", -1 }, { "1P", -1 },
		{ "-1K", -1 }, { "+1", -1 }, { " 1", -1 }, { "1 K", -1 },
		{ "1.5G", -1 }, { "0x1", -1 }, { "9223372036854775808", -1 },
		{ "8388608T", -1 }, { "99999999999999999999999999", -1 },
	};

	for (size_t i = 0; i < NSC_ARRAY_SIZE(cases); i++) {
		long long bytes = -1;

		ck_assert_msg((nsc_text_bytes(cases[i].text, &bytes) == 0) ==
			      (cases[i].bytes >= 0), "'%s'", cases[i].text);
		ck_assert_int_eq(bytes, cases[i].bytes);
	}
	ck_assert_int_lt(nsc_text_bytes(NULL, NULL), 0);
}
END_TEST

START_TEST(error_is_bounded)
{
	struct nsc_error err = NSC_ERROR_INIT;
	char text[2000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	nsc_error_set(&err, EIO, "%s", text);
	ck_assert_uint_eq(strlen(err.text), sizeof(err.text) - 1);
	nsc_error_context(&err, "%s", text);
	ck_assert_uint_eq(strlen(err.text), sizeof(err.text) - 1);
}
END_TEST

/* Errors from a compromised process; each sender is treated as one. */
START_TEST(errors_from_others)
{
	struct nsc_error sent = { EACCES, "no" }, err = NSC_ERROR_INIT;
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	nsc_error_send(fds[1], &sent);
	ck_assert_int_eq(nsc_error_receive(fds[0], &err), -EACCES);
	ck_assert_str_eq(err.text, "no");
	nsc_error_send(fds[1], NSC_IGNORE);
	ck_assert_int_eq(nsc_error_receive(fds[0], &err), 0);
	/* A text without a NUL. */
	memset(sent.text, 'x', sizeof(sent.text));
	nsc_error_send(fds[1], &sent);
	ck_assert_int_eq(nsc_error_receive(fds[0], &err), -EACCES);
	ck_assert_uint_eq(strlen(err.text), sizeof(err.text) - 1);
	/* A code whose negative would mean success. */
	for (int i = 0; i < 3; i++) {
		sent.code = (const int[]){ -EPERM, INT_MIN, 4096 }[i];
		nsc_error_send(fds[1], &sent);
		ck_assert_int_eq(nsc_error_receive(fds[0], &err), -EPROTO);
		ck_assert_int_eq(err.code, EPROTO);
		ck_assert_str_eq(err.text, "another process of nscontainer "
				 "sent a damaged error");
	}
	ck_assert_int_eq(write(fds[1], &sent, 100), 100);
	ck_assert_int_eq(nsc_error_receive(fds[0], &err), -EPROTO);
	ck_assert_str_eq(err.text, "another process of nscontainer sent a "
			 "part of an error");
	close(fds[1]);
	ck_assert_int_eq(nsc_error_receive(fds[0], &err), 1);
	close(fds[0]);
}
END_TEST

START_TEST(names)
{
	static const char long_name[] =
		"012345678901234567890123456789012345678901234567890123456789"
		"012345678901234567890123456789012345678901234567890123456789"
		"012345678901234567890123456789012345678901234567890123456789"
		"0123456789012";
	static const char *const good[] = { "alice", "a", "1000", "a.b-c_d",
		"x@y", "DOM\\bob", "m$", "a b", "\xc3\xa4", "a%u", "o'neil",
		"\xe6\x97\xa5\xe6\x9c\xac", "\xf0\x9f\x99\x82",
		&long_name[1] };
	static const char *const bad[] = { "", ".", "..", "../x", "a/b", "-a",
		" a", "a ", "a\nb", "a\tb", "a\x7f" "b", "a:b", "a,b", "a\"b",
		/* not UTF-8, longer than necessary, half of a pair */
		"\xe4", "a\xc3", "\xc0\xaf", "\xc1\x81", "\xe0\x80\xaf",
		"\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80",
		/* CSI, line separator, right to left, zero width, BOM */
		"a\xc2\x9b" "b", "a\xe2\x80\xa8", "a\xe2\x80\xae" "b",
		"a\xe2\x80\x8b" "b", "\xef\xbb\xbf" "a", long_name };
	static const struct {
		const char *from, *to;
	} escaped[] = {
		{ "\\xc3\\xa4b", "\xc3\xa4" "b" },
		{ "DOM\\xavier", "DOM\\xavier" },
		{ "DOM\\xab", "DOM\\xab" },
		{ "\\x41", "\\x41" },
		{ "\\xe6\\x97", "\\xe6\\x97" },
		{ "\\xe6\\x97\\xa5\\xe6", "\xe6\x97\xa5\\xe6" },
		{ "\\x", "\\x" },
	};

	for (size_t i = 0; i < NSC_ARRAY_SIZE(good); i++)
		ck_assert_msg(nsc_text_name_valid(good[i]), "%s", good[i]);
	for (size_t i = 0; i < NSC_ARRAY_SIZE(bad); i++)
		ck_assert_msg(!nsc_text_name_valid(bad[i]), "%s", bad[i]);
	ck_assert(!nsc_text_name_valid(NULL));
	for (size_t i = 0; i < NSC_ARRAY_SIZE(escaped); i++) {
		char text[64];

		strcpy(text, escaped[i].from);
		nsc_text_unescape(text);
		ck_assert_str_eq(text, escaped[i].to);
	}
	ck_assert(nsc_text_word_valid("DOM\\bob.x"));
	ck_assert(!nsc_text_word_valid("a b"));
	ck_assert(!nsc_text_word_valid("\xc3\xa4"));
}
END_TEST

/* Each character, and each beginning of it. */
START_TEST(characters)
{
	static const char *const wrong[] = {
		"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc3(", "\xe2\x82(",
		"\xe0\x9f\xbf", "\xe0\x9f", "\xed\xa0\x80", "\xed\xbf",
		"\xf0\x8f\xbf\xbf", "\xf0\x8f", "\xf4\x90\x80\x80",
		"\xf4\x90", "\xf5\x80\x80\x80", "\xff",
	};
	static const unsigned int first[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	uint32_t c, bad = 0;

	for (uint32_t i = 0; i <= 0x10ffff; i += i == 0xd7ff ? 0x801 : 1) {
		int n = i < 0x80 ? 1 : i < 0x800 ? 2 : i < 0x10000 ? 3 : 4;
		unsigned char p[4];
		uint32_t rest = i;

		for (int k = n; --k; rest >>= 6)
			p[k] = 0x80 | (rest & 0x3f);
		p[0] = (unsigned char)(first[n] | rest);
		for (int k = 1; k < n; k++)
			bad += nsc_text_decode(p, (size_t)k, &c) != -1;
		bad += nsc_text_decode(p, (size_t)n, &c) != n || c != i;
	}
	ck_assert_uint_eq(bad, 0);
	for (size_t i = 0; i < NSC_ARRAY_SIZE(wrong); i++)
		ck_assert_int_eq(nsc_text_decode((const void *)wrong[i],
						 strlen(wrong[i]), &c), 0);
}
END_TEST

START_TEST(numbers)
{
	static const char *const bad[] = { "", " 1", "1 ", "+1", "0x1", "1k",
		"99999999999999999999", "-" };
	long long value = 42;

	ck_assert_int_eq(nsc_text_number("17", 0, 17, &value), 0);
	ck_assert_int_eq(value, 17);
	ck_assert_int_eq(nsc_text_number("18", 0, 17, &value), -ERANGE);
	for (size_t i = 0; i < NSC_ARRAY_SIZE(bad); i++)
		ck_assert_int_eq(nsc_text_number(bad[i], -9, 9, &value),
				 -EINVAL);
	ck_assert_int_eq(value, 17);
}
END_TEST

START_TEST(escapes)
{
	char buf[32], small[6];

	ck_assert_str_eq(nsc_text_escape("a\033[1m\n\\", buf, sizeof(buf)),
			 "a\\x1b[1m\\x0a\\");
	ck_assert_str_eq(nsc_text_escape("ab\n", small, sizeof(small)), "ab");
	ck_assert_str_eq(nsc_text_escape(NULL, buf, sizeof(buf)), "");
}
END_TEST

START_TEST(directories_are_checked)
{
	struct nsc_error err = NSC_ERROR_INIT;
	char dir[64], path[128];
	int fd;

	unit_make_dir(dir);
	snprintf(path, sizeof(path), "%s/a/b", dir);
	fd = nsc_file_make_dir(path, 0750, &err);
	ck_assert_msg(fd >= 0, "%s", err.text);
	close(fd);
	ck_assert_int_eq(nsc_file_open_dir("relative", &err), -EINVAL);
	strcat(path, "/../b");
	ck_assert_int_eq(nsc_file_open_dir(path, &err), -EINVAL);
	snprintf(path, sizeof(path), "%s/none/x", dir);
	ck_assert_int_eq(nsc_file_open_dir(path, &err), -ENOENT);
	snprintf(path, sizeof(path), "%s/a", dir);
	ck_assert_int_eq(chmod(path, 0775), 0);
	ck_assert_int_eq(nsc_file_open_dir(path, &err), -EPERM);
	ck_assert_ptr_nonnull(strstr(err.text, "is writable by others (mode "
				     "0775): remove that with chmod go-w"));
	ck_assert_int_eq(chmod(path, 0755), 0);
	ck_assert_int_eq(chown(path, 65534, 0), 0);
	ck_assert_int_eq(nsc_file_open_dir(path, &err), -EPERM);
	ck_assert_ptr_nonnull(strstr(err.text, "must be owned by root"));
	snprintf(path, sizeof(path), "%s/link", dir);
	ck_assert_int_eq(symlink("/etc", path), 0);
	ck_assert_int_eq(nsc_file_open_dir(path, &err), -ENOTDIR);
	unit_remove_dir(dir);
}
END_TEST

START_TEST(files_are_checked)
{
	struct nsc_error err = NSC_ERROR_INIT;
	char dir[64], path[128];
	char *text = NULL;
	size_t len;
	int dirfd, fd;

	dirfd = nsc_file_open_dir(unit_make_dir(dir), &err);
	ck_assert_msg(dirfd >= 0, "%s", err.text);
	unit_write(dir, "good", "text", 0644);
	fd = nsc_file_open_at(dirfd, dir, "good", &err);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(nsc_file_read(fd, "good", 4, &text, &len, &err), 0);
	ck_assert_str_eq(text, "text");
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	ck_assert_int_eq(nsc_file_read(fd, "good", 3, &text, &len, &err),
			 -EFBIG);
	close(fd);
	free(text);
	unit_write(dir, "open", "", 0646);
	ck_assert_int_eq(nsc_file_open_at(dirfd, dir, "open", &err), -EPERM);
	ck_assert_int_eq(nsc_file_open_at(dirfd, dir, "none", &err), -ENOENT);
	snprintf(path, sizeof(path), "%s/good", dir);
	fd = nsc_file_open(path, &err);
	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(nsc_file_open(path + 1, &err), -EINVAL);
	ck_assert_int_eq(nsc_file_open("good", &err), -EINVAL);
	snprintf(path, sizeof(path), "%s/fifo", dir);
	ck_assert_int_eq(mkfifo(path, 0644), 0);
	ck_assert_int_eq(nsc_file_open_at(dirfd, dir, "fifo", &err), -EINVAL);
	snprintf(path, sizeof(path), "%s/link", dir);
	ck_assert_int_eq(symlink("good", path), 0);
	ck_assert_int_eq(nsc_file_open_at(dirfd, dir, "link", &err), -ELOOP);
	close(dirfd);
	unit_remove_dir(dir);
}
END_TEST

START_TEST(files_are_written_whole)
{
	struct nsc_error err = NSC_ERROR_INIT;
	char dir[64], path[128];
	struct stat st;
	int dirfd = open(unit_make_dir(dir), O_RDONLY | O_DIRECTORY);

	umask(077);
	ck_assert_int_eq(nsc_file_write_at(dirfd, "x", "abc", 3, 0644, &err),
			 0);
	ck_assert_int_eq(fstatat(dirfd, "x", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0644);
	ck_assert_int_eq(st.st_size, 3);
	/* Leftovers of a crash are no obstacle. */
	unit_write(dir, ".x.new", "half", 0600);
	ck_assert_int_eq(nsc_file_write_at(dirfd, "x", "d", 1, 0644, &err), 0);
	ck_assert_int_ne(faccessat(dirfd, ".x.new", F_OK, 0), 0);
	snprintf(path, sizeof(path), "%s/deep/er", dir);
	close(nsc_file_make_dir(path, 0755, &err));
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0755);
	close(dirfd);
	unit_remove_dir(dir);
}
END_TEST

static volatile sig_atomic_t signals;

static void count(int number)
{
	(void)number;
	signals++;
}

START_TEST(children_are_invisible)
{
	int pidfd, status = -1;
	pid_t pid;

	signal(SIGCHLD, count);
	pid = nsc_process_fork(&pidfd);
	if (pid == 0)
		_exit(42);
	ck_assert_int_gt(pid, 0);
	usleep(50000);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
	ck_assert_int_eq(nsc_process_wait(pidfd, -1, &status), 0);
	ck_assert_int_eq(status, 42);
	ck_assert_int_eq(signals, 0);
	close(pidfd);
	signal(SIGCHLD, SIG_IGN);
	pid = nsc_process_fork(&pidfd);
	if (pid == 0)
		for (;;)
			pause();
	ck_assert_int_eq(nsc_process_wait(pidfd, nsc_process_now() + 20,
					  &status), -ETIMEDOUT);
	nsc_process_kill(pidfd);
	ck_assert_int_ne(kill(pid, 0), 0);
	close(pidfd);
}
END_TEST

static void answer(const void *arg, void *to)
{
	const char *what = arg;

	if (*what == 'd')
		_exit(1);
	while (*what == 's')
		pause();
	*(int *)to = 42;
}

START_TEST(children_answer)
{
	int to = 0;

	ck_assert_int_eq(nsc_process_ask(answer, "a", &to, sizeof(to), -1), 0);
	ck_assert_int_eq(to, 42);
	ck_assert_int_eq(nsc_process_ask(answer, "d", &to, sizeof(to), -1),
			 -ECHILD);
	ck_assert_int_eq(nsc_process_ask(answer, "s", &to, sizeof(to),
					 nsc_process_now() + 20), -ETIMEDOUT);
	ck_assert_int_eq(waitpid(-1, NULL, __WALL | WNOHANG), -1);
}
END_TEST

static void *idle(void *unused)
{
	pause();
	return unused;
}

START_TEST(threads_are_counted)
{
	pthread_t thread;

	ck_assert_int_eq(nsc_process_threads(), 1);
	ck_assert_int_eq(pthread_create(&thread, NULL, idle, NULL), 0);
	ck_assert_int_eq(nsc_process_threads(), 2);
}
END_TEST

START_TEST(hashes)
{
	const char text[] = "more than eight bytes";
	const unsigned char zeros[20] = { 0 };
	uint64_t hash = NSC_HASH_INIT, other = 0, seen[20 * 9];
	size_t n = 0;
	char dir[64], path[128];
	int fd;

	/* Each bit and the length count, also if all bytes are zero. */
	for (size_t i = 0; i < sizeof(zeros); i++) {
		for (size_t j = 0; j < 8; j++) {
			unsigned char bits[sizeof(zeros)] = { 0 };

			bits[i] = (unsigned char)(1 << j);
			seen[n++] = nsc_hash_add(hash, bits, sizeof(bits));
		}
		seen[n++] = nsc_hash_add(hash, zeros, i);
	}
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < i; j++)
			ck_assert_uint_ne(seen[i], seen[j]);
	hash = nsc_hash_add(hash, text, sizeof(text) - 1);
	/* The boundary between two texts counts. */
	ck_assert_uint_ne(nsc_hash_add_text(nsc_hash_add_text(1, "a"), "bc"),
			  nsc_hash_add_text(nsc_hash_add_text(1, "ab"), "c"));
	ck_assert_uint_ne(nsc_hash_add_text(1, NULL),
			  nsc_hash_add_text(1, ""));
	unit_make_dir(dir);
	unit_write(dir, "file", text, 0644);
	snprintf(path, sizeof(path), "%s/file", dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(nsc_hash_file(fd, &other), 0);
	ck_assert_uint_eq(other, hash);
	close(fd);
	ck_assert_int_eq(nsc_hash_file(-1, &other), -EBADF);
	unit_remove_dir(dir);
}
END_TEST

START_TEST(nobody_need_reap)
{
	int status;
	pid_t pid;

	signal(SIGCHLD, SIG_IGN);
	pid = nsc_process_fork_unwatched();
	if (pid == 0)
		_exit(0);
	ck_assert_int_gt(pid, 0);
	/* It still waits for the end. */
	ck_assert_int_eq(waitpid(pid, &status, 0), -1);
	ck_assert_int_eq(errno, ECHILD);
	ck_assert_int_eq(kill(pid, 0), -1);
}
END_TEST

#define DEEP 40000

static void __attribute__((noinline)) go_deep(uintptr_t *ret)
{
	volatile char stack[DEEP];

	for (size_t i = 0; i < sizeof(stack); i++)
		stack[i] = 1;
	*ret = (uintptr_t)stack;
}

static size_t pages_at(uintptr_t from, size_t size)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	unsigned char there[DEEP / 4096 + 2];
	size_t n = 0;

	from &= ~(page - 1);
	ck_assert_int_eq(mincore((void *)from, size, there), 0);
	for (size_t i = 0; i < (size + page - 1) / page; i++)
		n += there[i] & 1;
	return n;
}

START_TEST(memory_is_given_back)
{
	size_t half = DEEP / 2;
	volatile char here[8192];
	uintptr_t stack;

	go_deep(&stack);
	for (size_t i = 0; i < sizeof(here); i++)
		here[i] = (char)i;
	ck_assert_uint_gt(pages_at(stack, half), 0);
	nsc_memory_trim();
	ck_assert_uint_eq(pages_at(stack, half), 0);
	for (size_t i = 0; i < sizeof(here); i++)
		ck_assert_int_eq(here[i], (char)i);
}
END_TEST

#define FUNCTIONS(_) _(pthread_self)
#define WRONG(_) _(pthread_self) _(nowhere)
void nowhere(void);
NSC_LIBRARY(libc, "libc.so.6", FUNCTIONS);
NSC_LIBRARY(lacks, "libc.so.6", WRONG);
NSC_LIBRARY(missing, "libnowhere.so.1", FUNCTIONS);

START_TEST(libraries_are_loaded)
{
	struct nsc_error err = NSC_ERROR_INIT;

	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(nsc_library_load(&libc_library, &err), 0);
	ck_assert(libc.pthread_self() == pthread_self());
	ck_assert_int_lt(nsc_library_load(&missing_library, &err), 0);
	ck_assert_str_eq(err.text, "libnowhere.so.1 is needed and cannot be "
			 "loaded: libnowhere.so.1: cannot open shared object "
			 "file: No such file or directory: install it");
	ck_assert_int_lt(nsc_library_load(&lacks_library, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "nowhere"));
}
END_TEST

START_TEST(nothing_is_loaded_too_late)
{
	struct nsc_error err = NSC_ERROR_INIT;

	nsc_library_stop();
	ck_assert_int_lt(nsc_library_load(&libc_library, &err), 0);
	ck_assert_str_eq(err.text, "libc.so.6 is needed, but can no "
			 "longer be loaded");
	ck_assert_ptr_null(libc.pthread_self);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		hashes, error_chains_context, bytes_have_units,
		error_is_bounded, errors_from_others, names, characters,
		numbers, escapes, files_are_checked, files_are_written_whole,
		children_are_invisible, children_answer,
		threads_are_counted, nobody_need_reap, memory_is_given_back,
		libraries_are_loaded, nothing_is_loaded_too_late, NULL,
	};
	const TTest *const root[] = {
		directories_are_checked, NULL,
	};

	Suite *suite = suite_create("base");
	TCase *tcase = unit_case("base");

	unit_add(tcase, tests);
	unit_add_root(tcase, root);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
