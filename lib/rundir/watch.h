/*
 * What container-monitor is told about its container: a file in the run
 * directory, "watch" (0600), lines of a key and a number.  Written by the
 * builder; a monitor that takes the place of a killed one reads the same.
 */
#ifndef NSC_RUNDIR_WATCH_H
#define NSC_RUNDIR_WATCH_H

#include "util/error.h"
#include "policy/lifecycle.h"

struct nsc_watch {
	unsigned int pid;	/* of PID 1, as the host sees it */
	unsigned int own_init;	/* 1: it is a program of the rootfs */
	unsigned int external;	/* 1: another engine's, never ended here */
	unsigned int helper;	/* pid inside of what carries the network */
	unsigned int generation;	/* 0: it has none */
	struct nsc_lifecycle lifecycle;
};

int nsc_watch_save(int rundir, const struct nsc_watch *watch,
		   struct nsc_error *err);

/* A key that is missing is 0. */
int nsc_watch_load(int rundir, struct nsc_watch *ret, struct nsc_error *err);

#endif
