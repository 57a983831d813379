/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit, root of the host. */
#include "container/labels.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/fd.h"
#include "util/library.h"
#include "config.h"

#ifdef HAVE_APPARMOR
#include <sys/apparmor.h>
#define APPARMOR_FUNCTIONS(_) _(aa_is_enabled)
NSC_LIBRARY(apparmor, SONAME_APPARMOR, APPARMOR_FUNCTIONS);
#endif
#ifdef HAVE_SELINUX
#include <selinux/selinux.h>
#define SELINUX_FUNCTIONS(_) _(is_selinux_enabled) _(security_check_context)
NSC_LIBRARY(selinux, SONAME_SELINUX, SELINUX_FUNCTIONS);
#endif

#define PROFILES "/sys/kernel/security/apparmor/profiles"

#if defined(HAVE_APPARMOR) || defined(HAVE_SELINUX)
static int labels_load(struct nsc_library *library,
		       const struct nsc_config *config, const char *key,
		       struct nsc_error *err)
{
	return nsc_library_load(library, err) < 0 ?
		nsc_error_context(err, "%s: context.%s", config->file, key) : 0;
}
#endif

static int labels_refuse(const struct nsc_config *config, const char *key,
			 const char *why, struct nsc_error *err)
{
	return nsc_error_set(err, ENOTSUP, "%s: context.%s: %s", config->file,
			     key, why);
}

#ifdef HAVE_APPARMOR
/* Each line of the list has the form NAME (MODE). */
static bool is_loaded(const char *profile)
{
	_cleanup_file_ FILE *list = fopen(PROFILES, "re");
	size_t len = strlen(profile);
	char line[1024];

	/* securityfs is not mounted; a wrong profile fails when it is set. */
	if (!list)
		return true;
	while (fgets(line, sizeof(line), list))
		if (!strncmp(line, profile, len) &&
		    !strncmp(line + len, " (", 2))
			return true;
	return false;
}
#endif

static int check_apparmor(const struct nsc_config *config,
			  struct nsc_error *err)
{
	const char *profile = config->process.apparmor_profile;

	if (!profile || !*profile)
		return 0;
#ifdef HAVE_APPARMOR
	if (labels_load(&apparmor_library, config, "apparmor_profile", err) < 0)
		return -err->code;
	if (!apparmor.aa_is_enabled())
		return labels_refuse(config, "apparmor_profile",
				     "AppArmor is not active on this host",
				     err);
	if (!is_loaded(profile))
		return nsc_error_set(err, ENOENT, "%s: context."
				     "apparmor_profile: '%s' is not loaded: "
				     "see apparmor_parser(8)", config->file,
				     profile);
	return 0;
#else
	return labels_refuse(config, "apparmor_profile",
			     "this nsinit was built without libapparmor", err);
#endif
}

static int check_context(const struct nsc_config *config, const char *key,
			 const char *label, struct nsc_error *err)
{
	if (!label || !*label)
		return 0;
#ifdef HAVE_SELINUX
	if (labels_load(&selinux_library, config, key, err) < 0)
		return -err->code;
	if (selinux.is_selinux_enabled() != 1)
		return labels_refuse(config, key,
				     "SELinux is not active on this host", err);
	if (selinux.security_check_context(label) < 0)
		return errno != EINVAL ?
			nsc_error_sys(err, errno, "%s: context.%s: ask "
				      "SELinux for '%s'", config->file, key,
				      label) :
			labels_refuse(config, key,
				      "is not a context of the loaded policy",
				      err);
	return 0;
#else
	return labels_refuse(config, key,
			     "this nsinit was built without libselinux", err);
#endif
}

int nsc_labels_check(const struct nsc_config *config, struct nsc_error *err)
{
	int ret = check_apparmor(config, err);

	if (ret == 0)
		ret = check_context(config, "process_label",
				    config->process.selinux_label, err);
	if (ret == 0)
		ret = check_context(config, "mount_label",
				    config->mount_label, err);
	return ret;
}
