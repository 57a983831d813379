/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stopwatch [-n ROUNDS] [-w WARMUP] [-p MS] [-j JOBS] [-c COUNT]
 *	-- NAME [user=USER] [prepare=COMMAND] [lock=FILE] [pam=SERVICE]
 *	   [ARGUMENT...] -- ...
 *
 * Measures commands in turns: A B, B A, A B ..., so that other load on the
 * machine affects all of them.  Runs as root.  Prints a JSON object for each
 * command, with its name and samples.
 *
 * A sample is the time from just before exec to the end of the process, in
 * milliseconds; with -j, JOBS processes start at once, and a sample is the time
 * until the last one ends.  With pam=SERVICE, a sample is the time of
 * pam_open_session() for USER, in a new process.  A # in an argument or a
 * user's name is replaced by a number below COUNT, a different one each time.
 * With lock=FILE, a sample ends when no other process holds that lock.  If a
 * command fails, stopwatch ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_CONTENDERS 16
#define MAX_ARGUMENTS 128

struct contender {
	const char *name, *user, *prepare, *lock, *service;
	char **argv;
	double *samples;
};

struct options {
	int rounds, warmup, pause_ms, jobs, count;
	int n;
	struct contender contenders[MAX_CONTENDERS];
};

/* Memory that is shared with the children. */
struct shared {
	double begin, end;
};

static struct shared *shared;
static int turn;

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "stopwatch: %s: %s\n", what, strerror(errno));
	_exit(2);
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Replace each # in the text by the number. */
static char *numbered(const char *text, int number)
{
	char *result = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&result, &size);

	if (!f)
		die("memory");
	for (; *text; text++) {
		if (*text == '#')
			fprintf(f, "%d", number);
		else
			fputc(*text, f);
	}
	if (fclose(f) != 0)
		die("memory");
	return result;
}

static void become(const char *name)
{
	const struct passwd *pw = getpwnam(name);

	if (!pw || initgroups(name, pw->pw_gid) < 0 || setgid(pw->pw_gid) < 0 ||
	    setuid(pw->pw_uid) < 0)
		die(name);
	setenv("HOME", pw->pw_dir, 1);
	setenv("USER", name, 1);
	setenv("LOGNAME", name, 1);
}

static int converse(int n, const struct pam_message **messages,
		    struct pam_response **ret, void *unused)
{
	(void)unused;
	for (int i = 0; i < n; i++)
		fprintf(stderr, "%s\n", messages[i]->msg);
	*ret = calloc((size_t)n, sizeof(**ret));
	return *ret ? PAM_SUCCESS : PAM_BUF_ERR;
}

/*
 * Measure only the module: as su and login do, first read the stack, load the
 * modules, and look up the user and the user's groups in the name services.
 */
static void __attribute__((noreturn)) open_session(const char *service,
						   const char *user)
{
	const struct pam_conv conv = { converse, NULL };
	const struct passwd *pw = getpwnam(user);
	gid_t groups[64];
	pam_handle_t *pamh;
	int ret, n = 64;

	if (!pw || getgrouplist(user, pw->pw_gid, groups, &n) < 0)
		die(user);

	if (pam_start(service, user, &conv, &pamh) != PAM_SUCCESS)
		die("pam_start");
	pam_set_item(pamh, PAM_TTY, "ssh");
	shared->begin = now_ms();
	ret = pam_open_session(pamh, PAM_SILENT);
	shared->end = now_ms();
	_exit(ret == PAM_SUCCESS ? 0 : 1);
}

static void __attribute__((noreturn)) run(const struct contender *c,
					  int number, bool timed)
{
	char *user = c->user ? numbered(c->user, number) : NULL;
	char *argv[MAX_ARGUMENTS + 1] = { NULL };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int i = 0; c->argv[i] && strcmp(c->argv[i], "--") != 0; i++) {
		if (i == MAX_ARGUMENTS)
			die("too many arguments");
		argv[i] = numbered(c->argv[i], number);
	}
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
		die("/dev/null");
	if (c->service && user)
		open_session(c->service, user);
	if (!argv[0])
		die("no command");
	if (user)
		become(user);
	if (timed)
		shared->begin = now_ms();
	execvp(argv[0], argv);
	die(argv[0]);
}

static void prepare(const struct contender *c)
{
	/* The command comes from the measurement, not from a user. */
	if (c->prepare && system(c->prepare) != 0) /* NOLINT(cert-env33-c) */
		die(c->prepare);
}

static void wait_for_lock(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	/* The file goes with its container. */
	if (fd < 0 && errno == ENOENT)
		return;
	if (fd < 0 || flock(fd, LOCK_EX) < 0)
		die(path);
	close(fd);
}

