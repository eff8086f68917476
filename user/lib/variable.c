// SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
/* What chrext_object_set() can set in an object, with the values that are there. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib.h"

#define MAX_VARIABLES	4096	/* of an object; a damaged one may seem to have more */
#define MAX_ELEMENTS	64	/* of an array, as far as values are listed */

typedef void (*variable_fn)(void *arg, const struct chrext_variable *var);

struct walk {
	const struct btf *btf;
	variable_fn fn;
	void *arg;
	const char *driver;	/* whose members they are, or NULL */
	const char *ops;	/* C variable that precedes a member, or NULL */
	size_t left;
	char name[256];
};

static __u64 number_at(const struct span *at)
{
	__u64 n = 0;

	/* Of the byte order of this machine, as libbpf insists. */
	if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
		memcpy(&n, at->data, at->size);
	else
		memcpy((char *)&n + sizeof(n) - at->size, at->data, at->size);
	return n;
}

static long long sign_extend(__u64 n, size_t size)
{
	int shift = 64 - 8 * size;

	return (long long)(n << shift) >> shift;
}

/* Print one value; false if --set could not set it. */
static bool scalar(const struct walk *w, const struct btf_type *t,
		   const struct span *data, FILE *f)
{
	struct span at;
	const char *name;
	__u64 n, value;
	__u32 i;

	if ((!btf_is_int(t) && !btf_is_any_enum(t)) || !t->size || t->size > 8 ||
	    t->size & (t->size - 1) || !span_part(data, 0, t->size, &at))
		return false;
	n = number_at(&at);
	if (btf_is_any_enum(t)) {
		for (i = 0; enumerator(w->btf, t, i, &name, &value); i++) {
			if (sign_extend(value, t->size) != sign_extend(n, t->size))
				continue;
			fputs(name, f);
			return true;
		}
	}
	if (btf_is_int(t) && btf_int_encoding(t) & BTF_INT_BOOL)
		fputs(n ? "true" : "false", f);
	else if (btf_is_int(t) ? btf_int_encoding(t) & BTF_INT_SIGNED :
				 btf_kflag(t))
		fprintf(f, "%lld", sign_extend(n, t->size));
	else
		fprintf(f, "%llu", (unsigned long long)n);
	return true;
}

/* False for what is no string, or one that has more than text. */
static bool string(const struct span *at, FILE *f)
{
	const char *end = memchr(at->data, 0, at->size), *s;

	if (!end)
		return false;
	for (s = at->data; s < end; s++)
		if (iscntrl((unsigned char)*s))
			return false;
	fputs(at->data, f);
	return true;
}

/* Elements up to the last that is not 0: the others keep that value. */
static bool array(const struct walk *w, const struct btf_type *t,
		  const struct span *data, FILE *f)
{
	const struct btf_array *a = btf_array(t);
	__u32 id = a->type, i, nr = 0;
	const struct btf_type *elem = type_strip(w->btf, &id);
	__s64 size = btf__resolve_size(w->btf, id);
	struct span at;

	if (size <= 0 || !span_part(data, 0, a->nelems * (__u64)size, &at))
		return false;
	if (is_char(w->btf, elem))
		return string(&at, f);
	for (i = 0; i < at.size; i++)
		if (at.data[i])
			nr = i / size + 1;
	if (!nr)
		nr = 1;
	if (nr > MAX_ELEMENTS)
		return false;
	for (i = 0; i < nr && i < a->nelems; i++) {
		if (i)
			fputc(',', f);
		if (!span_part(data, i * (__u64)size, size, &at) ||
		    !scalar(w, elem, &at, f))
			return false;
	}
	return true;
}

/* 444 is not the mode that was meant, see set.c. */
static bool is_mode(const struct walk *w)
{
	const char *member = strrchr(w->name, '.');

	return w->driver && !strcmp(member ? member + 1 : w->name, "mode");
}

static bool value(const struct walk *w, const struct btf_type *t,
		  const struct span *at, FILE *f)
{
	struct span word;

	if (is_mode(w) && btf_is_int(t) && t->size <= sizeof(__u64) &&
	    span_part(at, 0, t->size, &word)) {
		fprintf(f, "%#llo", (unsigned long long)number_at(&word));
		return true;
	}
	return btf_is_array(t) ? array(w, t, at, f) : scalar(w, t, at, f);
}

