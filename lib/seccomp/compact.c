/*
 * libseccomp compares with each number that is in a rule.  Here the filter is
 * asked what becomes of each number, and ranges of numbers that meet the same
 * fate are found in a tree of comparisons.  What looks at arguments is kept as
 * it is, and is jumped to.
 *
 * Nothing is guessed: up to where it looks at an argument a filter only
 * compares the architecture and the number with constants.  So between two
 * neighbours among those constants all numbers meet the same fate.
 */
#include "seccomp/compact.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>


#define ARCHES 8
#define REACH 255		/* instructions that a comparison jumps over */
#define NUMBER offsetof(struct seccomp_data, nr)
#define ARCH offsetof(struct seccomp_data, arch)

/* It returns a value, or goes on at an instruction that loads an argument. */
struct fate {
	bool goes_on;
	uint32_t value;
};

struct range {
	uint32_t first;
	struct fate fate;
};

/* How one architecture's numbers fare. */
struct table {
	struct range *ranges;
	size_t n;
};

struct work {
	const struct sock_filter *code;
	unsigned int len;
	const uint32_t *arches;
	size_t n_arches;
	uint32_t *points;	/* numbers at which a fate may begin */
	size_t n_points;
	struct table tables[ARCHES];
	struct fate other;	/* of all other architectures */
	unsigned int *moved;	/* where an instruction is now; 0: it is not */
	/* Written from the end to the beginning: jumps only lead forward. */
	struct sock_filter *out;
	unsigned int at;	/* 0: no shorter, or full */
};

static bool is_jump(const struct sock_filter *i)
{
	return BPF_CLASS(i->code) == BPF_JMP;
}

static bool is_always(const struct sock_filter *i)
{
	return is_jump(i) && BPF_OP(i->code) == BPF_JA;
}

/* 1 or 0; -1: not a comparison with a constant. */
static int compare(const struct sock_filter *i, uint32_t a)
{
	switch (i->code) {
	case BPF_JMP | BPF_JEQ | BPF_K: return a == i->k;
	case BPF_JMP | BPF_JGT | BPF_K: return a > i->k;
	case BPF_JMP | BPF_JGE | BPF_K: return a >= i->k;
	default: return -1;
	}
}

static bool is_listed(const struct work *w, uint32_t arch)
{
	for (size_t i = 0; i < w->n_arches; i++)
		if (w->arches[i] == arch)
			return true;
	return false;
}

/*
 * Until it returns or loads an argument.  Without arch: for all that are not
 * listed, which are equal to none of those and may not be told apart.
 */
static int follow(const struct work *w, const uint32_t *arch, uint32_t number,
		  struct fate *ret)
{
	bool known = true;
	uint32_t a = 0;

	for (unsigned int pc = 0; pc < w->len; pc++) {
		const struct sock_filter *i = &w->code[pc];
		int holds;

		if (i->code == (BPF_RET | BPF_K)) {
			*ret = (struct fate){ false, i->k };
			return 0;
		}
		if (i->code == (BPF_LD | BPF_W | BPF_ABS)) {
			if (i->k != ARCH && i->k != NUMBER) {
				*ret = (struct fate){ true, pc };
				return arch ? 0 : -EOPNOTSUPP;
			}
			known = arch != NULL;
			if (!known && i->k == NUMBER)
				return -EOPNOTSUPP;
			if (known)
				a = i->k == ARCH ? *arch : number;
			continue;
		}
		if (is_always(i)) {
			pc += i->k;
			continue;
		}
		holds = compare(i, a);
		if (!known && i->code == (BPF_JMP | BPF_JEQ | BPF_K) &&
		    is_listed(w, i->k))
			holds = 0;
		else if (!known)
			holds = -1;
		if (holds < 0)
			return -EOPNOTSUPP;
		pc += holds ? i->jt : i->jf;
	}
	return -EOPNOTSUPP;
}

