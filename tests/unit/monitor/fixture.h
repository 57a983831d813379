/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A monitor's table of sessions in the test's own run directory, and logins,
 * which are children of the test.
 */
#ifndef NSC_TESTS_FIXTURE_H
#define NSC_TESTS_FIXTURE_H

#include "unit.h"

#include "monitor/session_table.h"

/* A line for each session that was recorded or hung up. */
extern char said[4096];
extern char dir[64];
extern struct nsc_state state;
extern struct hangups hangups;
extern struct sessions all;
extern struct nsc_error err;

/* Make the directory, call sessions_open(), and undo both. */
void prepare(void);
void begin_watching(void);
void clean_up(void);

/* Start a process that waits until it is killed, and kill it. */
pid_t login(void);
void end(pid_t pid);

/* Write the session's file; with later, it names another process. */
void put_file(pid_t pid, const char *service, int later);
bool has_file(pid_t pid);

/* Call sessions_admit(), and then the calls that must follow it. */
int admit(pid_t pid, bool root, struct session *s);
struct session *enter(pid_t pid, bool root);

/* Compare the lines since the previous call. */
void went(const char *expected);

/* Run the tests; returns the exit status of main. */
int run_monitor(const char *name, TCase *tcase);

#endif