static void start(const struct options *options, const struct contender *c)
{
	int number = turn % options->count;
	pid_t pid = fork();

	turn++;
	if (pid < 0)
		die("fork");
	if (pid == 0)
		run(c, number, options->jobs == 1);
}

static double measure(const struct options *options, const struct contender *c)
{
	const struct timespec pause = {
		options->pause_ms / 1000,
		options->pause_ms % 1000 * 1000000L
	};
	int failed = 0, failure = 0;
	int status;

	prepare(c);
	nanosleep(&pause, NULL);
	shared->begin = now_ms();
	for (int i = 0; i < options->jobs; i++)
		start(options, c);
	for (int i = 0; i < options->jobs; i++) {
		if (wait(&status) < 0)
			die("wait");
		failed += status != 0;
		failure = status ? status : failure;
	}
	if (c->lock)
		wait_for_lock(c->lock);
	if (!c->service)
		shared->end = now_ms();
	if (failed) {
		fprintf(stderr, "stopwatch: %s: %d of %d failed, wait status "
			"0x%04x\n", c->name, failed, options->jobs, failure);
		_exit(1);
	}
	return shared->end - shared->begin;
}

static void measure_all(const struct options *options)
{
	int n = options->n;

	for (int round = -options->warmup; round < options->rounds; round++) {
		/* All contenders get the same number. */
		int first = turn;

		for (int i = 0; i < n; i++) {
			int place = round & 1 ? n - 1 - i : i;
			const struct contender *c =
				&options->contenders[place];
			double sample;

			turn = first;
			sample = measure(options, c);
			if (round >= 0)
				c->samples[round] = sample;
		}
	}
}

static void print_all(const struct options *options)
{
	for (int i = 0; i < options->n; i++) {
		const struct contender *c = &options->contenders[i];

		printf("{\"series\": \"%s\", \"samples\": [", c->name);
		for (int k = 0; k < options->rounds; k++)
			printf("%s%.4f", k ? ", " : "", c->samples[k]);
		printf("]}\n");
	}
}

static char *value_of(char *argument, const char *key)
{
	size_t length = strlen(key);

	return argument && strncmp(argument, key, length) == 0 ?
		argument + length : NULL;
}

/* Read one contender; returns the arguments after it. */
static char **read_contender(struct contender *c, char **argv)
{
	char *value;

	c->name = *argv++;
	for (;; argv++) {
		if ((value = value_of(*argv, "user=")))
			c->user = value;
		else if ((value = value_of(*argv, "prepare=")))
			c->prepare = value;
		else if ((value = value_of(*argv, "lock=")))
			c->lock = value;
		else if ((value = value_of(*argv, "pam=")))
			c->service = value;
		else
			break;
	}
	c->argv = argv;
	while (*argv && strcmp(*argv, "--") != 0)
		argv++;
	return *argv ? argv + 1 : argv;
}

static int usage(void)
{
	fprintf(stderr, "usage: stopwatch [-n ROUNDS] [-w WARMUP] [-p MS] "
		"[-j JOBS] [-c COUNT] -- NAME [KEY=VALUE...] [ARGUMENT...] "
		"[-- ...]\n");
	return 2;
}

static int read_options(int argc, char **argv, struct options *options)
{
	int option;

	while ((option = getopt(argc, argv, "+n:w:p:j:c:")) >= 0) {
		int value = option == '?' ? -1 : atoi(optarg);

		switch (option) {
		case 'n': options->rounds = value; break;
		case 'w': options->warmup = value; break;
		case 'p': options->pause_ms = value; break;
		case 'j': options->jobs = value; break;
		case 'c': options->count = value; break;
		default: return -1;
		}
	}
	return options->rounds < 1 || options->jobs < 1 || options->count < 1 ||
		options->warmup < 0 || options->pause_ms < 0 ||
		optind == argc ? -1 : 0;
}

int main(int argc, char **argv)
{
	struct options options = { .rounds = 10, .jobs = 1, .count = 1 };

	if (read_options(argc, argv, &options) < 0)
		return usage();
	for (argv += optind; *argv; options.n++) {
		struct contender *c = &options.contenders[options.n];

		if (options.n == MAX_CONTENDERS)
			return usage();
		argv = read_contender(c, argv);
		c->samples = calloc((size_t)options.rounds,
				    sizeof(*c->samples));
		if (!c->samples)
			die("memory");
	}
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		die("mmap");
	measure_all(&options);
	print_all(&options);
	return 0;
}
