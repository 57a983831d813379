/* SPDX-License-Identifier: Apache-2.0 */
/* nsinit check --all, and the configuration without effect that it names. */
#include "api/api.h"
#include "doctor/commands.h"
#include "doctor/doctor.h"
#include "util/fd.h"
#include "util/paths.h"

static NSC_API_KEYS(all_keys, NSC_KEYS_CHECK_ALL);

/* Tell what a login of the user would meet; NULL: no memory. */
static json_t *check_user(const char *user, const char *conf, bool *refused)
{
	struct nscontainer_error e = NSCONTAINER_ERROR_INIT;
	struct nscontainer_record *record = NULL;
	struct nscontainer *container = NULL;
	const char *result, *text;
	bool contained = false;
	json_t *object;

	if (nscontainer_open_user(user, conf, &container, &e) == 0)
		nscontainer_check(container, &record, &e);
	*refused = !record;
	if (record)
		nscontainer_record_bool(record, "contained", &contained);
	result = !record ? "refused" : contained ? "ok" : "host";
	text = !record ? e.text :
	       nscontainer_record_text(record, contained ? "config" : "reason");
	object = json_pack("{s:s, s:s, s:s}", "user", user, "result", result,
			   "text", text);
	nscontainer_record_free(record);
	nscontainer_close(container);
	return object;
}

int nsc_check_all(const char *conf, struct nscontainer_record **ret,
		  bool *ret_refused, struct nscontainer_error *err)
{
	struct nsc_doctor doctor = {
		.conf_path = conf ? conf : NSC_CONF_PATH, .everybody = true,
		.findings = json_array(), .blind = NSC_ERROR_INIT,
	};
	struct nsc_error e = NSC_ERROR_INIT;
	int error = 0;

	*ret = NULL;
	*ret_refused = false;
	nsc_doctor_find_users(&doctor, NULL);
	for (size_t i = 0; error == 0 && i < doctor.n_patients; i++) {
		bool refused = false;
		json_t *object = check_user(doctor.patients[i].user->name,
					    doctor.conf_path, &refused);

		*ret_refused |= refused;
		error = nsc_api_add(ret, all_keys, object, &e);
	}
	nsc_doctor_release(&doctor);
	return nsc_api_result(error, &e, err);
}

void nsc_check_unused(const char *conf, struct nscontainer_record **ret)
{
	struct nsc_doctor doctor = {
		.conf_path = conf ? conf : NSC_CONF_PATH,
		.findings = json_array(), .blind = NSC_ERROR_INIT,
	};

	nsc_doctor_conf(&doctor);
	/* A broken file is the error of each user. */
	json_array_clear(doctor.findings);
	nsc_doctor_unused(&doctor);
	*ret = nsc_doctor_findings(&doctor);
	nsc_doctor_release(&doctor);
}
