/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Targets for files that our programs write and read: in a run directory, in
 * /var/lib/nscontainer and in /var/log/nscontainer.  Root owns the files, but
 * parts of them come from users and their clients.  Code whose only public
 * function acts on the host is included as text.
 */
#include <ctype.h>
#include <assert.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define nsc_command_run fuzz_command_run
#define nsc_hooks_kv fuzz_hooks_kv
#define nsc_hooks_stop fuzz_hooks_stop
#define nsc_hooks_stop_timeout fuzz_hooks_stop_timeout
#define nsc_subid_find fuzz_subid_find
#define nsc_subid_check fuzz_subid_check
#define nscontainer_history fuzz_history
#define nscontainer_refusals fuzz_refusals
#include "../lib/rundir/hooks_stop.c"
#undef nsc_command_run
#include "../lib/container/subid.c"
#include "../lib/api/history.c"

#include "rundir/running.h"
#include "network/pool.h"
#include "rootfs/resolv.h"
#include "util/dns.h"
#include "record/cast_read.h"
#include "record/harmless.h"
#include "record/screen.h"
#include "record/transfer.h"
#include "rundir/session_file.h"
#include "cgroup/cgroup_tree.h"
#include "monitor/session_log_text.h"
#include "targets.h"

/* Make a directory for files of the target; all inputs use the same one. */
static int open_room(char path[64])
{
	static char room[64];

	if (!room[0]) {
		const char *where = access("/dev/shm", W_OK) == 0 ?
					    "/dev/shm" : "/tmp";

		snprintf(room, sizeof(room), "%s/nsc-fuzz.XXXXXX", where);
		assert(mkdtemp(room));
	}
	mkdir(room, 0700);
	strcpy(path, room);
	return open(room, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void close_room(int dir, const char *path)
{
	static const char *const names[] = {
		"4711", "addresses", "cgroup", "pid", "start",
	};

	for (size_t i = 0; i < NSC_ARRAY_SIZE(names); i++)
		unlinkat(dir, names[i], 0);
	close(dir);
	rmdir(path);
}

static void put(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
			0600);

	assert(fd >= 0 && write(fd, text, strlen(text)) ==
				  (ssize_t)strlen(text));
	close(fd);
}

/* The monitor's record of any session must be one printable line. */
static void session(int dir)
{
	static const struct session_end end = { 0, 1, { 2, 3, 4 } };
	char text[RECORD_MAX];
	struct session s;

	if (nsc_session_file_read(dir, 4711, &s, NSC_IGNORE) < 0)
		return;
	for (int kind = 0; kind < 3; kind++) {
		if (kind < 2)
			session_log_text_line(&s, kind ? &end : NULL, text);
		else
			session_log_text_audit(&s, &end, "/usr/sbin/x", text);
		for (const char *p = text; *p; p++)
			assert(*p >= ' ' && *p <= '~');
	}
}

/* The parts, divided by lines "%", are: cgroup, session, pid, start. */
void fuzz_rundir(char *text)
{
	static const char *const names[] = {
		"cgroup", "4711", "pid", "start",
	};
	struct nsc_cgroup_tree *tree = NULL;
	struct nsc_error err = NSC_ERROR_INIT;
	struct nsc_state state = { .pid = 1, .start = 1 };
	char room[64], path[4096];
	int dir = open_room(room);

	for (size_t i = 0; i < NSC_ARRAY_SIZE(names); i++) {
		char *rest = fuzz_cut(text);

		put(dir, names[i], text);
		text = rest;
	}
	if (nsc_cgroup_tree_load(dir, &tree) == 0) {
		assert(tree->n <= NSC_CGROUP_ENTRIES);
		fuzz_accepted += tree->n > 0;
		nsc_cgroup_tree_find(tree, "freezer");
		nsc_cgroup_tree_session(tree, 4711, path, sizeof(path));
	}
	free(tree);
	session(dir);
	/* The records are from another boot, so they must be refused. */
	assert(nsc_running_verify(dir, &state, &err) < 0);
	close_room(dir, room);
}

/* An address must be in the range, unique, and permanent. */
void fuzz_pool(char *text)
{
	struct nsc_pool_range range = { .net = { .family = 0 } };
	struct nsc_error err = NSC_ERROR_INIT;
	struct nsc_address one, again;
	char *file = fuzz_cut(text), *gateway = strchr(text, ' ');
	char room[64];
	int dir;

	if (gateway)
		*gateway++ = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (gateway)
		gateway[strcspn(gateway, "\n")] = '\0';
	/* In the form of nscontainer.conf. */
	if (nsc_address_parse(text, true, &range.net) < 0 ||
	    !nsc_address_is_network(&range.net))
		return;
	if (gateway)
		nsc_address_parse(gateway, false, &range.gateway);
	dir = open_room(room);
	put(dir, "addresses", file);
	if (nsc_pool_take_address(room, "alice", &range, &one, &err) == 0) {
		fuzz_accepted++;
		assert(nsc_address_covers(&range.net, &one));
		assert(nsc_pool_take_address(room, "alice", &range, &again,
					     &err) == 0 &&
		       nsc_address_equal(&one, &again));
	}
	close_room(dir, room);
}

/* Lines of /etc/subuid, or of the pool of ranges. */
void fuzz_ranges(char *text)
{
	char name_of_user[] = "alice";
	const struct nsc_user user = { .name = name_of_user, .uid = 1000 };
	const struct given given = find_in_pool(text, &user);
	const struct nsc_id_mapping map = { 0, 65536, 65536 };
	const struct ids ids = { .map = &map, .n = 1 };
	char *save = NULL;

	if (given.found)
		assert(!strncmp(text + given.at, "alice ", 6));
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		long long from, count;
		char *name;

		if (parse_line(line, &name, &from, &count)) {
			fuzz_accepted++;
			assert(name == line && from >= 0 && count >= 0);
			subid_overlap(&ids, (uint64_t)from, (uint64_t)count);
		}
	}
}

