/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: nsinit and login-start, root of the host, before anything of the
 * container is there.  The files are root's.
 */
#include "config/cdi_yaml.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "config.h"
#include "util/fd.h"
#include "util/library.h"
#include "util/text.h"

#define DEPTH_MAX 32
#define NODES_MAX 100000	/* aliases count each time */

#define FUNCTIONS(_)                                                           \
	_(yaml_parser_initialize) _(yaml_parser_set_input_string)              \
	_(yaml_parser_load) _(yaml_parser_delete)                              \
	_(yaml_document_get_root_node) _(yaml_document_get_node)               \
	_(yaml_document_delete)
NSC_LIBRARY(yaml, SONAME_YAML_0, FUNCTIONS);

struct reader {
	const char *file;
	yaml_document_t *document;
	unsigned int depth, nodes;
	struct nsc_error *err;
};

static json_t *refuse(struct reader *r, const yaml_node_t *node,
		      const char *what)
{
	nsc_error_set(r->err, EINVAL, "%s: %s (line %zu, column %zu)", r->file,
		      what, node->start_mark.line + 1,
		      node->start_mark.column + 1);
	return NULL;
}

/* A plain scalar; as in YAML 1.1, a number that begins with 0 is octal. */
static json_t *plain(const char *text)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL" };
	static const char *const on[] = { "true", "True", "TRUE" };
	static const char *const off[] = { "false", "False", "FALSE" };
	const char *digits = text + (*text == '-');
	bool octal = digits[0] == '0' && digits[1];
	char *end = NULL;
	long long number;

	for (size_t i = 0; i < NSC_ARRAY_SIZE(nulls); i++)
		if (!strcmp(text, nulls[i]))
			return json_null();
	for (size_t i = 0; i < NSC_ARRAY_SIZE(on); i++)
		if (!strcmp(text, on[i]) || !strcmp(text, off[i]))
			return json_boolean(!strcmp(text, on[i]));
	if (*digits < '0' || *digits > '9')
		return json_string(text);
	if (octal && digits[1] == 'o')
		number = strtoll(digits + 2, &end, 8);
	else
		number = strtoll(text, &end, 0);
	return *end || number == LLONG_MAX || number == LLONG_MIN ?
		       json_string(text) : json_integer(number);
}

static json_t *scalar(struct reader *r, const yaml_node_t *node)
{
	const char *text = (const char *)node->data.scalar.value;
	json_t *value;

	if (strlen(text) != node->data.scalar.length)
		return refuse(r, node, "a text has a NUL byte");
	value = node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE ?
			plain(text) : json_string(text);
	return value ? value : refuse(r, node, "a text is not UTF-8");
}

static json_t *convert(struct reader *r, int number);

static json_t *checked(struct reader *r, const yaml_node_t *node, json_t *value)
{
	return value ? value : refuse(r, node, "memory is short");
}

static json_t *sequence(struct reader *r, const yaml_node_t *node)
{
	json_t *array = checked(r, node, json_array());

	for (const yaml_node_item_t *i = node->data.sequence.items.start;
	     array && i < node->data.sequence.items.top; i++) {
		json_t *element = convert(r, *i);

		if (!element) {
			json_decref(array);
			return NULL;
		}
		json_array_append_new(array, element);
	}
	return array;
}

static bool add_pair(struct reader *r, json_t *object,
		     const yaml_node_pair_t *pair)
{
	const yaml_node_t *key = yaml.yaml_document_get_node(r->document,
							     pair->key);
	const char *name = key->type == YAML_SCALAR_NODE ?
			   (const char *)key->data.scalar.value : NULL;
	json_t *value;

	if (!name)
		return refuse(r, key, "a key is not a text");
	if (json_object_get(object, name))
		return refuse(r, key, "a key is there twice");
	value = convert(r, pair->value);
	if (!value)
		return false;
	if (json_object_set_new(object, name, value) < 0)
		return refuse(r, key, "a key is not UTF-8");
	return true;
}

static json_t *mapping(struct reader *r, const yaml_node_t *node)
{
	json_t *object = checked(r, node, json_object());

	for (const yaml_node_pair_t *p = node->data.mapping.pairs.start;
	     object && p < node->data.mapping.pairs.top; p++)
		if (!add_pair(r, object, p)) {
			json_decref(object);
			return NULL;
		}
	return object;
}

static json_t *convert(struct reader *r, int number)
{
	const yaml_node_t *node = yaml.yaml_document_get_node(r->document,
							      number);
	json_t *ret;

	/* An alias of what is around it has no end. */
	if (r->depth == DEPTH_MAX || r->nodes++ == NODES_MAX)
		return refuse(r, node, "is nested too deeply, or too large");
	r->depth++;
	ret = node->type == YAML_SCALAR_NODE ? scalar(r, node) :
	      node->type == YAML_SEQUENCE_NODE ? sequence(r, node) :
						 mapping(r, node);
	r->depth--;
	return ret;
}

/* The next document; *ret is NULL where there is none. */
static int load(yaml_parser_t *parser, const char *file, json_t **ret,
		struct nsc_error *err)
{
	yaml_document_t document;
	struct reader r = { .file = file, .document = &document, .err = err };
	bool more;

	*ret = NULL;
	if (!yaml.yaml_parser_load(parser, &document))
		return nsc_error_set(err, EINVAL, "%s: %s (line %zu, column "
				     "%zu)", file, parser->problem ?
				     parser->problem : "cannot be read",
				     parser->problem_mark.line + 1,
				     parser->problem_mark.column + 1);
	more = yaml.yaml_document_get_root_node(&document);
	if (more)
		*ret = convert(&r, 1);
	yaml.yaml_document_delete(&document);
	return more && !*ret ? -err->code : 0;
}

json_t *nsc_cdi_yaml(const char *file, const char *text, struct nsc_error *err)
{
	yaml_parser_t parser;
	json_t *first = NULL, *second = NULL;
	int ret = nsc_library_load(&yaml_library, err);

	if (ret < 0) {
		nsc_error_context(err, "%s", file);
		return NULL;
	}
	if (!yaml.yaml_parser_initialize(&parser)) {
		nsc_error_sys(err, ENOMEM, "%s", file);
		return NULL;
	}
	yaml.yaml_parser_set_input_string(&parser, (const yaml_char_t *)text,
					  strlen(text));
	ret = load(&parser, file, &first, err);
	if (ret == 0 && !first)
		ret = nsc_error_set(err, EINVAL, "%s: is empty", file);
	if (ret == 0)
		ret = load(&parser, file, &second, err);
	if (second)
		ret = nsc_error_set(err, EINVAL, "%s: has a second document",
				    file);
	yaml.yaml_parser_delete(&parser);
	json_decref(second);
	if (ret == 0)
		return first;
	json_decref(first);
	return NULL;
}
