/* SPDX-License-Identifier: Apache-2.0 */
/* lib/record/transfer.c: what sftp says of files, however long their names. */
#include "unit.h"

#include <limits.h>

#include "record/transfer.h"

enum { INIT = 1, VERSION, OPEN, CLOSE, WRITE = 6, REMOVE = 13, RENAME = 18,
       STATUS = 101, HANDLE, EXTENDED = 200 };

static struct nsc_transfer *transfer;
static char notes[8 * PATH_MAX], text[256];

static int take_text(void *arg, int direction, const char *data, size_t len)
{
	size_t n = strlen(text);

	(void)arg;
	(void)direction;
	snprintf(text + n, sizeof(text) - n, "%.*s", (int)len, data);
	return 0;
}

static int take_note(void *arg, const char *note)
{
	size_t n = strlen(notes);

	(void)arg;
	snprintf(notes + n, sizeof(notes) - n, "%s\n", note);
	return 0;
}

/* --- packets */

static char packet[4 * PATH_MAX];
static size_t len;

static void put_number(uint32_t n)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		packet[len++] = (char)(n >> shift);
}

static void put_string(const char *s)
{
	put_number((uint32_t)strlen(s));
	memcpy(packet + len, s, strlen(s));
	len += strlen(s);
}

static void begin(int type, uint32_t id)
{
	len = 4;
	packet[len++] = (char)type;
	put_number(id);
}

static void feed(int direction)
{
	size_t whole = len;

	len = 0;
	put_number((uint32_t)whole - 4);
	ck_assert_int_eq(nsc_transfer_feed(transfer, direction, packet, whole),
			 0);
}

static const char *name_of(size_t n)
{
	static char name[4 * PATH_MAX];

	memset(name, 'n', n);
	name[0] = '/';
	name[n - 1] = 'z';
	name[n] = '\0';
	return name;
}

static void open_file(const char *name)
{
	begin(OPEN, 7);
	put_string(name);
	put_number(2);
	put_number(0);
	feed(TRANSFER_IN);
	begin(HANDLE, 7);
	put_string("handle");
	feed(TRANSFER_OUT);
	begin(WRITE, 8);
	put_string("handle");
	put_number(0);
	put_number(0);
	put_string("content");
	feed(TRANSFER_IN);
}

static void prepare(void)
{
	transfer = calloc(1, sizeof(*transfer));
	ck_assert_ptr_nonnull(transfer);
	transfer->sink = (struct nsc_transfer_sink){
		take_text, take_note, NULL,
	};
	notes[0] = text[0] = '\0';
	begin(INIT, 3);
	feed(TRANSFER_IN);
	begin(VERSION, 3);
	feed(TRANSFER_OUT);
}

static void clean(void)
{
	nsc_transfer_end(transfer);
	free(transfer);
}

/* --- tests */

/* The longest name that a system call takes. */
START_TEST(long_names_are_whole)
{
	const char *name = name_of(PATH_MAX - 1);
	static char wanted[8 * PATH_MAX];

	open_file(name);
	begin(CLOSE, 9);
	put_string("handle");
	feed(TRANSFER_IN);
	begin(REMOVE, 10);
	put_string(name);
	feed(TRANSFER_IN);
	begin(EXTENDED, 11);
	put_string("posix-rename@openssh.com");
	put_string(name);
	put_string(name);
	feed(TRANSFER_IN);
	snprintf(wanted, sizeof(wanted), "sftp: %s: read 0 bytes, wrote 7 "
		 "bytes\nsftp: remove %s\nsftp: posix-rename@openssh.com "
		 "%s %s\n", name, name, name, name);
	ck_assert_str_eq(notes, wanted);
	ck_assert_str_eq(text, "");
}
END_TEST

/* What is longer is no name; its beginning and its length say what it was. */
START_TEST(what_is_no_name_has_its_length)
{
	static const size_t sizes[] = { PATH_MAX, 3 * PATH_MAX };
	char length[32];

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		notes[0] = '\0';
		begin(RENAME, 7);
		put_string(name_of(sizes[i]));
		put_string("other");
		feed(TRANSFER_IN);
		snprintf(length, sizeof(length), "... (%zu bytes) ", sizes[i]);
		ck_assert_int_eq(strncmp(notes, "sftp: rename /nnnn", 18), 0);
		ck_assert_msg(strstr(notes, length), "%s", notes);
		/* What no server reads either is not read. */
		ck_assert_msg(sizes[i] > PATH_MAX ||
			      strstr(notes, ") other\n"), "%s", notes);
	}
}
END_TEST

/* A file that is open when another program begins has been written, too. */
START_TEST(files_are_noted_before_text)
{
	open_file("/file");
	memset(packet, 0xff, 4);
	ck_assert_int_eq(nsc_transfer_feed(transfer, TRANSFER_IN, packet, 4),
			 0);
	ck_assert_str_eq(notes, "sftp: /file: read 0 bytes, wrote 7 bytes\n");
	ck_assert_str_eq(text, "\377\377\377\377");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		long_names_are_whole, what_is_no_name_has_its_length,
		files_are_noted_before_text, NULL,
	};
	Suite *suite = suite_create("transfer");
	TCase *tcase = tcase_create("transfer");

	tcase_add_checked_fixture(tcase, prepare, clean);
	unit_add(tcase, tests);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
