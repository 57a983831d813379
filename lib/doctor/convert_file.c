/* SPDX-License-Identifier: Apache-2.0 */
/* nsinit convert.  Reads any file: it only prints what is in it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/api.h"
#include "config/container_config.h"
#include "config/convert.h"
#include "doctor/commands.h"
#include "linux/credential.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/text.h"

/* Would a start accept it?  The user is nobody in particular. */
static int check_result(const char *json, const char *name,
			struct nsc_error *err)
{
	_cleanup_config_ struct nsc_config *config = NULL;
	gid_t group = NSC_NOBODY;
	const struct nsc_user user = {
		.name = (char[]){ "nobody" }, .home = (char[]){ "/" },
		.shell = (char[]){ "/bin/sh" }, .uid = group, .gid = group,
		.groups = &group, .n_groups = 1,
	};

	return nsc_config_parse(json, name, "/", &user, &config, err);
}

/* The notes, one on a line. */
static char *join(const json_t *notes)
{
	const json_t *note;
	char *text = NULL;
	size_t size, i;
	FILE *out = open_memstream(&text, &size);

	json_array_foreach(notes, i, note)
		if (out)
			fprintf(out, "%s\n", json_string_value(note));
	if (out)
		fclose(out);
	return text;
}

static int convert(const char *text, const char *name, bool to_oci,
		   struct nsc_conversion *ret, struct nsc_error *err)
{
	json_t *notes = json_array();
	json_t *result = nsc_convert(text, name, to_oci, notes, err);

	if (result)
		ret->json = json_dumps(result, JSON_INDENT(4) |
				       JSON_ENSURE_ASCII);
	ret->notes = join(notes);
	json_decref(result);
	json_decref(notes);
	if (!result)
		return -err->code;
	if (!ret->json)
		return nsc_error_sys(err, ENOMEM, "%s", name);
	return to_oci ? 0 : check_result(ret->json, "the result", err);
}

int nsc_convert_run(const char *file, bool to_oci, struct nsc_conversion *ret,
		    struct nscontainer_error *err)
{
	bool standard = !strcmp(file, "-");
	_cleanup_fd_ int fd = standard ?
		fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) :
		open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	_cleanup_free_ char *text = NULL;
	struct nsc_error e = NSC_ERROR_INIT;
	int error;

	*ret = (struct nsc_conversion){ NULL, NULL };
	if (fd < 0)
		error = nsc_error_sys(&e, errno, "%s", file);
	else
		error = nsc_file_read(fd, file, NSC_FILE_MAX, &text, NULL, &e);
	if (error == 0)
		error = convert(text, standard ? "standard input" : file,
				to_oci, ret, &e);
	return nsc_api_result(error, &e, err);
}