static int by_value(const void *one, const void *other)
{
	uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;

	return a < b ? -1 : a > b;
}

/* No way leads beyond the last instruction. */
static bool is_sound(const struct work *w)
{
	for (unsigned int pc = 0; pc < w->len; pc++) {
		const struct sock_filter *i = &w->code[pc];
		unsigned int left = w->len - pc - 1;

		if (BPF_CLASS(i->code) == BPF_RET)
			continue;
		if (!left || (is_always(i) && i->k >= left) ||
		    (is_jump(i) && (i->jt >= left || i->jf >= left)))
			return false;
	}
	return true;
}

/* 0, and what a comparison has on either side of its constant. */
static int find_points(struct work *w)
{
	size_t n = 1;

	w->points = calloc(2 * (size_t)w->len + 1, sizeof(*w->points));
	if (!w->points)
		return -ENOMEM;
	for (unsigned int i = 0; i < w->len; i++) {
		if (!is_jump(&w->code[i]) || is_always(&w->code[i]))
			continue;
		w->points[n++] = w->code[i].k;
		if (w->code[i].k < UINT32_MAX)
			w->points[n++] = w->code[i].k + 1;
	}
	qsort(w->points, n, sizeof(*w->points), by_value);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || w->points[i] != w->points[i - 1])
			w->points[w->n_points++] = w->points[i];
	return 0;
}

static bool same(const struct fate *a, const struct fate *b)
{
	return a->goes_on == b->goes_on && a->value == b->value;
}

static int fill_table(const struct work *w, uint32_t arch, struct table *t)
{
	int ret = 0;

	t->ranges = calloc(w->n_points, sizeof(*t->ranges));
	if (!t->ranges)
		return -ENOMEM;
	for (size_t i = 0; ret == 0 && i < w->n_points; i++) {
		struct fate fate = { false, 0 };

		ret = follow(w, &arch, w->points[i], &fate);
		if (t->n && same(&fate, &t->ranges[t->n - 1].fate))
			continue;
		t->ranges[t->n++] = (struct range){ w->points[i], fate };
	}
	return ret;
}

/* --- writing, from the end */

/* Returns where it is. */
static unsigned int put(struct work *w, struct sock_filter instruction)
{
	if (w->at == 0)
		return 0;
	w->out[--w->at] = instruction;
	return w->at;
}

/* How far a jump of the next instruction would lead. */
static unsigned int distance(const struct work *w, unsigned int target)
{
	return target - w->at;
}

/*
 * target, or what jumps there and is near enough for a comparison that comes
 * next, or after one more instruction.
 */
static unsigned int near(struct work *w, unsigned int target)
{
	if (distance(w, target) < REACH)
		return target;
	return put(w, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA,
						   distance(w, target)));
}

static unsigned int put_comparison(struct work *w, uint16_t op, uint32_t k,
				   unsigned int yes, unsigned int no)
{
	yes = near(w, yes);
	no = near(w, no);
	return put(w, (struct sock_filter)
		   BPF_JUMP((uint16_t)(BPF_JMP | op | BPF_K), k,
			    (uint8_t)distance(w, yes),
			    (uint8_t)distance(w, no)));
}

/* A return that is near already serves all. */
static unsigned int put_fate(struct work *w, const struct fate *fate)
{
	if (fate->goes_on)
		return w->moved[fate->value];
	for (unsigned int i = w->at; i < w->len && i - w->at < REACH; i++)
		if (w->out[i].code == (BPF_RET | BPF_K) &&
		    w->out[i].k == fate->value)
			return i;
	return put(w, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
						   fate->value));
}

static unsigned int put_ranges(struct work *w, const struct range *ranges,
			       size_t n)
{
	size_t half = n / 2;
	unsigned int above, below;

	if (n == 1)
		return put_fate(w, &ranges->fate);
	above = put_ranges(w, ranges + half, n - half);
	below = put_ranges(w, ranges, half);
	return put_comparison(w, BPF_JGE, ranges[half].first, above, below);
}

