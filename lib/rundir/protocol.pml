/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model of the locks and instances of one run directory, for spin:
 * `make model` checks it, see docs/design/0091-a-model-of-the-locks.md.
 *
 * Two logins with their helpers, an administrator's stop, the monitors, and at
 * most KILLS ends at any moment: kill -9 of any of these processes, or the death
 * of PID 1.  The configuration changes once, at any moment, under POLICY.  When
 * all this is over, a third login comes, and must get in.
 *
 * A process takes steps as the code makes system calls: what is in one d_step is
 * one call, or has no effect that another process sees.  A wait has no time
 * limit, except where the code goes on after it: if nobody is held up without a
 * limit, nobody is held up longer with one.  A signal ends a process at once.
 * The number of a removed instance stands for its files, which are gone.
 */
#define KEEP	0	/* on_change = "keep" */
#define DRAIN	1
#define RECYCLE	2

#ifndef POLICY
#define POLICY DRAIN
#endif
#ifndef KILLS
#define KILLS 1
#endif
#ifndef ALONE
#define ALONE 0	/* only one login, and the last one */
#endif
#ifndef STOPS
#define STOPS 1
#endif

#define LOGINS	3	/* the last one comes when nothing else happens */
#define MOST	4	/* instances */
#define NONE	255

/* Who holds a lock: a process, by number. */
#define LOGIN(i)	(i)
#define HELPER(i)	(LOGINS + (i))
#define MONITOR(n)	(2 * LOGINS - 1 + (n))	/* n counts from 1 */
#define STOP		(2 * LOGINS + MOST)
#define PROCESSES	(STOP + 1)
#define BIT(p)		(1 << (p))

/* --- the files of /run/nscontainer/UID, and their locks */

byte current;			/* the link; 0: none */
byte lock = NONE, admin = NONE;	/* the exclusive holder */
bool made[MOST + 1];		/* the directory of the instance */
bool pidfile[MOST + 1];		/* 'pid', 'start' and 'state': can be joined */
bool state[MOST + 1];		/* 'state' alone is for the tools */
short shared[MOST + 1];		/* holders of 'sessions', shared */
byte exclusive[MOST + 1] = NONE;
byte watcher[MOST + 1] = NONE;	/* holder of 'monitor' */

/* --- processes */

bool lives[PROCESSES], killed[PROCESSES];
bool runs[MOST + 1];		/* PID 1 */
bool listens[MOST + 1];		/* the monitor has its sockets */
bool config, has[MOST + 1];	/* present configuration; of the container */

/* --- what a helper tells its login, and a builder its helper */

mtype = { WAITING, READY, FAILED };
mtype answer[LOGINS] = WAITING, report[MOST + 1] = FAILED;
byte number[LOGINS];		/* with answer READY */
bool building[MOST + 1];	/* the builder has inherited 'lock' */
bool detached[LOGINS];		/* the helper does not die with its login */

/* --- what must hold */

byte inside[LOGINS];		/* the instance of this session; 0: none */
bool trouble;			/* something was killed or stopped */
bool begun;			/* the first login */
bool quiet;			/* nothing else happens from here on */

#define JOINABLE(n)	(made[n] && pidfile[n] && runs[n])
#define SESSIONS_IN(n)	(inside[0] == n || inside[1] == n || inside[2] == n)

/* The kernel gives back the locks of a process that ends. */
inline unlock_all(p)
{
	if :: lock == p -> lock = NONE :: else fi;
	if :: admin == p -> admin = NONE :: else fi;
	x = 1;
	do
	:: x <= MOST ->
		shared[x] = shared[x] & ~BIT(p);
		if :: exclusive[x] == p -> exclusive[x] = NONE :: else fi;
		if :: watcher[x] == p -> watcher[x] = NONE :: else fi;
		x++
	:: else -> break
	od;
	x = 0
}

/* nsc_instance_remove(): who has a lock there holds one of no file. */
inline remove(n)
{
	made[n] = false; pidfile[n] = false; state[n] = false;
	shared[n] = 0; exclusive[n] = NONE;
	runs[n] = false; has[n] = false
}

