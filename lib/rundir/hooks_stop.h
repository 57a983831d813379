/* The hooks at a container's end, from its run directory. */
#ifndef NSC_RUNDIR_HOOKS_STOP_H
#define NSC_RUNDIR_HOOKS_STOP_H

/* The most that the file may hold: nothing is written that is not run. */
#define NSC_HOOKS_MAX ((size_t)64 * 1024)

/*
 * Run what nsc_hooks_save() wrote there, once, and remove the file.  Nothing
 * can be refused any more, so failures are logged to syslog.
 */
void nsc_hooks_stop(int rundir);

#endif
