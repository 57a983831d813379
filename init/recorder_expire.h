/* SPDX-License-Identifier: Apache-2.0 */
/* Remove recordings that nscontainer.conf does not keep: nsinit does it. */
#ifndef NSC_RECORDER_EXPIRE_H
#define NSC_RECORDER_EXPIRE_H

/*
 * Become "nsinit recordings --expire", without a descriptor of the session.
 * conf: the path of nscontainer.conf; "" is the default.
 */
void __attribute__((noreturn)) recorder_expire(const char *conf);

/*
 * The same in a child.  Returns when it has ended, or after some seconds: then
 * it goes on, and the next call waits for it again.
 */
void recorder_make_room(const char *conf);

#endif
