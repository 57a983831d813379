/* SPDX-License-Identifier: Apache-2.0 */
/* The output of nsc_network_describe() as JSON. */
#include "api/api.h"

#include <stdlib.h>
#include <string.h>

#include "util/fd.h"

static json_t *networks_split(char *text)
{
	json_t *array = json_array();
	char *save = NULL;

	for (char *word = strtok_r(text, ",", &save); word;
	     word = strtok_r(NULL, ",", &save))
		json_array_append_new(array, json_string(word));
	return array;
}

static void add_word(json_t *object, char *word)
{
	char *value = strchr(word, '=');

	if (!value)
		return;
	*value++ = '\0';
	if (!strcmp(word, "addresses") || !strcmp(word, "gateway"))
		json_object_set_new(object, word, networks_split(value));
	else if (!strcmp(word, "mtu"))
		json_object_set_new(object, word, json_integer(atoll(value)));
	else
		json_object_set_new(object, word, json_string(value));
}

static json_t *interface_json(const char *text)
{
	_cleanup_free_ char *copy = strdup(text);
	json_t *object = json_object();
	char *word = copy;

	while (word && *word) {
		/* "path" is the last word, and may contain spaces. */
		bool path = !strncmp(word, "path=", 5);
		char *end = path ? NULL : strchr(word, ' ');

		if (end)
			*end++ = '\0';
		add_word(object, word);
		word = end;
	}
	return object;
}

json_t *nsc_api_networks(char *const *networks)
{
	json_t *array = json_array();

	for (; networks && *networks; networks++)
		json_array_append_new(array, interface_json(*networks));
	return array;
}
