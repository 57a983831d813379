/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mutations that keep the form, for targets whose parsers refuse at once what
 * has another form: container.json, profiles and files of vendors, and the
 * lines "KEY VALUE" of state.  libFuzzer calls them.  Half of the time, and for
 * other targets always, they leave it to its own mutations.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#define DEPTH 6
#define LINE_MAX_FUZZ 512

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
			       unsigned int seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t n_one,
				 const uint8_t *two, size_t n_two,
				 uint8_t *out, size_t max, unsigned int seed);

static unsigned int next(unsigned int *seed, size_t n)
{
	*seed = *seed * 1103515245u + 12345u;
	return n ? (*seed >> 8) % (unsigned int)n : 0;
}

/* Any value in an object or array; *ret_key is its key, or NULL. */
static json_t *parent_of_any(json_t *value, unsigned int *seed,
			     const char **ret_key, size_t *ret_index)
{
	for (int depth = 0; depth < DEPTH; depth++) {
		void *iter = json_object_iter(value);
		json_t *inner;

		*ret_index = next(seed, json_is_object(value) ?
						json_object_size(value) :
						json_array_size(value));
		for (size_t i = 0; iter && i < *ret_index; i++)
			iter = json_object_iter_next(value, iter);
		*ret_key = iter ? json_object_iter_key(iter) : NULL;
		inner = iter ? json_object_iter_value(iter) :
			       json_array_get(value, *ret_index);
		if (!(json_object_size(inner) || json_array_size(inner)) ||
		    next(seed, 3) == 0)
			return value;
		value = inner;
	}
	return value;
}

static json_t *at(json_t *parent, const char *key, size_t index)
{
	return key ? json_object_get(parent, key) :
		     json_array_get(parent, index);
}

static void replace(json_t *parent, const char *key, size_t index,
		    json_t *value)
{
	if (key)
		json_object_set_new(parent, key, value);
	else if (index < json_array_size(parent))
		json_array_set_new(parent, index, value);
	else
		json_decref(value);
}

static json_t *changed(const json_t *value, unsigned int *seed)
{
	static const json_int_t numbers[] = { 0, -1, 1, 65535, 65536,
					      4294967295, 4294967296,
					      9223372036854775807 };
	char text[64] = "";
	size_t len;

	switch (next(seed, 6)) {
	case 0:
		return json_integer(numbers[next(seed, 8)]);
	case 1:
		return json_boolean(!json_is_true(value));
	case 2:
		return json_pack("[O]", value);
	case 3:
		return json_null();
	default:
		if (json_is_integer(value))
			return json_integer(json_integer_value(value) - 1 +
					    (json_int_t)next(seed, 3));
		strncpy(text, json_is_string(value) ?
				      json_string_value(value) : "a",
			sizeof(text) - 1);
		len = LLVMFuzzerMutate((uint8_t *)text, strlen(text),
				       sizeof(text) - 1);
		return json_stringn_nocheck(text, len);
	}
}

static size_t print(json_t *root, uint8_t *data, size_t max)
{
	size_t len = json_dumpb(root, (char *)data, max, JSON_ENCODE_ANY);

	json_decref(root);
	return len <= max ? len : 0;
}

static size_t mutate_json(uint8_t *data, size_t size, size_t max,
			  unsigned int seed)
{
	json_t *root = json_loadb((char *)data, size, 0, NULL), *parent;
	const char *key;
	size_t index;

	if (!root)
		return 0;
	parent = parent_of_any(root, &seed, &key, &index);
	switch (next(&seed, 4)) {
	case 0:
		if (key)
			json_object_del(parent, key);
		else
			json_array_remove(parent, index);
		break;
	case 1:
		if (!key)
			json_array_append(parent, at(parent, key, index));
		break;
	default:
		replace(parent, key, index,
			changed(at(parent, key, index), &seed));
	}
	return print(root, data, max);
}

/* A value of the one comes into an object or array of the other. */
static size_t cross_json(json_t *root, json_t *other, uint8_t *out, size_t max,
			 unsigned int seed)
{
	const char *key, *old;
	size_t index, place, len = 0;
	json_t *from, *to;

	if (root && other) {
		from = parent_of_any(other, &seed, &key, &index);
		to = parent_of_any(root, &seed, &old, &place);
		if (json_is_object(to) && key)
			json_object_set(to, key, at(from, key, index));
		else if (json_is_array(to))
			json_array_append(to, at(from, key, index));
		len = print(json_incref(root), out, max);
	}
	json_decref(root);
	json_decref(other);
	return len;
}

struct lines {
	uint8_t *data;
	size_t size, max;
};

/* Puts len bytes in the place of old ones at first; returns the new size. */
static size_t splice(const struct lines *l, size_t first, size_t old,
		     const uint8_t *text, size_t len)
{
	uint8_t *at = l->data + first;

	if (l->size - old + len > l->max)
		return 0;
	memmove(at + len, at + old, l->size - first - old);
	memcpy(at, text, len);
	return l->size - old + len;
}

/* Leaves out or doubles a line, or changes its value. */
static size_t mutate_lines(uint8_t *data, size_t size, size_t max,
			   unsigned int seed)
{
	const struct lines l = { data, size, max };
	size_t first = next(&seed, size), last = first, len;
	uint8_t line[LINE_MAX_FUZZ];

	while (first > 0 && data[first - 1] != '\n')
		first--;
	while (last < size && data[last] != '\n')
		last++;
	len = last - first;
	if (last == size || len >= sizeof(line))
		return 0;
	memcpy(line, data + first, len + 1);
	switch (next(&seed, 4)) {
	case 0:
		return splice(&l, first, len + 1, line, 0);
	case 1:
		return splice(&l, first, 0, line, len + 1);
	default:
		while (first < last && data[first] != ' ')
			first++;
		if (first == last)
			return 0;
		len = last - ++first;
		memcpy(line, data + first, len);
		len = LLVMFuzzerMutate(line, len, sizeof(line));
		return splice(&l, first, last - first, line, len);
	}
}

static bool target_is(const char *names)
{
	const char *target = getenv("NSC_FUZZ_TARGET");
	const char *found = target ? strstr(names, target) : NULL;

	return found && found[strlen(target)] == ' ';
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
			       unsigned int seed)
{
	size_t n = 0;

	if (size && next(&seed, 2) && target_is("config convert profile cdi "))
		n = mutate_json(data, size, max, seed);
	else if (size && next(&seed, 2) && target_is("state rundir hooks "))
		n = mutate_lines(data, size, max, seed);
	return n ? n : LLVMFuzzerMutate(data, size, max);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t n_one,
				 const uint8_t *two, size_t n_two,
				 uint8_t *out, size_t max, unsigned int seed)
{
	if (!target_is("config convert profile cdi "))
		return 0;
	return cross_json(json_loadb((const char *)one, n_one, 0, NULL),
			  json_loadb((const char *)two, n_two, 0, NULL), out,
			  max, seed);
}
