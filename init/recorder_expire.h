/* SPDX-License-Identifier: Apache-2.0 */
/* Remove recordings that nscontainer.conf does not keep: nsinit does it. */
#ifndef NSC_RECORDER_EXPIRE_H
#define NSC_RECORDER_EXPIRE_H

/*
 * Become "nsinit recordings --expire", without a descriptor of the session.
 * conf: the path of nscontainer.conf; "" is the default.
 */
void __attribute__((noreturn)) recorder_expire(const char *conf);

/* The same in a child; returns when it has ended. */
void recorder_make_room(const char *conf);

#endif
