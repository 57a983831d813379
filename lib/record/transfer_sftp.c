/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the writer of container-recorder, without rights. */
#include "record/transfer_sftp.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPEN = 3, CLOSE = 4, READ = 5, WRITE = 6, SETSTAT = 9, OPENDIR = 11,
	REMOVE = 13, MKDIR = 14, RMDIR = 15, RENAME = 18, SYMLINK = 20,
	STATUS = 101, HANDLE = 102, DATA = 103, EXTENDED = 200,
};

/* What is left of a packet. */
struct packet {
	const char *p;
	size_t n;
};

uint32_t nsc_sftp_number(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 |
	       (uint32_t)u[2] << 8 | u[3];
}

static uint32_t take_number(struct packet *p)
{
	uint32_t value;

	if (p->n < 4) {
		p->n = 0;
		return 0;
	}
	value = nsc_sftp_number(p->p);
	p->p += 4;
	p->n -= 4;
	return value;
}

/* As much of it as there is. */
static struct packet take_string(struct packet *p)
{
	size_t n = take_number(p);
	struct packet ret = { p->p, n < p->n ? n : p->n };

	p->p += ret.n;
	p->n -= ret.n;
	return ret;
}

/* What is too long for a name is noted by its beginning and its length. */
static void take_name(struct packet *p, char name[TRANSFER_NAME])
{
	size_t n = p->n < 4 ? 0 : nsc_sftp_number(p->p);
	struct packet s = take_string(p);
	int len = snprintf(name, TRANSFER_NAME, "%.*s", (int)s.n, s.p);

	if (len >= 0 && n < TRANSFER_NAME && s.n == n)
		return;
	if (len > TRANSFER_NAME - 32)
		len = TRANSFER_NAME - 32;
	snprintf(name + len, 32, "... (%zu bytes)", n);
}

static void file_forget(struct nsc_transfer_file *f)
{
	free(f->name);
	f->name = NULL;
}

static void file_end(struct nsc_transfer *t, struct nsc_transfer_file *f)
{
	nsc_transfer_note(t, "sftp: %s: read %" PRIu64 " bytes, wrote %" PRIu64
			  " bytes", f->name, f->read, f->wrote);
	file_forget(f);
}

static struct nsc_transfer_file *file_of(struct nsc_transfer *t,
					 const struct packet *handle)
{
	for (size_t i = 0; i < TRANSFER_FILES; i++) {
		struct nsc_transfer_file *f = &t->files[i];

		if (f->name && f->handle_len && f->handle_len == handle->n &&
		    !memcmp(f->handle, handle->p, handle->n))
			return f;
	}
	return NULL;
}

/* The one that opens with this request. */
static struct nsc_transfer_file *file_opening(struct nsc_transfer *t,
					      uint32_t id)
{
	for (size_t i = 0; i < TRANSFER_FILES; i++)
		if (t->files[i].name && !t->files[i].handle_len &&
		    t->files[i].id == id)
			return &t->files[i];
	return NULL;
}

static void file_open(struct nsc_transfer *t, uint32_t id, struct packet *p)
{
	struct nsc_transfer_file *f = NULL;
	char name[TRANSFER_NAME];

	for (size_t i = 0; !f && i < TRANSFER_FILES; i++)
		if (!t->files[i].name)
			f = &t->files[i];
	if (!f) {
		f = &t->files[id % TRANSFER_FILES];
		file_end(t, f);
	}
	f->id = id;
	f->handle_len = 0;
	f->read = f->wrote = 0;
	take_name(p, name);
	f->name = strdup(name);
	if (!f->name && !t->error)
		t->error = -ENOMEM;
}

static void note_names(struct nsc_transfer *t, const char *what, bool two,
		       struct packet *p)
{
	char a[TRANSFER_NAME], b[TRANSFER_NAME] = "";

	take_name(p, a);
	if (two)
		take_name(p, b);
	nsc_transfer_note(t, "sftp: %.64s %s%s%s", what, a, two ? " " : "",
			  b);
}

/* The names of OpenSSH's extensions have an '@'. */
static void extended(struct nsc_transfer *t, struct packet *p)
{
	char what[TRANSFER_NAME];

	take_name(p, what);
	if (!strncmp(what, "posix-rename", 12) || !strncmp(what, "hardlink", 8))
		note_names(t, what, true, p);
	else if (!strncmp(what, "lsetstat", 8))
		note_names(t, what, false, p);
	else if (!strncmp(what, "copy-data", 9))
		nsc_transfer_note(t, "sftp: %.64s", what);
}

static void on_handle(struct nsc_transfer *t, int type, uint32_t id,
		      struct packet *p)
{
	struct packet handle = take_string(p);
	struct nsc_transfer_file *f = file_of(t, &handle);

	if (!f)
		return;
	if (type == CLOSE)
		file_end(t, f);
	else if (type == READ)
		t->reads[id & 255] = (unsigned char)(f - t->files);
	else if (p->n >= 12)
		f->wrote += nsc_sftp_number(p->p + 8);
}

static void on_answer(struct nsc_transfer *t, int type, uint32_t id,
		      struct packet *p)
{
	struct nsc_transfer_file *f = file_opening(t, id);
	struct packet handle;

	if (type == DATA) {
		f = &t->files[t->reads[id & 255] % TRANSFER_FILES];
		f->read += take_number(p);
	} else if (f && type == HANDLE) {
		handle = take_string(p);
		f->handle_len = handle.n <= sizeof(f->handle) ? handle.n : 0;
		memcpy(f->handle, handle.p, f->handle_len);
	} else if (f && type == STATUS) {
		nsc_transfer_note(t, "sftp: %s: refused", f->name);
		file_forget(f);
	}
}

void nsc_sftp_packet(struct nsc_transfer *t, const char *data, size_t n)
{
	static const struct {
		const char *what;
		int type;
		bool two;
	} named[] = {
		{ "change", SETSTAT, false }, { "list", OPENDIR, false },
		{ "remove", REMOVE, false }, { "mkdir", MKDIR, false },
		{ "rmdir", RMDIR, false }, { "rename", RENAME, true },
		{ "link", SYMLINK, true },
	};
	struct packet p = { data + 1, n - 1 };
	int type = (unsigned char)data[0];
	uint32_t id = take_number(&p);

	if (type == OPEN)
		file_open(t, id, &p);
	else if (type == CLOSE || type == READ || type == WRITE)
		on_handle(t, type, id, &p);
	else if (type >= STATUS && type <= DATA)
		on_answer(t, type, id, &p);
	else if (type == EXTENDED)
		extended(t, &p);
	for (size_t i = 0; i < sizeof(named) / sizeof(*named); i++)
		if (named[i].type == type)
			note_names(t, named[i].what, named[i].two, &p);
}

void nsc_sftp_end(struct nsc_transfer *t)
{
	for (size_t i = 0; i < TRANSFER_FILES; i++)
		if (t->files[i].name)
			file_end(t, &t->files[i]);
}
