/* What is kept of each session: called when one begins and when it ends. */
#ifndef NSC_INIT_RECORD_H
#define NSC_INIT_RECORD_H

#include <stdint.h>

#include "session.h"

struct session_end {
	int status;		/* of the login process, as waitpid(2) has
				 * it; -1: not known */
	int64_t duration;	/* seconds */
	uint64_t peak_memory;	/* bytes; UINT64_MAX: not known, like ... */
	uint64_t cpu_us;
};

void record_open(const struct session *s);
void record_close(const struct session *s, const struct session_end *end);

#endif
