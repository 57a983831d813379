/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A monitor's table of sessions in a run directory of the test's own, and
 * logins, which are children of the test.
 */
#ifndef NSC_TESTS_FIXTURE_H
#define NSC_TESTS_FIXTURE_H

#include "unit.h"

#include "monitor/session_table.h"

/* What has been recorded and hung up: lines. */
extern char said[4096];
extern char dir[64];
extern struct nsc_state state;
extern struct hangups hangups;
extern struct sessions all;
extern struct nsc_error err;

/* The directory; sessions_open(); and the end of both. */
void prepare(void);
void begin_watching(void);
void clean_up(void);

/* A process that waits until it is killed, and that. */
pid_t login(void);
void end(pid_t pid);

/* Its file, which is another process's with later. */
void put_file(pid_t pid, const char *service, int later);
bool has_file(pid_t pid);

/* sessions_admit(); and what has to follow that. */
int admit(pid_t pid, bool root, struct session *s);
struct session *enter(pid_t pid, bool root);

/* What was said since the last time. */
void went(const char *expected);

/* Run such tests; the exit status of main. */
int run_monitor(const char *name, TCase *tcase);

#endif
