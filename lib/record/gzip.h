/* SPDX-License-Identifier: Apache-2.0 */
/* gzip(1), as nobody, with nothing but two files. */
#ifndef NSC_RECORD_GZIP_H
#define NSC_RECORD_GZIP_H

#include <sys/types.h>

/*
 * Start it with this option ("-c", "-dc") for the whole file in, to out.
 * Returns its pid or a negative errno.
 */
pid_t nsc_gzip_start(const char *option, int in, int out);

#endif