/* --- container-monitor and the builder that becomes it, lib/container/create.c
 * and init/container-monitor.c; parent: who started it, with a new container or
 * (adopts) for one that runs without a monitor, nsc_monitor_adopt() */

proctype Monitor(byte n, parent; bool adopts)
{
	byte x = 0;
	bool alone = false;	/* the parent's death is not its own any more */
	bool lingered = false;

	{
		/* build(): PID 1 dies with the builder until it may go */
		if
		:: !adopts -> d_step {
			runs[n] = true; has[n] = config;
			/* two containers of one configuration never run, and
			 * only draining lets two of different ones */
			x = 1;
			do
			:: x <= MOST ->
				assert(x == n || !runs[x] ||
				       (POLICY == DRAIN && has[x] != has[n]));
				x++
			:: else -> break
			od;
			x = 0;
			/* nsc_state_save() */
			state[n] = true; pidfile[n] = true
		   }
		:: else
		fi;
		/* nsc_monitor_become() */
		atomic { watcher[n] == NONE -> watcher[n] = MONITOR(n) };
		/* exec_monitor(): no death signal from here on */
		d_step {
			building[n] = false; alone = true;
			/* open_all() */
			listens[n] = true
		};
		/* become_current(); the old monitor is woken, and its wait
		 * below ends in any case */
		current = n;
		/* let_go(): from here on PID 1 lives without us */
		report[n] = (runs[n] -> READY : FAILED);
wait_for_last:
		/* the watcher waits for the lock, and PID 1 is looked at */
		if
		:: !runs[n] -> goto ended
#ifdef NO_EXCLUSIVE_AT_END
		:: runs[n]
#else
		:: atomic { runs[n] && shared[n] == 0 && exclusive[n] == NONE ->
			exclusive[n] = MONITOR(n) }
#endif
		fi;
		/* after_last(): the linger time, in which logins join */
		if
		:: !lingered && current == n ->
			lingered = true;
			if :: exclusive[n] == MONITOR(n) ->
				exclusive[n] = NONE :: else fi;
			atomic {
				if
				:: !runs[n] -> goto ended
				:: else
				fi;
				if
				:: shared[n] == 0 && exclusive[n] == NONE ->
					exclusive[n] = MONITOR(n)
				:: else -> goto wait_for_last
				fi
			}
		:: else
		fi;
		/* monitor_stop(): a session that counts is never ended by it */
		d_step { pidfile[n] = false; assert(!SESSIONS_IN(n)) };
		runs[n] = false;
ended:
		/* monitor_ended(): nobody joins, and the rest follows */
		pidfile[n] = false;
		d_step { listens[n] = false; remove(n) };
		d_step { unlock_all(MONITOR(n)); lives[MONITOR(n)] = false }
	} unless {
		killed[MONITOR(n)] || (!alone && killed[parent])
	};
	d_step {
		/* PR_SET_PDEATHSIG of PID 1, and the missing byte from 'go' */
		if
		:: report[n] == WAITING && !adopts -> runs[n] = false
		:: else
		fi;
		if :: report[n] == WAITING -> report[n] = FAILED :: else fi;
		listens[n] = false;
		building[n] = false;
		unlock_all(MONITOR(n));
		lives[MONITOR(n)] = false; killed[MONITOR(n)] = false;
		/* what spin keeps of it is the same for all */
		report[n] = (report[n] == WAITING -> FAILED : report[n]);
		n = 0; parent = 0; adopts = false; alone = false;
		lingered = false
	}
}

/* --- nsc_generation_sweep(), with 'lock' held by p: sweep() for each instance */

inline sweep(p)
{
	k = 1;
	do
	:: k > MOST -> break
	:: d_step { k <= MOST && !made[k] -> k++ }
	:: d_step { k <= MOST && made[k] && watcher[k] != NONE -> k++ }
	:: d_step { k <= MOST && made[k] && watcher[k] == NONE ->
			/* nsc_running_find_ending(), end_now() */
#ifndef NO_END_OF_ENDING
			if
			:: state[k] && !pidfile[k] -> runs[k] = false
			:: else
			fi;
#endif
			if
			:: !runs[k] && (k <= current || shared[k] == 0) ->
				remove(k)		/* nsc_stop_erase() */
			:: runs[k] && k != current && shared[k] == 0 &&
			   exclusive[k] == NONE ->
				runs[k] = false; remove(k)	/* nsc_stop() */
			:: else
			fi;
			k++
		}
	od;
	k = 0
}

