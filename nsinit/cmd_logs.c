/* SPDX-License-Identifier: Apache-2.0 */
/* nsinit logs: the session log, an event in a line, the newest last. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "nsinit.h"

struct events {
	char **list;	/* "SECONDS.ORDER TEXT", which sorts by time */
	size_t n;
};

/* In one second, a session opens before it ends. */
static void events_add(struct events *e, int64_t at, bool end,
		       const char *text)
{
	char **grown = reallocarray(e->list, e->n + 1, sizeof(*grown));

	if (!grown)
		abort();
	e->list = grown;
	if (asprintf(&e->list[e->n], "%012lld.%d %s", (long long)at, end,
		     text) < 0)
		abort();
	e->n++;
}

static void events_free(struct events *e)
{
	while (e->n)
		free(e->list[--e->n]);
	free(e->list);
	e->list = NULL;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Why a session ended. */
static void describe_end(const struct nscontainer_record *r, char *text,
			 size_t size)
{
	int64_t signal, status;
	char took[32];

	if (nscontainer_record_int64(r, "signal", &signal) == 0)
		snprintf(text, size, "killed by signal %d (%s)", (int)signal,
			 sigabbrev_np((int)signal) ?
				 sigabbrev_np((int)signal) : "?");
	else if (nscontainer_record_int64(r, "exit", &status) == 0)
		snprintf(text, size, "exit %d", (int)status);
	else
		snprintf(text, size, "ended");
	snprintf(text + strlen(text), size - strlen(text), " after %s",
		 nsinit_duration(r, "duration", took));
}

static void add_session(struct events *e, const struct nscontainer_record *r)
{
	const char *state = nscontainer_record_text(r, "state");
	char text[1024], end[128];
	int64_t opened = 0, took = 0;
	int n = snprintf(text, sizeof(text), "%s %s %s from %s tty %s: ",
			 nscontainer_record_text(r, "user"),
			 nsinit_value(r, "service"),
			 nscontainer_record_text(r, "pid"),
			 nsinit_value(r, "rhost"), nsinit_value(r, "tty"));

	if (n < 0 || (size_t)n >= sizeof(text) - 32)
		return;
	nscontainer_record_int64(r, "opened", &opened);
	nscontainer_record_int64(r, "duration", &took);
	snprintf(text + n, sizeof(text) - (size_t)n, "opened");
	events_add(e, opened, false, text);
	if (!strcmp(state, "open"))
		return;
	describe_end(r, end, sizeof(end));
	snprintf(text + n, sizeof(text) - (size_t)n, "%s",
		 !strcmp(state, "lost") ? "lost: nobody saw its end" : end);
	events_add(e, opened + took, true, text);
}

/* The record, with the event in front. */
static void add_json(struct events *e, int64_t at, const char *event,
		     const struct nscontainer_record *r)
{
	char *text;

	if (asprintf(&text, "{\"event\": \"%s\", %s", event,
		     nsinit_json(r) + 1) < 0)
		abort();
	events_add(e, at, !strcmp(event, "close"), text);
	free(text);
}

static void add_session_json(struct events *e,
			     const struct nscontainer_record *r)
{
	int64_t opened = 0, took = 0;

	nscontainer_record_int64(r, "opened", &opened);
	nscontainer_record_int64(r, "duration", &took);
	if (!strcmp(nscontainer_record_text(r, "state"), "open"))
		add_json(e, opened, "open", r);
	else
		add_json(e, opened + took, "close", r);
}

static void add_refusal(struct events *e, const struct nscontainer_record *r,
			bool json)
{
	char text[2048];
	int64_t at = 0;

	nscontainer_record_int64(r, "at", &at);
	snprintf(text, sizeof(text), "%s %s refused (%s): %s",
		 nscontainer_record_text(r, "user"), nsinit_value(r, "service"),
		 nsinit_value(r, "cause"), nsinit_value(r, "error"));
	if (json)
		add_json(e, at, "refused", r);
	else
		events_add(e, at, false, text);
}

static void add_network(struct events *e, const struct nscontainer_record *r,
			bool json)
{
	const char *port = nscontainer_record_text(r, "port");
	char text[1024];
	int64_t at = 0;

	nscontainer_record_int64(r, "at", &at);
	snprintf(text, sizeof(text), "%s network %s: %s %s%s%s, %s packets",
		 nscontainer_record_text(r, "user"),
		 nscontainer_record_text(r, "action"),
		 nscontainer_record_text(r, "to"),
		 nscontainer_record_text(r, "protocol"),
		 strcmp(port, "0") ? " " : "", strcmp(port, "0") ? port : "",
		 nscontainer_record_text(r, "packets"));
	if (json)
		add_json(e, at, "network", r);
	else
		events_add(e, at, false, text);
}

static int events_read(const struct nscontainer *container, struct events *e,
		       bool json, struct nscontainer_error *err)
{
	struct nscontainer_record *list = NULL, *refused = NULL, *net = NULL;
	const struct nscontainer_record *r;
	int ret = nscontainer_history(container, &list, err);

	if (ret == 0)
		ret = nscontainer_refusals(container, &refused, err);
	if (ret == 0)
		ret = nscontainer_network_log(container, &net, err);
	for (r = list; r; r = nscontainer_record_next(r))
		(json ? add_session_json : add_session)(e, r);
	for (r = refused; r; r = nscontainer_record_next(r))
		add_refusal(e, r, json);
	nscontainer_record_free(list);
	for (r = net; r; r = nscontainer_record_next(r))
		add_network(e, r, json);
	nscontainer_record_free(refused);
	nscontainer_record_free(net);
	if (e->n)
		qsort(e->list, e->n, sizeof(*e->list), by_text);
	return ret;
}

/* Print what the last look did not have. */
static void events_print(const struct events *now, const struct events *before,
			 bool json)
{
	for (size_t i = 0; i < now->n; i++) {
		time_t at = (time_t)strtoll(now->list[i], NULL, 10);
		const char *text = strchr(now->list[i], ' ');
		struct tm tm;
		char when[32];

		if (before->n &&
		    bsearch(&now->list[i], before->list, before->n,
			    sizeof(*before->list), by_text))
			continue;
		if (json) {
			puts(text + 1);
			continue;
		}
		if (!localtime_r(&at, &tm) ||
		    !strftime(when, sizeof(when), "%F %T", &tm))
			strcpy(when, "-");
		printf("%s%s\n", when, text);
	}
	fflush(stdout);
}

static int logs_run(const struct nsinit_options *options,
		    const struct nscontainer *container)
{
	const char *user = options->arguments[0];
	int status = NSINIT_OK;
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	struct events before = { NULL, 0 };
	int ret;

	do {
		struct events now = { NULL, 0 };

		ret = events_read(container, &now, options->json, &err);
		if (ret == 0) {
			events_print(&now, &before, options->json);
			status = nsinit_noted(user, now.n, NSINIT_OK);
		}
		events_free(&before);
		before = now;
	} while (ret == 0 && status == NSINIT_OK && options->follow &&
		 !ferror(stdout) && sleep(1) == 0);
	events_free(&before);
	return ret < 0 ? nsinit_fail(&err, NSINIT_FAILED) : status;
}

int nsinit_logs(const struct nsinit_options *options)
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	struct nscontainer *container = NULL;
	int ret = options->n_arguments ?
			  nsinit_open(options, &container, &err) : 0;

	ret = ret < 0 ? nsinit_fail(&err, NSINIT_FAILED) :
			logs_run(options, container);
	nscontainer_close(container);
	return ret;
}
