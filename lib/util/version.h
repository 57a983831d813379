/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The version of all that the programs tell each other: files of a run
 * directory except what is frozen, sockets, arguments, descriptors.  A change
 * of any of these needs a new number, which is not that of a release.  See
 * docs/design/0055-versions-that-meet.md.
 */
#ifndef NSC_UTIL_VERSION_H
#define NSC_UTIL_VERSION_H

#include <stdbool.h>

/* A test builds the programs of another version. */
#ifndef NSC_STATE_VERSION
#define NSC_STATE_VERSION 3
#endif

#define NSC_VERSION_TEXT_(n) #n
#define NSC_VERSION_TEXT(n) NSC_VERSION_TEXT_(n)

/*
 * Print the version of the release if -V or --version is the only argument;
 * returns whether it is.
 */
bool nsc_version_print(int argc, char **argv, const char *program);

#endif
