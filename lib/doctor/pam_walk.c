/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walk through a stack as libpam does: the controls of its lines, and the ways
 * through it (libpam/pam_dispatch.c of Linux-PAM).
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util/fd.h"
#include "doctor/pam.h"

#define JUMP_MAX 1024

struct outcome {
	enum nsc_pam_action action;
	unsigned int jump;
};

static struct outcome outcome_of(const char *word, size_t len)
{
	static const struct {
		const char *name;
		enum nsc_pam_action action;
	} names[] = {
		{ "ok", NSC_PAM_OK }, { "done", NSC_PAM_DONE },
		{ "bad", NSC_PAM_BAD }, { "die", NSC_PAM_DIE },
		{ "ignore", NSC_PAM_IGNORE }, { "reset", NSC_PAM_RESET },
	};

	if (len && isdigit((unsigned char)*word)) {
		unsigned long n = strtoul(word, NULL, 10);

		return (struct outcome){ n ? NSC_PAM_JUMP : NSC_PAM_IGNORE,
					 n > JUMP_MAX ? JUMP_MAX :
							 (unsigned int)n };
	}
	for (size_t i = 0; i < NSC_ARRAY_SIZE(names); i++)
		if (strlen(names[i].name) == len &&
		    !strncasecmp(names[i].name, word, len))
			return (struct outcome){ names[i].action, 0 };
	return (struct outcome){ NSC_PAM_BAD, 0 };
}

static const struct {
	const char *name;
	const char *long_form;
} words[] = {
	{ "required", "[success=ok new_authtok_reqd=ok ignore=ignore "
		      "default=bad]" },
	{ "requisite", "[success=ok new_authtok_reqd=ok ignore=ignore "
		       "default=die]" },
	{ "sufficient", "[success=done new_authtok_reqd=done "
			"default=ignore]" },
	{ "optional", "[success=ok new_authtok_reqd=ok default=ignore]" },
};

static const char *long_form(const char *control)
{
	for (size_t i = 0; i < NSC_ARRAY_SIZE(words); i++)
		if (!strcasecmp(words[i].name, control))
			return words[i].long_form;
	return control;
}

/* The next "name=action" of a control in brackets; false at the end. */
static bool next_outcome(const char **at, const char **ret_name,
			 size_t *ret_len, struct outcome *ret)
{
	const char *p = *at + strspn(*at, "[ \t");
	size_t len = strcspn(p, "= \t]"), action;

	if (p[len] != '=')
		return false;
	*ret_name = p;
	*ret_len = len;
	p += len + 1;
	action = strcspn(p, " \t]");
	*ret = outcome_of(p, action);
	*at = p + action;
	return true;
}

static struct outcome find_outcome(const char *control, const char *result)
{
	const char *at = long_form(control), *name;
	/* A result that control does not name counts as "bad". */
	struct outcome outcome, found = { NSC_PAM_BAD, 0 };
	size_t len;

	while (next_outcome(&at, &name, &len, &outcome)) {
		if (len == strlen(result) && !strncasecmp(name, result, len))
			return outcome;
		if (len == strlen("default") &&
		    !strncasecmp(name, "default", len))
			found = outcome;
	}
	return found;
}

enum nsc_pam_action nsc_pam_action(const char *control, const char *result)
{
	return find_outcome(control, result).action;
}

/* The first line after the substack that line i is in. */
static size_t end_of(const struct nsc_pam_stack *stack, size_t i)
{
	size_t k = i + 1;

	while (k < stack->n && stack->lines[k].level >= stack->lines[i].level)
		k++;
	return k;
}

/*
 * The line at which PAM continues after this outcome of line i.  A jump that is
 * left over leads beyond the stack.
 */
static size_t next_after(const struct nsc_pam_stack *stack, size_t i,
			 struct outcome *outcome)
{
	unsigned int level = stack->lines[i].level;
	size_t end = end_of(stack, i), to = i + 1;

	if (outcome->action == NSC_PAM_DONE || outcome->action == NSC_PAM_DIE)
		return end;
	while (outcome->action == NSC_PAM_JUMP && to < end && outcome->jump) {
		outcome->jump -= stack->lines[to++].level == level;
		while (to < end && stack->lines[to].level > level)
			to++;
	}
	return to;
}

bool nsc_pam_passes_over(const struct nsc_pam_stack *stack, size_t i, size_t k)
{
	const char *at = long_form(stack->lines[i].control), *name;
	struct outcome outcome;
	size_t len;

	while (next_outcome(&at, &name, &len, &outcome))
		if (outcome.action != NSC_PAM_DIE &&
		    next_after(stack, i, &outcome) > k)
			return true;
	return false;
}

/* The only result that the line's module can have; NULL: any. */
static const char *only_result(const struct nsc_pam_stack *stack, size_t i)
{
	const struct nsc_pam_line *line = &stack->lines[i];

	if (line->wrong)
		return "module_unknown";
	if (!strcmp(line->module, "pam_permit.so"))
		return "success";
	if (!strcmp(line->module, "pam_deny.so"))
		return !strcmp(stack->type, "session") ? "session_err" :
							 "auth_err";
	return NULL;
}

#define RESULTS_MAX 64

struct result {
	struct outcome outcome;
	bool success;
};

