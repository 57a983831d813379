/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For test_relay.c, which includes it after it has said what 'the' test is: the
 * programs that run on the inner terminal of a relay.
 */
#ifndef NSC_TESTS_RELAY_PROGRAMS_H
#define NSC_TESTS_RELAY_PROGRAMS_H

static void say(const char *text)
{
	(void)!write(1, text, strlen(text));
}

static void make_raw(void)
{
	struct termios modes;

	tcgetattr(0, &modes);
	cfmakeraw(&modes);
	tcsetattr(0, TCSANOW, &modes);
	say("ready");
}

static void write_pattern(void)
{
	char data[1000];

	make_raw();
	for (size_t at = 0; at < MIB;) {
		size_t n = 0;
		ssize_t written;

		while (n < sizeof(data) && at + n < MIB) {
			data[n] = pattern(at + n);
			n++;
		}
		written = write(1, data, n);
		if (written <= 0)
			_exit(1);
		at += (size_t)written;
	}
	_exit(7);
}

/* Report the number of correct bytes. */
static void read_pattern(void)
{
	char data[3000], text[32];
	size_t at = 0;
	ssize_t n;

	make_raw();
	while (at < MIB && (n = read(0, data, sizeof(data))) > 0)
		for (ssize_t i = 0; i < n; i++, at++)
			if (data[i] != pattern(at)) {
				snprintf(text, sizeof(text), "wrong at %zu.",
					 at);
				say(text);
				_exit(1);
			}
	say("all right.");
}

static void show_keys(void)
{
	unsigned char key;
	char text[8];

	make_raw();
	while (read(0, &key, 1) == 1 && key != 'q') {
		snprintf(text, sizeof(text), "%02x.", key);
		say(text);
	}
}

static void on_signal(int number)
{
	if (number == SIGWINCH) {
		struct winsize size;
		char text[32];

		ioctl(0, TIOCGWINSZ, &size);
		snprintf(text, sizeof(text), "%dx%d.", size.ws_row,
			 size.ws_col);
		say(text);
	} else if (number == SIGINT) {
		say("interrupted.");
	} else {
		*the.shared = (size_t)number;
		_exit(number);
	}
}

static void tell_signals(void)
{
	struct sigaction first = { .sa_handler = on_signal };

	signal(SIGINT, on_signal);
	signal(SIGHUP, on_signal);
	/* A relay that hangs up sends it, and the kernel SIGHUP behind it. */
	sigaddset(&first.sa_mask, SIGHUP);
	sigaction(SIGTERM, &first, NULL);
	signal(SIGWINCH, on_signal);
	on_signal(SIGWINCH);
	say("ready");
	for (;;)
		pause();
}

static void die(void)
{
	raise(SIGKILL);
}

static void stop(void)
{
	raise(SIGSTOP);
	say("go on.");
	_exit(4);
}

/* Read lines until the end of input, and then until the next one. */
static void read_lines(void)
{
	char line[64];
	ssize_t n;

	for (int i = 0; i < 2; i++)
		while ((n = read(0, line, sizeof(line))) > 0)
			*the.shared += (size_t)n;
	_exit(5);
}

/* Fill the terminal, which nobody reads yet, and end. */
static void write_and_end(void)
{
	char data[512];
	int idle = 0;

	make_raw();
	memset(data, 'x', sizeof(data));
	fcntl(1, F_SETFL, O_NONBLOCK);
	while (idle < 20) {
		ssize_t n = write(1, data, sizeof(data));

		if (n > 0)
			*the.shared += (size_t)n;
		idle = n > 0 ? 0 : idle + 1;
		if (n <= 0)
			pause_ms(10);
	}
	say("");
	_exit(6);
}

#endif
