/* SPDX-License-Identifier: Apache-2.0 */
/* What reads recordings: lines, sequences of terminals, and the screen. */
#include "unit.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "record/cast_read.h"
#include "record/harmless.h"
#include "record/screen.h"

static char out[NSC_HARMLESS_MAX(4096)];

static const char *harmless(const char *text)
{
	struct nsc_vt vt = { 0 };

	out[nsc_harmless(&vt, text, strlen(text), out)] = '\0';
	return out;
}

/* Each is what it becomes; NULL: nothing. */
START_TEST(what_is_shown_passes)
{
	static const char *const list[] = {
		"text\r\n\tcaf\303\251 \342\202\254 \360\237\230\200\b",
		"\033[1;38;5;196mred\033[0m", "\033[38:2::1:2:3m", "\033[2J",
		"\033[10;20H\033[K\033[3A\033[2L\033[4P\033[1;24r",
		"\0337\0338",
		"\033M\033D", "\033(0qqq\033(B", "\016\017", "\033[?1049h",
		"\033[?25l", "\033[4h", "\033[S", "\033[3T",
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++)
		ck_assert_str_eq(harmless(list[i]), list[i]);
}
END_TEST

START_TEST(what_is_answered_does_not)
{
	static const char *const list[] = {
		"\033[6n", "\033[5n", "\033[?6n", "\033[c", "\033[>c",
		"\033[=c", "\033[0c", "\033Z", "\005", "\033[21t", "\033[x",
		"\033[?1$p", "\033[4$p", "\033[>q", "\033[?u", "\033[>1u",
		"\033[?1;1;0S", "\033P$qm\033\\", "\033P+q544e\033\\",
		"\033]52;c;?\007", "\033]4;1;?\033\\", "\033]0;title\007",
		"\033]10;?\033\\", "\033_Ga=q\033\\", "\033^x\033\\",
		"\033Xx\033\\", "\033[?1000h", "\033[?1003;1006h",
		"\033[?1004h", "\033[?2004h", "\033[?1h", "\033=",
		"\033[20h", "\033[2h", "\033[5i", "\033[?69h", "\033[1;2s",
		"\033[1;1;1;1;1T", "\033[>4;2m", "\302\2336n", "\033[6\007n",
		"\033[>0q", "\033]52;c;x\302\234", "\033[ q", "\033#8",
		"\033[!p", "\033%G", "\033n", "\033[1\"q", "\033[6 n",
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++) {
		harmless(list[i]);
		ck_assert_msg(!strchr(out, '\033') && !strchr(out, '\005'),
			      "%zu: %s", i, out + 1);
	}
	ck_assert_str_eq(harmless("\033[?25;1003;1049h"),
			 "\033[?25h\033[?1049h");
	/* What a string swallows ends with it. */
	ck_assert_str_eq(harmless("a\033]0;x\033\\b\033]0;y\007c"), "abc");
	ck_assert_str_eq(harmless("a\033]0;x\033[1mb"), "a\033[1mb");
	ck_assert_str_eq(harmless("\033[1\030m\377\355\240\200"),
			 "m\357\277\275\357\277\275\357\277\275\357\277\275");
}
END_TEST

START_TEST(sequences_go_on)
{
	static const char text[] = "x\033[6n\033]52;c;abc\033\\\033[1;31my";
	struct nsc_vt vt = { 0 };
	size_t n = 0;

	for (size_t i = 0; text[i]; i++)
		n += nsc_harmless(&vt, text + i, 1, out + n);
	out[n] = '\0';
	ck_assert_str_eq(out, "x\033[1;31my");
}
END_TEST

START_TEST(a_line_has_no_sequences)
{
	static const struct { const char *text, *line; } list[] = {
		{ "plain ~", "plain ~" },
		{ "caf\303\251 \342\202\254 \302\240 \360\237\230\200",
		  "caf\303\251 \342\202\254 \302\240 \360\237\230\200" },
		{ "\033[6n\037\177", "\\x1b[6n\\x1f\\x7f" },
		{ "a\nb\r\tc", "a\\x0ab\\x0d\\x09c" },
		{ "\302\2336n\302\200\302\237",
		  "\\xc2\\x9b6n\\xc2\\x80\\xc2\\x9f" },
		{ "\2336n\303(\355\240\200\342\202",
		  "\\x9b6n\\xc3(\\xed\\xa0\\x80\\xe2\\x82" },
		{ "", "" },
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++) {
		out[nsc_harmless_line(list[i].text, strlen(list[i].text),
				      out)] = '\0';
		ck_assert_str_eq(out, list[i].line);
	}
	/* What is behind its end is not looked at. */
	ck_assert_uint_eq(nsc_harmless_line("\342\202\254", 2, out), 8);
}
END_TEST