/* All results that line i may have. */
static size_t results_of(const struct nsc_pam_stack *stack, size_t i,
			 struct result results[RESULTS_MAX])
{
	const char *control = stack->lines[i].control;
	const char *only = only_result(stack, i), *name;
	const char *at = long_form(control);
	struct outcome outcome;
	size_t n = 0, len;

	results[n++] = (struct result){
		find_outcome(control, only ? only : "success"),
		!only || !strcmp(only, "success"),
	};
	if (only)
		return n;
	/* No result has this name, so that it gets the default. */
	results[n++] = (struct result){ find_outcome(control, "?"), false };
	while (n < RESULTS_MAX && next_outcome(&at, &name, &len, &outcome))
		if (len != strlen("success") ||
		    strncasecmp(name, "success", len) != 0)
			results[n++] = (struct result){ outcome, false };
	return n;
}

/* Does the result make PAM fail, whatever comes later except a "reset"? */
static bool fails(const struct result *result)
{
	enum nsc_pam_action action = result->outcome.action;

	return action == NSC_PAM_BAD || action == NSC_PAM_DIE ||
	       (!result->success &&
		(action == NSC_PAM_OK || action == NSC_PAM_DONE));
}

/* The result that PAM would return so far. */
enum verdict { UNDECIDED, POSITIVE, NEGATIVE, VERDICTS };

struct place {
	size_t i;		/* the next line */
	enum verdict verdict;
	bool called;		/* ours was, with success */
};

struct walk {
	const struct nsc_pam_stack *stack;
	size_t ours;
	bool (*seen)[VERDICTS][2];
	const struct nsc_pam_line *without;	/* this one is skipped */
	struct nsc_pam_ends ends;
};

static struct place after(const struct walk *w, struct place at,
			  const struct result *result)
{
	struct outcome outcome = result->outcome;
	enum nsc_pam_action action = outcome.action;
	struct place to = at;

	/* After a failure, "done" does not end the stack. */
	if (action == NSC_PAM_DONE && at.verdict == NEGATIVE)
		outcome.action = NSC_PAM_OK;
	to.i = next_after(w->stack, at.i, &outcome);
	to.called = at.called || (result->success && at.i == w->ours);
	if (fails(result) || (action == NSC_PAM_JUMP && outcome.jump))
		to.verdict = NEGATIVE;
	else if (action == NSC_PAM_RESET)
		to.verdict = UNDECIDED;
	else if ((action == NSC_PAM_OK || action == NSC_PAM_DONE) &&
		 at.verdict == UNDECIDED)
		to.verdict = POSITIVE;
	return to;
}

static void walk_from(struct walk *w, struct place at)
{
	struct result results[RESULTS_MAX];
	bool *seen;
	size_t n;

	/* A line with no module begins a substack. */
	while (at.i < w->stack->n && (!*w->stack->lines[at.i].module ||
				      &w->stack->lines[at.i] == w->without))
		at.i++;
	if (at.i >= w->stack->n) {
		w->ends.inside |= at.verdict == POSITIVE && at.called;
		w->ends.outside |= at.verdict == POSITIVE && !at.called;
		return;
	}
	seen = &w->seen[at.i][at.verdict][at.called];
	if (*seen)
		return;
	*seen = true;
	n = results_of(w->stack, at.i, results);
	for (size_t k = 0; k < n; k++)
		walk_from(w, after(w, at, &results[k]));
}

static struct nsc_pam_ends walk_without(const struct nsc_pam_line *without,
					const struct nsc_pam_stack *stack,
					size_t ours)
{
	struct walk w = { .stack = stack, .ours = ours, .without = without };

	w.seen = calloc(stack->n + 1, sizeof(*w.seen));
	if (!w.seen)
		return (struct nsc_pam_ends){ .inside = true, .outside = true };
	walk_from(&w, (struct place){ .verdict = UNDECIDED });
	free(w.seen);
	return w.ends;
}

struct nsc_pam_ends nsc_pam_walk(const struct nsc_pam_stack *stack, size_t ours)
{
	struct nsc_pam_ends ends = walk_without(NULL, stack, ours);
	struct nsc_pam_ends other;

	if (ends.inside || ends.outside || !stack->lines)
		return ends;
	for (size_t i = 0; i < stack->n && !ends.barrier; i++) {
		other = walk_without(&stack->lines[i], stack, ours);
		if (other.inside || other.outside)
			ends.barrier = &stack->lines[i];
	}
	/* More than one. */
	for (const struct nsc_pam_line *l = stack->lines;
	     l && l < stack->lines + stack->n && !ends.barrier; l++)
		if (l->wrong)
			ends.barrier = l;
	return ends;
}

int nsc_pam_shut(const struct nsc_pam_stack *stack,
		 const struct nsc_pam_line *barrier, const char *service,
		 struct nsc_error *err)
{
	if (!barrier)
		return nsc_error_set(err, EPERM, "%s: no way leads through its "
				     "%s lines: nobody gets in by '%s'",
				     stack->path, stack->type, service);
	return nsc_error_set(err, EPERM, "%s %s %s: %s: nobody gets in by '%s'",
			     stack->type, barrier->control, barrier->module,
			     barrier->wrong ? barrier->wrong :
					      "leads to no success", service);
}
