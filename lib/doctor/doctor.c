/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/doctor.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "doctor/checks.h"
#include "doctor/commands.h"
#include "util/fd.h"
#include "util/text.h"
#include "util/paths.h"

static NSC_API_KEYS(doctor_keys, NSC_KEYS_DOCTOR);
static const char *const severities[] = { "hole", "risk", "note" };

#define NAME(name, meaning) name,
static const char *const names[] = { NSC_DOCTOR_CHECKS(NAME) };
#undef NAME

/* The order matters: later examinations use results of earlier ones. */
static void (*const examinations[])(struct nsc_doctor *doctor) = {
	nsc_doctor_conf,
	nsc_doctor_unused,
	nsc_doctor_users,
	nsc_doctor_caught,
	nsc_doctor_break_glass,
	nsc_doctor_stacks,
	nsc_doctor_sshd,
	nsc_doctor_host,
	nsc_doctor_orphans,
};

static bool same_text(const json_t *a, const char *key, const char *text)
{
	const char *value = json_string_value(json_object_get(a, key));

	return value ? text && !strcmp(value, text) : !text;
}

static json_t *doctor_find(const json_t *findings, const struct nsc_finding *f,
			   const char *text)
{
	json_t *found;
	size_t i;

	json_array_foreach(findings, i, found)
		if (same_text(found, "check", f->check) &&
		    same_text(found, "file", f->file) &&
		    same_text(found, "text", text) &&
		    json_integer_value(json_object_get(found, "line")) ==
		    f->line)
			return found;
	return NULL;
}

static void doctor_add_user(json_t *finding, const char *user)
{
	json_t *users = json_object_get(finding, "users"), *name;
	size_t i;

	json_array_foreach(users, i, name)
		if (!strcmp(json_string_value(name), user))
			return;
	json_array_append_new(users, json_string(user));
}

/* A name without a line in the table is no interface: no script knows it. */
static void require_name(struct nsc_doctor *doctor, const char *name)
{
	struct nsc_error err = NSC_ERROR_INIT;

	for (size_t i = 0; i < NSC_ARRAY_SIZE(names); i++)
		if (!strcmp(names[i], name))
			return;
	nsc_error_set(&err, EPROTO, "a finding has the unknown name '%s'",
		      name);
	nsc_doctor_blind(doctor, &err);
}

void nsc_doctor_add(struct nsc_doctor *doctor, const struct nsc_finding *f,
		    const char *fmt, ...)
{
	char text[1024], escaped[2048], remedy[512];
	json_t *finding;
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	require_name(doctor, f->check);
	nsc_text_escape(text, escaped, sizeof(escaped));
	nsc_text_escape(f->remedy, remedy, sizeof(remedy));
	finding = doctor_find(doctor->findings, f, escaped);
	if (!finding) {
		finding = json_pack("{s:s, s:s, s:s?, s:i, s:s, s:s, s:[]}",
				    "severity", severities[f->severity],
				    "check", f->check, "file", f->file,
				    "line", (int)f->line, "text", escaped,
				    "remedy", remedy, "users");
		json_array_append_new(doctor->findings, finding);
	}
	if (finding && f->user)
		doctor_add_user(finding, f->user);
}

void nsc_doctor_blind(struct nsc_doctor *doctor, const struct nsc_error *err)
{
	if (!doctor->blind.code)
		doctor->blind = *err;
}

/* Sort the findings by severity, and otherwise by the order of discovery. */
struct nscontainer_record *nsc_doctor_findings(const struct nsc_doctor *doctor)
{
	const json_t *findings = doctor->findings;
	struct nscontainer_record *list = NULL;
	json_t *finding;
	size_t i;

	for (size_t s = 0; s < NSC_ARRAY_SIZE(severities); s++)
		json_array_foreach(findings, i, finding)
			if (same_text(finding, "severity", severities[s]))
				nsc_api_add(&list, doctor_keys,
					    json_incref(finding), NSC_IGNORE);
	return list;
}

void nsc_doctor_release(struct nsc_doctor *doctor)
{
	for (size_t i = 0; i < doctor->n_patients; i++) {
		nsc_user_free(doctor->patients[i].user);
		nsc_policy_free(doctor->patients[i].policy);
	}
	free(doctor->patients);
	nsc_conf_free(doctor->conf);
	json_decref(doctor->findings);
}

int nsc_doctor_run(const char *conf, const char *const *users,
		   struct nscontainer_record **ret,
		   struct nscontainer_error *err)
{
	struct nsc_doctor doctor = {
		.conf_path = conf ? conf : NSC_CONF_PATH,
		.findings = json_array(), .blind = NSC_ERROR_INIT,
	};

	nsc_doctor_find_users(&doctor, users);
	for (size_t i = 0; i < NSC_ARRAY_SIZE(examinations); i++)
		examinations[i](&doctor);
	*ret = nsc_doctor_findings(&doctor);
	nsc_doctor_release(&doctor);
	return nsc_api_result(-doctor.blind.code, &doctor.blind, err);
}
