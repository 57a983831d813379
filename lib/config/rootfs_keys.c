/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit and login-start. */
#include "config/rootfs_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/fd.h"

#define MIB ((json_int_t)1024 * 1024)
#define LEAST (16 * MIB)		/* of which a journal takes 4 */
#define MOST (MIB * 1024 * 1024 * 1024)

int nsc_read_rootfs(struct nsc_reader *r, const json_t *value,
		    const struct nsc_field *f, void *to)
{
	const char *text = nsc_field_text(r, value);
	_cleanup_free_ char *joined = NULL;
	json_t *absolute;
	int ret;

	if (!text)
		return -EINVAL;
	if (text[0] == '/')
		return nsc_read_path(r, value, f, to);
	if (!*text || asprintf(&joined, "%s/%s", r->dir, text) < 0) {
		joined = NULL;
		return nsc_field_wrong(r, value, "a directory or an image");
	}
	absolute = json_string(joined);
	ret = nsc_read_path(r, absolute, f, to);
	json_decref(absolute);
	return ret;
}

int nsc_read_hash(struct nsc_reader *r, const json_t *value,
		  const struct nsc_field *f, void *to)
{
	const char *text = json_string_value(value);
	size_t len = text ? strspn(text, "0123456789abcdefABCDEF") : 0;

	/* SHA-256 and SHA-512. */
	if ((len != 64 && len != 128) || text[len])
		return nsc_field_wrong(r, value, "64 or 128 hexadecimal "
				       "digits: the root hash that "
				       "'veritysetup format' prints");
	return nsc_read_text(r, value, f, to);
}

int nsc_read_data_size(struct nsc_reader *r, const json_t *value,
		       const struct nsc_field *f, void *to)
{
	json_int_t bytes = 0;

	(void)f;
	if (!nsc_field_bytes(value, &bytes) || bytes > MOST ||
	    (bytes && bytes < LEAST))
		return nsc_field_wrong(r, value, "bytes such as \"2G\", at "
				       "least 16M, or 0 (no limit)");
	*(uint64_t *)to = (uint64_t)(bytes - bytes % MIB);
	return 0;
}

int nsc_rootfs_keys_check(struct nsc_reader *r, const struct nsc_config *config)
{
	if (config->overlay_size && config->overlay == NSC_OVERLAY_NONE)
		return nsc_field_refuse(r, "overlay_size: needs overlay "
					"\"tmpfs\" or \"persistent\"");
	if (config->home_size && config->home != NSC_HOME_PRIVATE)
		return nsc_field_refuse(r, "home_size: needs home \"private\": "
					"a home of the host is not limited");
	return 0;
}
