/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit and login-start. */
#include "config/rate_keys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/fd.h"
#include "util/text.h"

#define RATE_MIN 8000LL			/* 64kbit, in bytes */
#define RATE_MAX 12500000000LL		/* 100Gbit */

/* The units of tc(8), where a thousand is 1000, with the bytes of each. */
static const struct {
	const char *name;
	long long bytes;
} units[] = {
	{ "Gbit", 125000000 }, { "Mbit", 125000 }, { "kbit", 125 },
};

static int rate_parse(const char *text, uint64_t *ret)
{
	size_t digits = strspn(text, "0123456789");
	char number[16];
	long long n;

	if (!digits || digits >= sizeof(number))
		return -EINVAL;
	snprintf(number, sizeof(number), "%.*s", (int)digits, text);
	for (size_t i = 0; i < NSC_ARRAY_SIZE(units); i++) {
		if (strcmp(units[i].name, text + digits) != 0)
			continue;
		if (nsc_text_number(number, 1, RATE_MAX / units[i].bytes,
				    &n) < 0 || n * units[i].bytes < RATE_MIN)
			return -EINVAL;
		*ret = (uint64_t)(n * units[i].bytes);
		return 0;
	}
	return -EINVAL;
}

static int read_one_rate(struct nsc_reader *r, const json_t *value,
			 const struct nsc_field *f, void *to)
{
	const char *text = json_string_value(value);

	(void)f;
	if (!text || rate_parse(text, to) < 0)
		return nsc_field_wrong(r, value, "bits a second, \"64kbit\" to "
				       "\"100Gbit\", such as \"10Mbit\"");
	return 0;
}

static int read_burst(struct nsc_reader *r, const json_t *value,
		      const struct nsc_field *f, void *to)
{
	json_int_t bytes;

	(void)f;
	if (!nsc_field_bytes(value, &bytes) || bytes < NSC_RATE_BURST_MIN ||
	    bytes > NSC_RATE_BURST_MAX)
		return nsc_field_wrong(r, value, "bytes, \"128K\" to \"1G\"");
	*(uint64_t *)to = (uint64_t)bytes;
	return 0;
}

#define AT(member) offsetof(struct nsc_config_network, rate.member)
const struct nsc_field nsc_rate_fields[] = {
	{ .name = "up", .read = read_one_rate, .at = AT(up) },
	{ .name = "down", .read = read_one_rate, .at = AT(down) },
	{ .name = "burst", .read = read_burst, .at = AT(burst) },
	{ .name = NULL },
};
#undef AT

int nsc_read_rate(struct nsc_reader *r, const json_t *value,
		  const struct nsc_field *f, void *to)
{
	const struct nsc_config_network *n = to;
	int ret = nsc_read_members(r, value, f, to);

	return ret < 0 || nsc_rate_given(&n->rate) ? ret :
		nsc_field_wrong(r, value, "an object with \"up\", \"down\" or "
				"both");
}

bool nsc_rate_given(const struct nsc_rate *rate)
{
	return rate->up || rate->down;
}

const char *nsc_rate_print(uint64_t bytes, char buf[NSC_RATE_SIZE])
{
	size_t i = 0;

	while (bytes % (uint64_t)units[i].bytes)
		i++;
	snprintf(buf, NSC_RATE_SIZE, "%llu%s",
		 (unsigned long long)bytes / (unsigned long long)units[i].bytes,
		 units[i].name);
	return buf;
}