int nsc_command_run(const struct nsc_command *command, char *output,
		    size_t size);

int fuzz_command_run(const struct nsc_command *command, char *output,
		     size_t size)
{
	size_t sum = 0;

	assert(command->path == command->argv[0]);
	fuzz_accepted++;
	for (char *const *p = command->argv; *p; p++)
		sum += strlen(*p);
	for (char *const *p = command->envp; *p; p++)
		sum += strlen(*p);
	snprintf(output, size, "\033%zu\n", sum);
	return 0;
}

void fuzz_hooks(char *text)
{
	hooks_each(text, hooks_run, NULL);
}

void fuzz_log(char *text)
{
	struct history h = { .user = NULL };

	add_lines(&h, text, true);
	fuzz_accepted += h.n > 0;
	for (size_t i = 0; i < h.n; i++)
		json_decref(h.list[i].line);
	free(h.list);
}

/* A message of DNS as hexadecimal digits; all else between them is ignored. */
void fuzz_dns(char *text)
{
	struct nsc_dns_address addresses[8];
	struct nsc_dns_question question;
	unsigned char *message = malloc(NSC_DNS_MAX);
	size_t size = 0;
	char digits[3] = "";

	for (; message && *text && size < NSC_DNS_MAX; text++) {
		if (!isxdigit((unsigned char)*text))
			continue;
		digits[strlen(digits)] = *text;
		if (!digits[1])
			continue;
		message[size++] = (unsigned char)strtoul(digits, NULL, 16);
		memset(digits, 0, sizeof(digits));
	}
	/* Its end is the end of the memory. */
	message = realloc(message, size ? size : 1);
	if (nsc_dns_question(message, size, true, &question)) {
		assert(strlen(question.name) < sizeof(question.name));
		assert(question.end <= size);
		fuzz_accepted += nsc_dns_addresses(message, size, &question,
						   addresses, 8) > 0;
		nsc_dns_matches("*.example.org", question.name);
		nsc_dns_limit_ttl(message, size, &question, 60);
		assert(nsc_dns_refuse(message, question.end, 2) <= size);
	}
	if (nsc_dns_question(message, size, false, &question))
		assert(nsc_dns_strip(message, size, &question) <= size);
	assert(nsc_dns_malformed(message, size) <= size);
	free(message);
}

/* What a transfer leaves as text, for each direction. */
struct transferred {
	struct nsc_transfer t;
	uint64_t hash[TRANSFER_BOTH];
	size_t text, notes;
};

static int transfer_text(void *arg, int direction, const char *data, size_t len)
{
	struct transferred *r = arg;

	for (size_t i = 0; i < len; i++)
		r->hash[direction] = r->hash[direction] * 31 +
				     (unsigned char)data[i] + 1;
	r->text += len;
	return 0;
}