/* --- login-start: nsc_api_open_for_login(), nsc_starting_run() */

proctype Helper(byte i)
{
	byte x = 0, k = 0, c = 0, n = 0;
	bool mine = false, replaces = false;

	{
		mine = config;
		/* nsc_turn_wait() */
		do
		:: admin == NONE ->
			atomic { lock == NONE -> lock = HELPER(i) };
			if
			:: admin == NONE -> break
			:: else -> lock = NONE
			fi
		od;
		/* starting_run(): a monitor whose starter was killed, and that
		 * has not made its instance current yet */
#ifndef NO_WAIT_FOR_START
		skip;
		d_step {
			n = MOST;
			do
			:: n > 0 && !made[n] -> n--
			:: else -> break
			od
		};
		n == 0 || watcher[n] == NONE || current >= n;
		n = 0;
#endif
		/* nsc_session_current() */
		c = current;
		/* nsc_session_find_at(): the shared lock, then the look */
		atomic {
			if
			:: c == 0 -> goto new
			:: else
			fi;
			(!made[c] || exclusive[c] == NONE) ->
			if
			:: made[c] -> shared[c] = shared[c] | BIT(HELPER(i))
			:: else -> goto new
			fi
		};
		atomic {
			if
			:: !JOINABLE(c) -> goto gone
			:: else
			fi;
			/* join_or_renew(): what was read before the turn may
			 * be older than the container, renewal_by_now() */
#ifndef POLICY_BEFORE_TURN
			mine = config;
#endif
			if
			:: has[c] == mine || POLICY == KEEP -> n = c; goto adopt
			:: has[c] != mine && POLICY == DRAIN -> goto new
			:: has[c] != mine && POLICY == RECYCLE
			fi
		};
		/* recycle(): no session may be in it, nor come */
		shared[c] = shared[c] & ~BIT(HELPER(i));
#ifdef RECYCLE_WITHOUT_LOCK
		replaces = true;
		goto new;
#endif
		atomic {
			if
			:: made[c] && shared[c] == 0 && exclusive[c] == NONE ->
				exclusive[c] = HELPER(i);
				replaces = true;
				goto new
			:: else
			fi
		};
		/* it has other sessions, or its monitor ends it */
		atomic {
			(!made[c] || exclusive[c] == NONE) ->
			if
			:: made[c] -> shared[c] = shared[c] | BIT(HELPER(i))
			:: else -> goto new
			fi
		};
		if
		:: JOINABLE(c) -> n = c; goto adopt
#ifdef RECYCLE_GIVES_UP
		:: else -> goto refused
#else
		:: else
#endif
		fi;
gone:
		/* starting_wait_for_monitor() */
		watcher[c] == NONE;
new:
		skip;
		/* nsc_starting_new(), nsc_instance_make() */
		d_step {
			n = current + 1;
			do
			:: n <= MOST && made[n] -> n++
			:: else -> break
			od;
			assert(n <= MOST);
			made[n] = true
		};
#ifndef NO_SESSION_OF_START
		shared[n] = shared[n] | BIT(HELPER(i));
#endif
		/* start_new(): the user must not end it halfway */
		detached[i] = true;
		/* nsc_start() */
		sweep(HELPER(i));
		/* stop_replaced(), nsc_stop(), nsc_stop_clean() */
		if
		:: replaces && JOINABLE(c) ->
			d_step { assert(!SESSIONS_IN(c)); runs[c] = false };
			watcher[c] == NONE;
			d_step { remove(c) }
		:: else
		fi;
#ifdef NO_LOCK_OF_START
		lock = NONE;
#endif
		/* nsc_create(), nsc_monitor_wait() */
		atomic {
			report[n] = WAITING;
			building[n] = true;
			lives[MONITOR(n)] = true;
			run Monitor(n, HELPER(i), false)
		};
		report[n] != WAITING;
		if
		:: report[n] == FAILED ->
			d_step { runs[n] = false; remove(n) };
			goto refused
		:: else -> report[n] = FAILED
		fi;
		/* the session of the old container, which the drained one may
		 * lose from here on, and a start's own look */
		d_step {
			if
			:: c != 0 && c != n ->
				shared[c] = shared[c] & ~BIT(HELPER(i));
				if :: exclusive[c] == HELPER(i) ->
					exclusive[c] = NONE :: else fi
			:: else
			fi
		};
		if
		:: !JOINABLE(n) -> goto refused
		:: else -> goto ready
		fi;
adopt:
		/* nsc_starting_adopt() */
		if
		:: watcher[n] != NONE -> goto ready
		:: else
		fi;
		detached[i] = true;
		sweep(HELPER(i));
		if
		:: !JOINABLE(n) -> goto refused
		:: else
		fi;
		atomic {
			report[n] = WAITING;
			building[n] = true;
			lives[MONITOR(n)] = true;
			run Monitor(n, HELPER(i), true)
		};
		report[n] != WAITING;
		if
		:: report[n] == FAILED -> goto refused
		:: else -> report[n] = FAILED
		fi;
ready:
		if :: lock == HELPER(i) -> lock = NONE :: else fi;
		/* nsc_descriptors_send(): the lock goes with the message */
		d_step { number[i] = n; answer[i] = READY };
		goto end;
refused:
		skip;
		d_step { answer[i] = FAILED; unlock_all(HELPER(i)) };
end:
		skip
	} unless {
		killed[HELPER(i)] || (!lives[LOGIN(i)] && !detached[i])
	};
	/* the lock ends with the last process of the start */
	!building[n];
	d_step {
		if
		:: answer[i] != READY || !lives[LOGIN(i)] ->
			answer[i] = FAILED;
			unlock_all(HELPER(i))
		:: else ->
			/* the descriptor is in the socket of the login */
			if :: lock == HELPER(i) -> lock = NONE :: else fi
		fi;
		lives[HELPER(i)] = false; killed[HELPER(i)] = false;
		detached[i] = false;
		c = 0; n = 0; k = 0; mine = false; replaces = false
	}
}