/* Returns false without memory. */
static bool report(struct walk *w, __u32 type, const struct btf_type *t,
		   const struct span *at)
{
	struct chrext_variable var = { .name = w->name, .driver = w->driver };
	char text[128];
	char *s = NULL;
	size_t size;
	bool known;
	FILE *f;

	f = open_memstream(&s, &size);
	if (!f)
		return false;
	known = value(w, t, at, f);
	if (fclose(f)) {
		free(s);
		return false;
	}
	describe(w->btf, type, text, sizeof(text), 0);
	var.type = text;
	var.value = known ? s : NULL;
	w->fn(w->arg, &var);
	free(s);
	return true;
}

static bool walk(struct walk *w, __u32 type, const struct span *at, int depth);

static bool walk_members(struct walk *w, const struct btf_type *t,
			 const struct span *at, int depth)
{
	size_t len = strlen(w->name);
	struct member m;
	struct span part;
	__s64 size;
	__u32 i;

	for (i = 0; member_get(w->btf, t, i, &m); i++) {
		size = btf__resolve_size(w->btf, m.type);
		if (m.is_bitfield || m.bits % 8 || size <= 0 ||
		    !span_part(at, m.bits / 8, size, &part))
			continue;
		if (*m.name)
			snprintf(w->name + len, sizeof(w->name) - len, "%s%s",
				 len ? "." : "", m.name);
		if (!walk(w, m.type, &part, depth + 1))
			return false;
		w->name[len] = 0;
	}
	return true;
}

/* Structs by their members; what cannot be set is left out. */
static bool walk(struct walk *w, __u32 type, const struct span *at, int depth)
{
	__u32 id = type;
	const struct btf_type *t = type_strip(w->btf, &id);

	if (!w->left || depth > MAX_DEPTH)
		return true;
	if (btf_is_composite(t))
		return walk_members(w, t, at, depth);
	if (!btf_is_int(t) && !btf_is_any_enum(t) && !btf_is_array(t))
		return true;
	w->left--;
	return report(w, type, t, at);
}

/* The compiler makes variables for formats and the like; they have a dot. */
static bool walk_section(struct walk *w, const struct chrext_object *o,
			 const struct btf_type *sec)
{
	struct span at;
	const char *s;
	__u32 i, type;

	for (i = 0; i < btf_vlen(sec); i++) {
		if (!variable_get(o, sec, i, &s, &type, &at) || strchr(s, '.'))
			continue;
		snprintf(w->name, sizeof(w->name), "%s", s);
		if (!walk(w, type, &at, 0))
			return false;
	}
	return true;
}

static bool walk_driver(struct walk *w, const struct chrext_object *o, size_t index)
{
	const struct object_driver *d = &o->drivers[index];
	struct member m;
	struct span at;
	__s64 size;
	__u32 i;

	w->driver = object_name(o, index);
	for (i = 0; member_get(o->btf, d->type, i, &m); i++) {
		size = btf__resolve_size(o->btf, m.type);
		if (!strcmp(m.name, "internal") || size <= 0 ||
		    !span_part(&d->value, m.bits / 8, size, &at))
			continue;
		snprintf(w->name, sizeof(w->name), "%s%s%s", w->ops ? w->ops : "",
			 w->ops ? "." : "", m.name);
		if (!walk(w, m.type, &at, 0))
			return false;
	}
	return true;
}

int chrext_object_variables(const struct chrext_object *o, variable_fn fn,
			    void *arg, struct chrext_error **err)
{
	struct walk w = {
		.btf = o->btf,
		.fn = fn,
		.arg = arg,
		.left = MAX_VARIABLES,
	};
	const struct btf_type *t;
	bool good = true;
	size_t d;
	__u32 i;

	if (o->loaded)
		return fail(err, -EBUSY, "%s is loaded already", o->path);
	for (d = 0; d < o->nr_drivers && good; d++) {
		w.ops = o->nr_drivers > 1 ? bpf_map__name(o->drivers[d].map) : NULL;
		good = walk_driver(&w, o, d);
	}
	w.driver = NULL;
	for (i = 1; i < btf__type_cnt(o->btf) && good; i++) {
		t = type_get(o->btf, i);
		if (is_data(o->btf, t))
			good = walk_section(&w, o, t);
	}
	return good ? 0 : fail_memory(err);
}
