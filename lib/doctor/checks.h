/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of doctor's findings: an interface for scripts, see
 * docs/design/0067-what-a-release-promises.md.  A name keeps its meaning;
 * nsc_doctor_add() refuses one that is not here, and nsinit(8) has this table.
 */
#ifndef NSC_DOCTOR_CHECKS_H
#define NSC_DOCTOR_CHECKS_H

#define NSC_DOCTOR_CHECKS(CHECK) \
	CHECK("accepted", "a danger that accept in container.json allows") \
	CHECK("acceptenv", "sshd takes variables of the client that change " \
	      "what programs do") \
	CHECK("after", "a module of PAM after pam_container needs the host") \
	CHECK("allowagentforwarding", "sshd forwards agents without a shell") \
	CHECK("allowstreamlocalforwarding", "sshd forwards sockets without a " \
	      "shell") \
	CHECK("allowtcpforwarding", "sshd forwards ports without a shell") \
	CHECK("arguments", "wrong arguments of pam_container") \
	CHECK("audit", "mode is \"audit\"") \
	CHECK("audit-argument", "the argument mode=audit of pam_container") \
	CHECK("break-glass-contained", "a user with a container.json is in " \
	      "the break-glass group") \
	CHECK("break-glass-empty", "the break-glass group has no member, or " \
	      "does not exist") \
	CHECK("chrootdirectory", "sshd looks up ChrootDirectory inside") \
	CHECK("contains", "whom a file in default/ or groups/ contains") \
	CHECK("contains-system", "the accounts of the system that it " \
	      "contains") \
	CHECK("control", "the control of pam_container lets a refused login " \
	      "go on") \
	CHECK("control-ends", "the control of pam_container skips the " \
	      "modules after it") \
	CHECK("daemon-without-pam", "a program that lets users in without " \
	      "PAM") \
	CHECK("exempt", "a user with a container.json is exempt") \
	CHECK("exempt-service", "exempt_services lets contained users out") \
	CHECK("forcecommand", "sshd runs ForceCommand inside, or by itself") \
	CHECK("id-in-pool", "a uid of a user is in the pool of ids") \
	CHECK("kept-of-another", "what is kept of a user is not this " \
	      "account's") \
	CHECK("kernel", "the kernel lacks something") \
	CHECK("no-container-json", "a directory for a container without " \
	      "container.json") \
	CHECK("nobody-gets-in", "the stack of a PAM service cannot succeed") \
	CHECK("not-examined", "users or services that were not examined") \
	CHECK("not-listed", "a PAM service without pam_container") \
	CHECK("not-read", "a file or directory that nothing reads") \
	CHECK("nsshell-in-audit", "mode is \"audit\", and the login shell is " \
	      "nsshell") \
	CHECK("nsshell-not-listed", "/etc/shells lacks nsshell") \
	CHECK("nsshell-without-acl", "nsshell needs access control lists") \
	CHECK("nsshell-without-container", "the login shell is nsshell, and " \
	      "there is no container.json") \
	CHECK("on-error-host", "on_error is \"host\"") \
	CHECK("orphan", "homes or layers are kept of nobody") \
	CHECK("other-conf", "pam_container reads another nscontainer.conf") \
	CHECK("passed-over", "a line of PAM skips pam_container") \
	CHECK("permittunnel", "sshd makes tunnels without a shell") \
	CHECK("permituserenvironment", "sshd takes variables of the user " \
	      "that change what programs do") \
	CHECK("permituserrc", "sshd runs ~/.ssh/rc") \
	CHECK("reads-home", "a module of PAM reads files of the user on the " \
	      "host") \
	CHECK("refused", "a login would be refused") \
	CHECK("root-contained", "root's own logins are contained") \
	CHECK("runs-program", "a module of PAM runs a program on the host") \
	CHECK("subsystem sftp", "sshd serves sftp itself") \
	CHECK("unknown-group", "there is no group of this name") \
	CHECK("unknown-service", "there is no PAM service of this name") \
	CHECK("unknown-user", "there is no user of this name") \
	CHECK("untrusted-file", "a file or directory that others may write") \
	CHECK("usepam", "sshd does not use PAM") \
	CHECK("x11forwarding", "sshd forwards X11 without a shell")

#endif
