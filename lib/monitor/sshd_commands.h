/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands of sshd's connections, whose exit status the user means by that
 * of the session: sshd itself ends with 255 whenever its client goes.  sshd's
 * process for the user reaps them inside, so nobody else is told the status.
 *
 * A process that is about to become a command says so on the connection on
 * which the login entered.  The kernel says which process that is; the content
 * means nothing, and no descriptors are taken.  This needs Linux 6.16.
 */
#ifndef NSC_MONITOR_SSHD_COMMANDS_H
#define NSC_MONITOR_SSHD_COMMANDS_H

struct session;

/* Keep the client of a session; *client is set to -1 if it is kept. */
void sshd_commands_keep(struct session *s, int *client);

/*
 * Take one message: s->command is its command.  Returns 1, 0 if nobody is left
 * to send any, or -1 if none has arrived.
 */
int sshd_commands_take(struct session *s);

void sshd_commands_close(struct session *s);

#endif
