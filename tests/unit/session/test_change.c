/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/session/change.c: what becomes of a running container whose configuration
 * has changed.
 */
#include "unit.h"

#include <errno.h>

#include "policy/conf.h"
#include "session/change.h"
#include "util/fd.h"

#define UID 1000

static const char *digest;	/* of the configuration; NULL: none */
static int renamed;		/* uid of the name in the state; or -errno */
static struct nsc_home_id home;

int __wrap_nsc_digest_make(const struct nsc_digest_source *source,
			   char ret[NSC_DIGEST_SIZE], struct nsc_error *err);
int __wrap_nsc_digest_make(const struct nsc_digest_source *source,
			   char ret[NSC_DIGEST_SIZE], struct nsc_error *err)
{
	if (!digest)
		return nsc_error_sys(err, EIO, "digest");
	ck_assert_str_eq(source->dir, "/etc/x");
	ck_assert_str_eq(source->seccomp, "default");
	ck_assert_uint_eq(source->content, 77);
	strcpy(ret, digest);
	return 0;
}

int __wrap_nsc_user_uid(const char *name, uid_t *ret);
int __wrap_nsc_user_uid(const char *name, uid_t *ret)
{
	ck_assert_str_eq(name, "before");
	*ret = (uid_t)renamed;
	return renamed < 0 ? renamed : 0;
}

struct nsc_home_id __wrap_nsc_home_identify(const struct nsc_user *user);
struct nsc_home_id __wrap_nsc_home_identify(const struct nsc_user *user)
{
	(void)user;
	return home;
}

enum {
	KEEP = NSC_ON_CHANGE_KEEP, DRAIN = NSC_ON_CHANGE_DRAIN,
	RECYCLE = NSC_ON_CHANGE_RECYCLE, HOST = NSC_ON_CHANGE_HOST,
};

struct change {
	const char *name, *now;		/* "old": the container's digest */
	unsigned int own, hosts;	/* on_change */
	bool exclusive, other_version;
	int renamed;			/* 0: the name is the user's */
	enum nsc_renewal expected;
};

static const struct change changes[] = {
	{ "the same", "old", DRAIN, DRAIN, .expected = NSC_RENEWAL_NONE },
	{ "keeps", "new", KEEP, DRAIN, .expected = NSC_RENEWAL_NONE },
	{ "drains", "new", DRAIN, KEEP, .expected = NSC_RENEWAL_DRAIN },
	{ "recycles", "new", RECYCLE, KEEP, .expected = NSC_RENEWAL_RECYCLE },
	{ "the host keeps", "new", HOST, KEEP, .expected = NSC_RENEWAL_NONE },
	{ "the host drains", "new", HOST, DRAIN,
	  .expected = NSC_RENEWAL_DRAIN },
	{ "the host recycles", "new", HOST, RECYCLE,
	  .expected = NSC_RENEWAL_RECYCLE },
	{ "cannot be beside another", "new", DRAIN, KEEP, .exclusive = true,
	  .expected = NSC_RENEWAL_RECYCLE },
	{ "cannot, and keeps", "new", KEEP, DRAIN, .exclusive = true,
	  .expected = NSC_RENEWAL_NONE },
	{ "cannot be read", NULL, DRAIN, DRAIN,
	  .expected = NSC_RENEWAL_NONE },
	{ "another version", "old", KEEP, KEEP, .other_version = true,
	  .expected = NSC_RENEWAL_DRAIN },
	{ "another version of one that is alone", "old", KEEP, KEEP,
	  .exclusive = true, .other_version = true,
	  .expected = NSC_RENEWAL_RECYCLE },
	{ "another's", "new", KEEP, KEEP, .renamed = UID + 1,
	  .expected = NSC_RENEWAL_REPLACE },
	{ "another's, of another version", "old", KEEP, KEEP,
	  .other_version = true, .renamed = UID + 1,
	  .expected = NSC_RENEWAL_REPLACE },
	{ "another name, and nothing has changed", "old", KEEP, KEEP,
	  .renamed = UID + 1, .expected = NSC_RENEWAL_NONE },
	{ "a second name of the user", "new", KEEP, KEEP, .renamed = UID,
	  .expected = NSC_RENEWAL_NONE },
	{ "the user has another name now", "new", DRAIN, KEEP,
	  .renamed = -ENOENT, .expected = NSC_RENEWAL_DRAIN },
};

START_TEST(renewals)
{
	const struct change *c = &changes[_i];
	char old[] = "old", alone[] = "overlay", name[] = "alice",
	     before[] = "before", seccomp[] = "default", dir[] = "/etc/x";
	struct nsc_conf conf = { .on_change = c->hosts };
	struct nsc_policy policy = {
		.conf = &conf, .dir = dir, .content = 77,
	};
	struct nsc_user user = { .name = name, .uid = UID };
	struct nsc_state state = {
		.user = c->renamed ? before : name, .digest = old,
		.on_change = c->own, .seccomp = seccomp,
		.exclusive = c->exclusive ? alone : NULL,
		.other_version = c->other_version,
	};
	struct nsc_session session = { .state = &state };
	const struct nsc_session_request request = {
		.policy = &policy, .user = &user,
	};

	digest = c->now;
	renamed = c->renamed;
	ck_assert_msg(nsc_change_renewal(&request, &session) == c->expected,
		      "%s", c->name);
	ck_assert_int_eq(session.changed, c->now && !strcmp(c->now, "new"));
}
END_TEST

START_TEST(homes)
{
	struct nsc_state state = { .home_id = { 1, 2 } };
	struct nsc_user user = { .uid = UID };

	home = state.home_id;
	ck_assert(!nsc_change_of_home(&state, &user));
	home.inode++;
	ck_assert(nsc_change_of_home(&state, &user));
	state.other_version = true;
	ck_assert(!nsc_change_of_home(&state, &user));
}
END_TEST

START_TEST(note)
{
	struct nsc_state state = { .generation = 3 };
	struct nsc_session session = { .state = &state };

	nsc_change_note_kept(&session, "it has sessions");
	ck_assert(session.changed);
	ck_assert_str_eq(session.note, "joins generation 3 of the container, "
			 "although its configuration has changed: it has "
			 "sessions");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("change");
	TCase *tcase = unit_case("change");

	tcase_add_loop_test(tcase, renewals, 0, NSC_ARRAY_SIZE(changes));
	tcase_add_test(tcase, homes);
	tcase_add_test(tcase, note);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
