/* SPDX-License-Identifier: Apache-2.0 */
/* lib/doctor/pam.c, lib/policy/pam_options.c. */
#include "unit.h"

#include <errno.h>

#include "util/fd.h"
#include "doctor/pam.h"

static struct nsc_error err;

static const struct {
	const char *control, *result;
	enum nsc_pam_action expected;
} controls[] = {
	{ "required", "success", NSC_PAM_OK },
	{ "Required", "session_err", NSC_PAM_BAD },
	{ "requisite", "session_err", NSC_PAM_DIE },
	{ "optional", "session_err", NSC_PAM_IGNORE },
	{ "sufficient", "success", NSC_PAM_DONE },
	{ "sufficient", "session_err", NSC_PAM_IGNORE },
	{ "[success=ok default=bad]", "session_err", NSC_PAM_BAD },
	{ "[default=die success=done]", "success", NSC_PAM_DONE },
	{ "[session_err=2 default=bad]", "session_err", NSC_PAM_JUMP },
	{ "[session_err=0 default=bad]", "session_err", NSC_PAM_IGNORE },
	{ "[new_session_err=ok default=die]", "session_err", NSC_PAM_DIE },
	{ "[success=ok]", "session_err", NSC_PAM_BAD },
	{ "[session_err=rubbish]", "session_err", NSC_PAM_BAD },
	{ "[", "success", NSC_PAM_BAD },
	{ "rubbish", "success", NSC_PAM_BAD },
};

START_TEST(control_means_what_libpam_does)
{
	ck_assert_msg(nsc_pam_action(controls[_i].control,
				     controls[_i].result) ==
		      controls[_i].expected, "%s %s", controls[_i].control,
		      controls[_i].result);
}
END_TEST

/* Lines of the form "level control"; the last one is our module. */
static const struct {
	bool expected;
	const char *lines[6];
} stacks[] = {
	{ true, { "0 sufficient", "0 required" } },
	{ false, { "0 required", "0 required" } },
	{ false, { "0 optional", "0 required" } },
	{ true, { "0 [success=1 default=ignore]", "0 required" } },
	{ false, { "0 [success=1 default=bad]", "0 requisite", "0 required" } },
	{ true, { "0 [default=2]", "0 requisite", "0 required" } },
	{ true, { "0 [default=999999999999999999999]", "0 required" } },
	/* A substack counts as one module, and can end only itself. */
	{ false, { "0 [default=1]", "0 substack", "1 required",
		   "0 required" } },
	{ true, { "0 [default=2]", "0 substack", "1 required",
		  "0 required" } },
	{ false, { "1 sufficient", "0 required" } },
	{ false, { "1 [default=7]", "0 required" } },
	{ true, { "1 sufficient", "1 required" } },
	{ true, { "0 sufficient", "0 substack", "1 required" } },
	{ true, { "0 [perm_denied=1 default=bad]", "0 required" } },
};

START_TEST(passing_over)
{
	struct nsc_pam_line lines[6] = { { .level = 0 } };
	struct nsc_pam_stack stack = { .lines = lines };

	for (; stack.n < 6 && stacks[_i].lines[stack.n]; stack.n++) {
		const char *text = stacks[_i].lines[stack.n];

		lines[stack.n].level = (unsigned int)(text[0] - '0');
		lines[stack.n].control = (char *)(uintptr_t)(text + 2);
	}
	ck_assert_msg(nsc_pam_passes_over(&stack, 0, stack.n - 1) ==
		      stacks[_i].expected, "%s", stacks[_i].lines[0]);
}
END_TEST

START_TEST(services_are_names)
{
	static const char *const wrong[] = { "", "../passwd", "/etc/passwd" };
	struct nsc_pam_stack stack = NSC_PAM_STACK_INIT;

	for (size_t i = 0; i < NSC_ARRAY_SIZE(wrong); i++)
		ck_assert_int_eq(nsc_pam_load(wrong[i], "session", &stack,
					      &err),
				 -EINVAL);
	ck_assert_int_eq(nsc_pam_load("no-such-service", "session", &stack,
				      &err),
			 -ENOENT);
}
END_TEST

/* A mistake in one argument does not affect the others. */
START_TEST(options_after_a_mistake)
{
	const char *argv[] = { "rubbish", "break_glass=staff", "conf=x",
			       "mode=audit" };
	struct nsc_pam_options options;

	ck_assert_int_eq(nsc_pam_options_parse(4, argv, &options, &err),
			 -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "'rubbish': unknown"));
	ck_assert_str_eq(options.break_glass, "staff");
	ck_assert_int_eq(options.mode, NSC_MODE_AUDIT);
	ck_assert(options.has_mode);
	ck_assert_int_eq(options.conf[0], '/');
	argv[0] = "break_glass=";
	ck_assert_int_eq(nsc_pam_options_parse(1, argv, &options, &err),
			 -EINVAL);
	ck_assert_str_eq(options.break_glass, NSC_BREAK_GLASS);
	argv[0] = "mode=off";
	ck_assert_int_eq(nsc_pam_options_parse(1, argv, &options, &err),
			 -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "expected enforce or audit"));
	ck_assert(!options.has_mode);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("doctor");
	TCase *pam = unit_case("pam");

	tcase_add_loop_test(pam, control_means_what_libpam_does, 0,
			    NSC_ARRAY_SIZE(controls));
	tcase_add_loop_test(pam, passing_over, 0, NSC_ARRAY_SIZE(stacks));
	tcase_add_test(pam, services_are_names);
	tcase_add_test(pam, options_after_a_mistake);
	suite_add_tcase(suite, pam);
	return unit_run(suite);
}