/* --- the login program: nsc_session_open(), then its session */

proctype Login(byte i)
{
	byte x = 0, c = 0;
	bool looked = false;

	{
		if
		:: i == LOGINS - 1 -> quiet
		/* the other one is the same: the order is no choice */
		:: i == 1 && ALONE -> goto end
		:: i == 1 && !ALONE -> begun || !lives[LOGIN(0)]
		:: i == 0 -> begun = true
		fi;
		/* open_once() */
		c = current;
		/* a login never locks a container that it does not join */
		atomic {
			if
			:: c == 0 || !made[c] || !state[c] ||
			   (POLICY != KEEP && has[c] != config) -> goto slowly
			:: else
			fi;
			looked = JOINABLE(c) && listens[c]
		};
		/* nsc_session_find_at(), at most STOPPING_MS */
		atomic {
			if
			:: made[c] && exclusive[c] == NONE ->
				shared[c] = shared[c] | BIT(LOGIN(i))
			:: else -> goto slowly
			fi
		};
		/* nsc_session_join() verifies, nsc_instance_is_watched() */
		atomic {
#ifndef LOOK_BEFORE_LOCK
			looked = JOINABLE(c) && listens[c];
#endif
			if
			:: looked -> inside[i] = c; goto placed
			:: else
			fi
		};
slowly:
		skip;
		/* open_slowly(): nsc_session_close(), nsc_helper_ask() */
		d_step { unlock_all(LOGIN(i)) };
		atomic { lives[HELPER(i)] = true; run Helper(i) };
		answer[i] != WAITING;
		atomic {
			c = number[i];
			if
			:: answer[i] == FAILED -> goto refused
			:: else
			fi
		};
#ifdef EARLY_CLOSE
		d_step { unlock_all(HELPER(i)) };
#endif
		/* open_same(), then a lock of its own, find_at() again */
		atomic {
			if
			:: made[c] && exclusive[c] == NONE ->
				shared[c] = shared[c] | BIT(LOGIN(i))
			:: else -> goto refused
			fi
		};
		atomic {
			if
			:: JOINABLE(c) -> inside[i] = c
			:: else -> goto refused
			fi
		};
		d_step { unlock_all(HELPER(i)) };
placed:
		/* nsc_monitor_client_enter(): the monitor is there, unless
		 * something was killed; the session is in the container */
		skip;
		d_step {
			assert(trouble || (runs[c] && listens[c]));
			assert(i != LOGINS - 1 || (runs[c] && listens[c]))
		};
		/* the session: until it ends, or the container */
		goto end;
refused:
		/* nobody is locked out: only what was killed refuses */
		assert(trouble && i != LOGINS - 1);
end:
		skip
	} unless {
		killed[LOGIN(i)]
	};
	d_step {
		inside[i] = 0;
		unlock_all(LOGIN(i));
		if
		:: answer[i] == READY -> unlock_all(HELPER(i))
		:: else
		fi;
		lives[LOGIN(i)] = false; killed[LOGIN(i)] = false;
		answer[i] = (answer[i] == READY -> FAILED : answer[i]);
		number[i] = 0; c = 0; looked = false
	}
}

