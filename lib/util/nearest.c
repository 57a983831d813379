/* SPDX-License-Identifier: Apache-2.0 */
#include "util/nearest.h"

#include <ctype.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LENGTH_MAX sizeof(((struct nsc_nearest *)0)->name)

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static unsigned int least(unsigned int a, unsigned int b, unsigned int c)
{
	a = a < b ? a : b;
	return a < c ? a : c;
}

/* Optimal string alignment, with the last three rows of its table. */
unsigned int nsc_nearest_distance(const char *a, const char *b)
{
	unsigned int rows[3][LENGTH_MAX + 1] = { { 0 } };
	size_t n = strlen(a), m = strlen(b);

	if (n >= LENGTH_MAX || m >= LENGTH_MAX)
		return UINT_MAX;
	for (unsigned int j = 0; j <= m; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= n; i++) {
		unsigned int *now = rows[i % 3], *last = rows[(i + 2) % 3];
		const unsigned int *before = rows[(i + 1) % 3];

		now[0] = (unsigned int)i;
		for (size_t j = 1; j <= m; j++) {
			now[j] = least(last[j] + 1, now[j - 1] + 1,
				       last[j - 1] +
				       !same(a[i - 1], b[j - 1]));
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) &&
			    same(a[i - 2], b[j - 1]))
				now[j] = least(now[j], before[j - 2] + 1,
					       UINT_MAX);
		}
	}
	return rows[n % 3][m];
}

void nsc_nearest_offer(struct nsc_nearest *nearest, const char *known)
{
	unsigned int distance = nsc_nearest_distance(nearest->wrong, known);
	size_t length = strlen(nearest->wrong);

	/* A beginning is as good as one wrong letter. */
	if (length > 2 && distance > 1 &&
	    !strncasecmp(nearest->wrong, known, length))
		distance = 1;
	if (distance > 3 || distance > (length + 2) / 3 ||
	    (nearest->name[0] && distance >= nearest->distance))
		return;
	nearest->distance = distance;
	snprintf(nearest->name, sizeof(nearest->name), "%s", known);
}

const char *nsc_nearest_text(const struct nsc_nearest *nearest, char *buf,
			     size_t size)
{
	buf[0] = '\0';
	if (nearest->name[0])
		snprintf(buf, size, ": did you mean '%s'?", nearest->name);
	return buf;
}