/* What may run once an argument is looked at. */
static void find_rest(struct work *w)
{
	for (size_t i = 0; i < w->n_arches; i++)
		for (size_t k = 0; k < w->tables[i].n; k++)
			if (w->tables[i].ranges[k].fate.goes_on)
				w->moved[w->tables[i].ranges[k].fate.value] = 1;
	for (unsigned int pc = 0; pc < w->len; pc++) {
		const struct sock_filter *i = &w->code[pc];

		if (!w->moved[pc] || BPF_CLASS(i->code) == BPF_RET)
			continue;
		if (!is_jump(i)) {
			w->moved[pc + 1] = 1;
		} else if (is_always(i)) {
			w->moved[pc + 1 + i->k] = 1;
		} else {
			w->moved[pc + 1 + i->jt] = 1;
			w->moved[pc + 1 + i->jf] = 1;
		}
	}
}

/* In their order, so that no jump gets longer. */
static void put_rest(struct work *w)
{
	for (unsigned int pc = w->len; pc-- > 0;) {
		struct sock_filter i = w->code[pc];

		if (!w->moved[pc])
			continue;
		if (is_always(&i)) {
			i.k = distance(w, w->moved[pc + 1 + i.k]);
		} else if (is_jump(&i)) {
			i.jt = (uint8_t)distance(w, w->moved[pc + 1 + i.jt]);
			i.jf = (uint8_t)distance(w, w->moved[pc + 1 + i.jf]);
		}
		w->moved[pc] = put(w, i);
	}
}

static void put_all(struct work *w)
{
	unsigned int begins[ARCHES], next;

	find_rest(w);
	put_rest(w);
	for (size_t i = 0; i < w->n_arches; i++) {
		next = put_ranges(w, w->tables[i].ranges, w->tables[i].n);
		/* It must be what comes next. */
		if (next != w->at)
			put(w, (struct sock_filter)
			    BPF_STMT(BPF_JMP | BPF_JA, distance(w, next)));
		begins[i] = put(w, (struct sock_filter)
				BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NUMBER));
	}
	next = put_fate(w, &w->other);
	for (size_t i = w->n_arches; i-- > 0;)
		next = put_comparison(w, BPF_JEQ, w->arches[i], begins[i],
				      next);
	put(w, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ARCH));
}

static int compact(struct work *w)
{
	int ret = is_sound(w) ? find_points(w) : -EOPNOTSUPP;

	if (ret == 0)
		ret = follow(w, NULL, 0, &w->other);
	for (size_t i = 0; ret == 0 && i < w->n_arches; i++)
		ret = fill_table(w, w->arches[i], &w->tables[i]);
	if (ret < 0)
		return ret;
	w->moved = calloc(w->len, sizeof(*w->moved));
	w->out = calloc(w->len, sizeof(*w->out));
	if (!w->moved || !w->out)
		return -ENOMEM;
	w->at = w->len;
	put_all(w);
	return 0;
}

static void release(struct work *w)
{
	for (size_t i = 0; i < ARCHES; i++)
		free(w->tables[i].ranges);
	free(w->points);
	free(w->moved);
	free(w->out);
}

int nsc_seccomp_compact(struct nsc_seccomp *filter, const uint32_t *arches,
			size_t n_arches)
{
	__attribute__((cleanup(release))) struct work w = {
		.code = filter->code, .len = filter->len, .arches = arches,
		.n_arches = n_arches,
	};
	int ret;

	if (!filter->len || !n_arches || n_arches > ARCHES)
		return 0;
	ret = compact(&w);
	if (ret == -ENOMEM)
		return ret;
	if (ret < 0 || w.at == 0)
		return 0;
	filter->len -= w.at;
	memcpy(filter->code, &w.out[w.at], filter->len * sizeof(*w.out));
	return 0;
}
