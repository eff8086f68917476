// SPDX-License-Identifier: GPL-2.0-only
/* JSON by jansson, which refuses strings that are not UTF-8. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chrext.h"

json_t *json_checked(json_t *value)
{
	if (!value) {
		complain("out of memory");
		exit(EXIT_FAILED);
	}
	return value;
}

/* Bytes that are not UTF-8 become U+FFFD, one for each. */
static json_t *json_repaired(const char *text)
{
	static const char replacement[] = "\xef\xbf\xbd";
	char *buf = xalloc(NULL, 3 * strlen(text) + 1), *to = buf;
	json_t *value;
	size_t n;

	while (*text) {
		value = NULL;
		for (n = 1; n <= 4 && !value && strnlen(text, n) == n; n++)
			value = json_stringn(text, n);
		if (value) {
			n = json_string_length(value);
			memcpy(to, text, n);
			to += n;
			text += n;
			json_decref(value);
		} else {
			memcpy(to, replacement, 3);
			to += 3;
			text++;
		}
	}
	*to = 0;
	value = json_string(buf);
	free(buf);
	return value;
}

json_t *json_text(const char *text)
{
	json_t *value = json_string(text);

	return json_checked(value ? value : json_repaired(text));
}

json_t *json_text_or_null(const char *text)
{
	return *text ? json_text(text) : json_null();
}

void json_put(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, json_checked(value)))
		json_checked(NULL);
}

void json_push(json_t *array, json_t *value)
{
	if (json_array_append_new(array, json_checked(value)))
		json_checked(NULL);
}

static void print(json_t *value, size_t flags)
{
	json_dumpf(value, stdout, flags | JSON_ENCODE_ANY);
	putchar('\n');
	json_decref(value);
}

void json_print(json_t *value)
{
	print(value, JSON_INDENT(2));
}

void json_print_line(json_t *value)
{
	print(value, JSON_COMPACT);
}