/* --- the screen */

static char found[4096];

static void add(void *arg, int64_t at, const char *line)
{
	size_t n = strlen(found);

	snprintf(found + n, sizeof(found) - n, "%s%lld:%s", arg ? "" : "|",
		 (long long)at, line);
}

/* Each of texts is an event; the screen has 20 columns and 5 lines. */
static const char *search(const char *text, const char *const *events)
{
	const struct nsc_screen_search how = { text, add, NULL };
	struct nsc_screen *s = nsc_screen_new(20, 5, &how);

	ck_assert_ptr_nonnull(s);
	found[0] = '\0';
	for (int i = 0; events[i]; i++)
		nsc_screen_show(s, i, events[i], strlen(events[i]));
	nsc_screen_end(s);
	nsc_screen_free(s);
	return found;
}
#define EVENTS(...) ((const char *const[]){ __VA_ARGS__, NULL })

START_TEST(lines_are_found)
{
	static const struct {
		const char *text, *events[8], *found;
	} list[] = {
		{ "ls -la", { "$ sl", "\b\b", "ls -la\r\n", "x" },
		  "|2:$ ls -la" },
		{ "secret", { "$ secret", "\b \b\b \b\b \b\b \b\b \b\b \b" },
		  "|0:$ secret" },
		{ "gone", { "gone\rover" }, "|0:gone" },
		{ "gone", { "gone\033[2K" }, "|0:gone" },
		{ "gone", { "gone\033[1K" }, "|0:gone" },
		{ "gone", { "gone\033[2J" }, "|0:gone" },
		{ "gone", { "gone\033c" }, "|0:gone" },
		{ "axxb", { "ab\033[D\033[2@xx" }, "|0:axxb" },
		{ "ac", { "abc\033[2G\033[P" }, "|0:ac" },
		{ "12345678901234567890abc",
		  { "12345678901234567890abc\r\n" },
		  "|0:12345678901234567890abc" },
		{ "first", { "first\n1\n2\n3\n4\n5\n6\n7" }, "|0:first" },
		{ "other", { "\033[?1049hother\033[?1049l" }, "|0:other" },
		{ "a b", { "a\033[3Gb" }, "|0:a b" },
		{ "a b", { "b\r\033[2@a" }, "|0:a b" },
		{ "\303\251", { "caf\303\251" }, "|0:caf\303\251" },
		{ "none", { "no", "ne\r\n", "none-such" },
		  "|1:none|2:none-such" },
		{ "x", { "x\r\n", "x\r\n" }, "|0:x|1:x" },
		{ "absent", { "present" }, "" },
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++)
		ck_assert_str_eq(search(list[i].text, list[i].events),
				 list[i].found);
}
END_TEST

START_TEST(long_lines_are_told_once)
{
	const struct nsc_screen_search how = { "", add, NULL };
	struct nsc_screen *s = nsc_screen_new(20, 5, &how);
	char line[501];

	memset(line, 'x', 500);
	line[500] = '\0';
	found[0] = '\0';
	for (int i = 0; i < 500; i++)
		nsc_screen_show(s, i, line + i, 1);
	nsc_screen_show(s, 500, "\r\nend\r\n", 7);
	nsc_screen_end(s);
	nsc_screen_free(s);
	ck_assert_int_eq(strncmp(found, "|0:xxx", 6), 0);
	ck_assert_str_eq(found + 3 + 500, "|500:end");
}
END_TEST

START_TEST(sizes_change)
{
	const struct nsc_screen_search how = { "", add, NULL };
	struct nsc_screen *s = nsc_screen_new(INT64_MAX, -5, &how);

	found[0] = '\0';
	nsc_screen_show(s, 0, "a\r\nb", 4);
	ck_assert_int_eq(nsc_screen_resize(s, 1, 99999999), 0);
	nsc_screen_show(s, 1, "\033[9999;9999Hc\033[9999S", 20);
	ck_assert_int_eq(nsc_screen_resize(s, 10, 2), 0);
	nsc_screen_show(s, 2, "\r\nd", 3);
	nsc_screen_end(s);
	nsc_screen_free(s);
	ck_assert_ptr_nonnull(strstr(found, "|0:a"));
	ck_assert_msg(strstr(found, "d"), "%s", found);
}
END_TEST

/* --- lines of a file */