/* --- nsinit stop: stop() in lib/api/stop.c, nsc_turn_demand() */

proctype Stop()
{
	byte x = 0, k = 0, n = 0;

	{
		if
		:: STOPS -> trouble = true
		:: goto end		/* nobody stops it */
		fi;
		atomic { admin == NONE -> admin = STOP };
		/* turn_kill_holder() after PATIENCE_MS */
		if
		:: lock == NONE
		:: d_step { lock != NONE -> killed[lock] = true }
		fi;
		atomic { lock == NONE -> lock = STOP };
		/* nsc_api_each(): the newest first; stop_in() */
		n = MOST;
		do
		:: n == 0 -> break
		:: d_step { n > 0 && !made[n] -> n-- }
		:: n > 0 && made[n] ->
			runs[n] = false;
			/* nsc_stop_clean() */
			d_step {
				watcher[n] == NONE ->
				if :: made[n] -> remove(n) :: else fi;
				n--
			}
		od;
		skip;
		/* the administrator is told that nothing runs */
		d_step {
			x = 1;
			do
			:: x <= MOST -> assert(!runs[x]); x++
			:: else -> break
			od;
			x = 0
		};
		/* nsc_turn_end(), and nsc_api_sweep() after it */
end:
		skip
	} unless {
		killed[STOP]
	};
	d_step {
		unlock_all(STOP);
		lives[STOP] = false; killed[STOP] = false;
		n = 0
	}
}

/* --- what can happen at any moment */

active proctype Change()
{
	if
	:: POLICY != KEEP -> config = true
	:: skip
	fi
}

/* Is a process about to end by a signal? */
#define ENDS(p)	(killed[p] && lives[p])

active proctype World()
{
	byte kills = KILLS, v = 0;

	atomic {
		lives[LOGIN(0)] = true; lives[LOGIN(1)] = true;
		lives[LOGIN(2)] = true; lives[STOP] = true;
		run Login(0); run Login(1); run Login(2); run Stop()
	};
	do
	:: kills > 0 ->
		/* a process, or PID 1 of an instance */
		atomic {
			select(v : 0 .. PROCESSES + MOST - 1);
			kills--;
			if
			:: v < PROCESSES && v != LOGIN(2) && v != HELPER(2) &&
			   lives[v] ->
				killed[v] = true; trouble = true
			:: v >= PROCESSES && runs[v - PROCESSES + 1] ->
				runs[v - PROCESSES + 1] = false; trouble = true
			:: else
			fi;
			v = 0
		}
	:: atomic {
		!lives[LOGIN(0)] && !lives[LOGIN(1)] && !lives[STOP] &&
		!ENDS(HELPER(0)) && !ENDS(HELPER(1)) &&
		!ENDS(MONITOR(1)) && !ENDS(MONITOR(2)) && !ENDS(MONITOR(3)) &&
		!ENDS(MONITOR(4)) ->
		quiet = true;
		break
	   }
	od
}
