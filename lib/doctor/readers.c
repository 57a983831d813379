/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Modules that open files of the user on the host, before the login is placed:
 * a FIFO in the place of such a file, or a file server that does not answer,
 * keeps the login program there for ever, as root and outside of the user's
 * limits.  What is in the file is read on the host, too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/fd.h"
#include "util/proc.h"
#include "doctor/doctor.h"
#include "doctor/pam.h"

#define MOUNT_CONF "/etc/security/pam_mount.conf.xml"

/*
 * with: only if an argument begins so; without: not if one does, unless that
 * argument leads into the home.
 */
static const struct {
	const char *module, *with, *without, *reads, *remedy;
} readers[] = {
	{ "pam_env.so", "user_readenv=1", NULL, "~/.pam_environment",
	  "remove user_readenv=1" },
	{ "pam_mail.so", "dir=~", NULL, "the mailbox in the home",
	  "move the line below " NSC_PAM_MODULE },
	{ "pam_mount.so", NULL, NULL, "the file of <luserconf>",
	  "remove <luserconf> from " MOUNT_CONF },
	{ "pam_xauth.so", NULL, NULL, "~/.xauth and ~/.Xauthority",
	  "remove the line: displays of the host are out of reach inside" },
	{ "pam_rhosts.so", NULL, NULL, "~/.rhosts", "remove the line" },
	{ "pam_rhosts_auth.so", NULL, NULL, "~/.rhosts", "remove the line" },
	{ "pam_krb5.so", NULL, NULL, "~/.k5login",
	  "k5login_directory in krb5.conf(5), below /etc" },
	{ "pam_ssh.so", NULL, NULL, "~/.ssh", "remove the line" },
	{ "pam_ssh_agent_auth.so", NULL, "file=", "~/.ssh/authorized_keys",
	  "file= with a path below /etc" },
	{ "pam_google_authenticator.so", NULL, "secret=",
	  "~/.google_authenticator",
	  "secret= with a path below a directory of root, and user=root" },
	{ "pam_oath.so", "usersfile=$", NULL, "the usersfile in the home",
	  "usersfile= with a path below /etc" },
	{ "pam_u2f.so", NULL, "authfile=", "~/.config/Yubico/u2f_keys",
	  "authfile= with a path below /etc" },
	{ "pam_yubico.so", NULL, "authfile=", "~/.yubico",
	  "authfile= with a path below /etc" },
	{ "pam_usb.so", NULL, NULL, "~/.pamusb", "remove the line" },
	{ "pam_pkcs11.so", NULL, NULL, "~/.eid and ~/.ssh",
	  "a mapper in pam_pkcs11.conf that reads no file of the user" },
	{ "pam_p11.so", NULL, NULL, "~/.eid and ~/.ssh", "remove the line" },
	{ "pam_p11_opensc.so", NULL, NULL, "~/.eid", "remove the line" },
	{ "pam_p11_openssh.so", NULL, NULL, "~/.ssh", "remove the line" },
	{ "pam_gnupg.so", NULL, NULL, "~/.pam-gnupg", "remove the line" },
	{ "pam_gnome_keyring.so", NULL, NULL, "the keyrings of the home",
	  "remove the line" },
	{ "pam_kwallet.so", NULL, NULL, "the wallet's salt in the home",
	  "remove the line" },
	{ "pam_kwallet5.so", NULL, NULL, "the wallet's salt in the home",
	  "remove the line" },
	{ "pam_ecryptfs.so", NULL, NULL, "~/.ecryptfs", "remove the line" },
	{ "pam_fscrypt.so", NULL, NULL, "the home", "remove the line" },
};

/* Modules that run a program of the administrator's. */
static const char *const runners[] = { "pam_exec.so", "pam_script.so" };

static const char *find_argument(const struct nsc_pam_line *line,
				 const char *prefix)
{
	for (char **a = line->arguments; a && *a; a++)
		if (!strncmp(*a, prefix, strlen(prefix)))
			return *a;
	return NULL;
}

static bool leads_home(const char *argument)
{
	return strchr(argument, '~') || strstr(argument, "${HOME}") ||
	       strstr(argument, "%h");
}

/* Does pam_mount read a file of the user?  A comment does not count. */
static bool has_luserconf(void)
{
	_cleanup_free_ char *text = NULL;
	const char *at;

	if (nsc_proc_read(MOUNT_CONF, &text, NSC_IGNORE) < 0)
		return true;
	for (at = text; (at = strchr(at, '<')); at++) {
		if (!strncmp(at, "<luserconf", 10))
			return true;
		if (!strncmp(at, "<!--", 4) && !(at = strstr(at, "-->")))
			break;
	}
	return false;
}

static bool reads(const struct nsc_pam_line *line, size_t i)
{
	const char *found;

	if (strcmp(line->module, readers[i].module) != 0 ||
	    (readers[i].with && !find_argument(line, readers[i].with)))
		return false;
	if (!strcmp(line->module, "pam_mount.so"))
		return has_luserconf();
	found = readers[i].without ? find_argument(line, readers[i].without) :
				     NULL;
	return !found || leads_home(found);
}

static void readers_look(struct nsc_doctor *doctor, const char *type,
			 const struct nsc_pam_line *line)
{
	struct nsc_finding f = { .file = line->file, .line = line->number };

	for (size_t i = 0; i < NSC_ARRAY_SIZE(readers); i++) {
		if (!reads(line, i))
			continue;
		f.severity = NSC_RISK;
		f.check = "reads-home";
		f.remedy = readers[i].remedy;
		nsc_doctor_add(doctor, &f, "%s %s %s: reads %s on the host, "
			       "before the login is placed: a FIFO there keeps "
			       "a process of root's for ever", type,
			       line->control, line->module, readers[i].reads);
	}
	for (size_t i = 0; i < NSC_ARRAY_SIZE(runners); i++) {
		if (strcmp(line->module, runners[i]) != 0)
			continue;
		f.severity = NSC_NOTE;
		f.check = "runs-program";
		f.remedy = "see that the program opens no file that the user "
			   "can replace";
		nsc_doctor_add(doctor, &f, "%s %s %s: runs a program as root "
			       "on the host, before the login is placed", type,
			       line->control, line->module);
	}
}

void nsc_doctor_readers(struct nsc_doctor *doctor, const char *service,
			const struct nsc_pam_stack *session, size_t ours)
{
	static const char *const types[] = { "auth", "account" };

	for (size_t i = 0; i < ours; i++)
		readers_look(doctor, "session", &session->lines[i]);
	for (size_t t = 0; t < NSC_ARRAY_SIZE(types); t++) {
		_cleanup_pam_ struct nsc_pam_stack stack = NSC_PAM_STACK_INIT;
		struct nsc_error err = NSC_ERROR_INIT;

		if (nsc_pam_load(service, types[t], &stack, &err) < 0)
			nsc_doctor_blind(doctor, &err);
		for (size_t i = 0; i < stack.n; i++)
			readers_look(doctor, types[t], &stack.lines[i]);
	}
}