START_TEST(events_are_parsed)
{
	static const char *const wrong[] = {
		"", "[", "[]", "[1]", "[1.0, \"o\"]", "[1.0, \"o\", \"x]",
		"[1.0, \"oo\", \"x\"]", "[-1, \"o\", \"x\"]",
		"[99999999999999999999, \"o\", \"x\"]", "{\"a\": 1}",
		"[1.0, \"o\", \"\\ud800\"]", "[1.0, \"o\", \"\\u12\"]",
		"[1.0, \"o\", \"\\x\"]", "[1.0, \"o\", \"\\\"]",
	};
	char good[] = "[12.345678, \"o\", \"a\\u001b\\\"\\\\\\u00e9\\n\"]";
	struct nsc_cast_event e;
	char line[64];

	ck_assert_int_eq(nsc_cast_parse_event(good, &e), 0);
	ck_assert_int_eq(e.us, 12345678);
	ck_assert_int_eq(e.type, 'o');
	ck_assert_int_eq((int)e.len, 7);
	ck_assert_mem_eq(e.text, "a\033\"\\\303\251\n", 7);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		strcpy(line, wrong[i]);
		ck_assert_msg(nsc_cast_parse_event(line, &e) == -EBADMSG, "%s",
			      wrong[i]);
	}
}
END_TEST

/* Each byte of a message may become six. */
START_TEST(the_longest_event_is_a_line)
{
	static char data[NSC_RECORDER_DATA];
	static char event[NSC_CAST_EVENT_MAX(sizeof(data))];
	static struct nsc_cast_lines lines;
	const struct nsc_cast_text text = { 'o', data, sizeof(data) };
	struct nsc_cast_rest rest = { "", 0 };
	size_t n = nsc_cast_event(1, &text, &rest, event);
	int fd = memfd_create("events", MFD_CLOEXEC);
	struct nsc_cast_event e;
	char *line;

	ck_assert_uint_gt(n, 6 * sizeof(data));
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(write(fd, event, n), (ssize_t)n);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	lines = (struct nsc_cast_lines){ .fd = fd };
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(nsc_cast_line(&lines, &line), 1);
		ck_assert_int_eq(nsc_cast_parse_event(line, &e), 0);
		ck_assert_uint_eq(e.len, sizeof(data));
	}
	ck_assert_int_eq(nsc_cast_line(&lines, &line), 0);
	close(fd);
}
END_TEST

/* Each byte, at each place of the eight that are looked at together. */
START_TEST(each_byte_is_escaped)
{
	for (unsigned int byte = 1; byte < 256; byte++)
		for (size_t at = 0; at < 18; at++) {
			struct nsc_cast_rest rest = { "", 0 };
			char data[] = "every byte is at .", line[256];
			const struct nsc_cast_text text = { 'o', data, 18 };
			struct nsc_cast_event e;
			size_t n;

			data[at] = (char)byte;
			n = nsc_cast_event(1, &text, &rest, line);
			for (size_t i = 0; i + 1 < n; i++)
				ck_assert((line[i] >= 0x20 && line[i] < 0x7f) ||
					  byte >= 0x80);
			line[n - 1] = '\0';
			if (byte >= 0x80 && at < 17)
				ck_assert_ptr_nonnull(strstr(line, "\\ufffd"));
			ck_assert_int_eq(nsc_cast_parse_event(line, &e), 0);
			if (byte < 0x80)
				ck_assert_mem_eq(e.text, data, 18);
		}
}
END_TEST

START_TEST(headers_are_parsed)
{
	static const struct winsize size = { .ws_col = 80, .ws_row = 24 };
	struct session s = { .pid = 7, .service = "sshd", .rhost = "\"\\x" };
	char line[NSC_CAST_HEADER_MAX], broken[] = "{\"timestamp\": 1, \"a";
	struct nsc_cast_info info;

	strcpy(s.user, "alice");
	line[nsc_cast_header(&s, &size, 1000, line) - 1] = '\0';
	ck_assert_int_eq(nsc_cast_parse_header(line, &info), 0);
	ck_assert_int_eq(info.timestamp, 1000);
	ck_assert_int_eq(info.ended, 0);
	ck_assert_int_eq(info.width, 80);
	ck_assert_int_eq(info.pid, 7);
	ck_assert_str_eq(info.user, "alice");
	ck_assert_str_eq(info.rhost, "\"\\x");
	ck_assert_str_eq(info.previous, NSC_CAST_NO_ID);
	ck_assert_int_eq(nsc_cast_parse_header(broken, &info), -EBADMSG);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		what_is_shown_passes, what_is_answered_does_not,
		sequences_go_on, a_line_has_no_sequences,
		lines_are_found, long_lines_are_told_once,
		sizes_change, events_are_parsed, the_longest_event_is_a_line,
		each_byte_is_escaped,
		headers_are_parsed, NULL,
	};
	Suite *suite = suite_create("record");
	TCase *tc = tcase_create("record");

	unit_add(tc, tests);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