static int transfer_note(void *arg, const char *text)
{
	struct transferred *r = arg;

	r->notes += *text != '\0';
	return 0;
}

static void transfer(struct transferred *r, const char *text, bool bytes)
{
	int direction = TRANSFER_IN;
	char part[64];
	size_t n = 0, fed = 0;

	r->t.sink = (struct nsc_transfer_sink){
		transfer_text, transfer_note, r,
	};
	for (;; text++) {
		unsigned int byte;
		bool more = sscanf(text, "%2x", &byte) == 1 && text[1] &&
			    isxdigit((unsigned char)text[0]) &&
			    isxdigit((unsigned char)text[1]);

		if (n && (!more || bytes || n == sizeof(part))) {
			nsc_transfer_feed(&r->t, direction, part, n);
			n = 0;
		}
		if (!*text)
			break;
		if (*text == '<' || *text == '>')
			direction = *text == '<' ? TRANSFER_OUT : TRANSFER_IN;
		if (!more)
			continue;
		part[n++] = (char)byte;
		fed++;
		text++;
	}
	nsc_transfer_end(&r->t);
	assert(r->text <= fed);
}

/*
 * Hexadecimal digits, of standard input behind '>' and of output behind '<'.
 * How they are cut makes no difference.
 */
void fuzz_transfer(char *text)
{
	struct transferred *r = calloc(2, sizeof(*r));

	if (!r)
		return;
	transfer(&r[0], text, false);
	transfer(&r[1], text, true);
	assert(r[0].notes == r[1].notes && r[0].text == r[1].text);
	assert(!memcmp(r[0].hash, r[1].hash, sizeof(r[0].hash)));
	fuzz_accepted += r[0].notes > 0;
	free(r);
}

/* The resolv.conf of the host, and that of a resolver on the host. */
void fuzz_resolv(char *text)
{
	struct nsc_config_network network = { .type = NSC_NETWORK_PASTA };
	struct nsc_config config = {
		.networks = &network, .n_networks = 1,
	};
	char *upstream = fuzz_cut(text);

	for (int own = 0; own < 2; own++) {
		char *printed = nsc_resolv_print(&config, text, upstream);

		fuzz_accepted += printed && strstr(printed, "\nsearch ");
		free(printed);
		config.namespaces = CLONE_NEWNET;
	}
}

static void found(void *arg, int64_t at, const char *line)
{
	(void)arg;
	(void)at;
	for (; *line; line++)
		assert((unsigned char)*line >= ' ' && *line != 0x7f);
}

/* Nothing but these sequences and control characters reaches a terminal. */
static void check_harmless(struct nsc_vt *vt, const struct nsc_cast_event *e)
{
	char *out = malloc(NSC_HARMLESS_MAX(e->len));
	size_t n = out ? nsc_harmless(vt, e->text, e->len, out) : 0;

	assert(n <= NSC_HARMLESS_MAX(e->len));
	for (size_t i = 0; i < n; i++) {
		assert((unsigned char)out[i] >= ' ' || out[i] == 0x1b ||
		       (out[i] >= 7 && out[i] <= 15));
		if (out[i] == 0x1b)
			assert(i + 1 < n && strchr("[78DEMHc()", out[i + 1]));
	}
	free(out);
}

/* The first line is the header of a recording, the others are its events. */
void fuzz_recording(char *text)
{
	const struct nsc_screen_search search = { "a", found, NULL };
	struct nsc_screen *screen;
	struct nsc_cast_info info;
	struct nsc_cast_event event;
	struct nsc_vt vt = { 0 };
	char *save = NULL, *line = strtok_r(text, "\n", &save);

	if (!line || nsc_cast_parse_header(line, &info) < 0)
		return;
	fuzz_accepted++;
	screen = nsc_screen_new(info.width % 40, info.height % 20, &search);
	while (screen && (line = strtok_r(NULL, "\n", &save))) {
		if (nsc_cast_parse_event(line, &event) < 0)
			continue;
		check_harmless(&vt, &event);
		if (event.type == 'r')
			nsc_screen_resize(screen, event.us % 40,
					  event.us % 10);
		else
			nsc_screen_show(screen, event.us, event.text,
					event.len);
	}
	if (screen)
		nsc_screen_end(screen);
	nsc_screen_free(screen);
}
