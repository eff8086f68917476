// SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
/*
 * VAR=VALUE: give a global variable of the program, or a data member of the
 * ops, a value that fits its BTF type.
 *
 * VAR is NAME, then any number of [INDEX] and .MEMBER.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib.h"

struct place {
	const struct btf *btf;
	const char *var;	/* as the user wrote it, up to '=' */
	int var_len;
	int at_len;		/* as far as it has been followed */
	const char *value;
	__u32 type;
	struct span data;	/* begins there; may be longer */
	struct chrext_error **err;
};

static int refuse(const struct place *p, const char *fmt, ...) __printf(2, 3);

/* "__u32", "enum colour", "char [32]": as the author wrote it, or nearly. */
void describe(const struct btf *btf, __u32 id, char *buf, size_t size,
	      int depth)
{
	const struct btf_type *t = type_get(btf, id);
	const char *name;
	size_t len;
	int i;

	for (i = 0; i < MAX_DEPTH && (btf_is_mod(t) || btf_is_type_tag(t)); i++)
		t = type_get(btf, t->type);
	name = type_name(btf, t);
	if (btf_is_array(t) && depth < MAX_DEPTH) {
		describe(btf, btf_array(t)->type, buf, size, depth + 1);
		len = strlen(buf);
		snprintf(buf + len, size - len, "%s[%u]",
			 strchr(buf, '[') ? "" : " ", btf_array(t)->nelems);
	} else if (btf_is_any_enum(t)) {
		snprintf(buf, size, "enum%s%s", *name ? " " : "", name);
	} else if (btf_is_struct(t)) {
		snprintf(buf, size, "struct%s%s", *name ? " " : "", name);
	} else if (btf_is_union(t)) {
		snprintf(buf, size, "union%s%s", *name ? " " : "", name);
	} else if (btf_is_ptr(t)) {
		snprintf(buf, size, "pointer");
	} else {
		snprintf(buf, size, "%s", name);
	}
}

/* Report the problem together with the variable's type. */
static int refuse(const struct place *p, const char *fmt, ...)
{
	char type[128], why[512];
	va_list ap;

	describe(p->btf, p->type, type, sizeof(type), 0);
	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	return fail(p->err, -EINVAL, "--set %.*s=%s: %.*s (%s) %s", p->var_len,
		    p->var, p->value, p->at_len, p->var, type, why);
}

static int refuse_damaged(const struct place *p)
{
	return refuse(p, "is beyond the end of its section: the file is damaged");
}

enum parsed { PARSED, NO_NUMBER, TOO_LARGE };

/* Decimal, 0x, 0, then K, M or G. */
static enum parsed number(const char *s, size_t len, bool *negative, __u64 *n)
{
	static const char suffixes[] = "KMG";
	unsigned int shift = 0;
	const char *suffix;
	char buf[40], *end;

	*negative = len && *s == '-';
	s += *negative;
	len -= *negative;
	if (!len || !isdigit((unsigned char)*s))
		return NO_NUMBER;
	if (len >= sizeof(buf))
		return TOO_LARGE;
	memcpy(buf, s, len);
	buf[len] = 0;
	errno = 0;
	*n = strtoull(buf, &end, 0);
	if (*end) {
		suffix = strchr(suffixes, toupper((unsigned char)*end));
		if (!suffix || end[1])
			return NO_NUMBER;
		shift = 10 * (suffix - suffixes + 1);
	}
	if (errno == ERANGE || *n > ULLONG_MAX >> shift)
		return TOO_LARGE;
	*n <<= shift;
	return PARSED;
}

static void store(const struct span *to, __u64 n)
{
	__u8 u8 = n;
	__u16 u16 = n;
	__u32 u32 = n;

	switch (to->size) {
	case 1:
		memcpy(to->data, &u8, sizeof(u8));
		break;
	case 2:
		memcpy(to->data, &u16, sizeof(u16));
		break;
	case 4:
		memcpy(to->data, &u32, sizeof(u32));
		break;
	case 8:
		memcpy(to->data, &n, sizeof(n));
		break;
	}
}

/* @to has 1, 2, 4 or 8 bytes. */
static int set_number(const struct place *p, const char *s, size_t len,
		      bool is_signed, const struct span *to)
{
	__u64 n, max = ULLONG_MAX >> (64 - 8 * to->size), low = 0;
	enum parsed parsed;
	bool negative;

	if (is_signed) {
		max >>= 1;
		low = max + 1;
	}
	parsed = number(s, len, &negative, &n);
	if (parsed == NO_NUMBER)
		return refuse(p, "takes a number, not \"%.*s\"", (int)len, s);
	if (parsed == TOO_LARGE || n > (negative ? low : max))
		return refuse(p, "takes %s%llu to %llu, not %.*s",
			      low ? "-" : "", (unsigned long long)low,
			      (unsigned long long)max, (int)len, s);
	store(to, negative ? -n : n);
	return 0;
}

static int set_bool(const struct place *p, const char *s, size_t len,
		    const struct span *to)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = {
		{ "0", false }, { "1", true }, { "false", false },
		{ "true", true }, { "no", false }, { "yes", true },
		{ "off", false }, { "on", true },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		if (strlen(words[i].word) != len ||
		    strncmp(words[i].word, s, len))
			continue;
		store(to, words[i].value);
		return 0;
	}
	return refuse(p, "takes true or false, not \"%.*s\"", (int)len, s);
}

/* Enumerator @i; false behind the last. */
bool enumerator(const struct btf *btf, const struct btf_type *t, __u32 i,
		const char **name, __u64 *value)
{
	const struct btf_enum64 *e64 = btf_enum64(t) + i;
	const struct btf_enum *e = btf_enum(t) + i;
	bool is64 = btf_is_enum64(t);

	if (i >= btf_vlen(t))
		return false;
	*name = btf__name_by_offset(btf, is64 ? e64->name_off : e->name_off);
	if (!*name)
		*name = "";
	*value = is64 ? btf_enum64_value(e64) : (__u64)(__s64)e->val;
	return true;
}

static int set_enum(const struct place *p, const struct btf_type *t,
		    const char *s, size_t len, const struct span *to)
{
	char names[256] = "";
	size_t used = 0;
	const char *name;
	__u64 value;
	__u32 i;

	if (len && (isdigit((unsigned char)*s) || *s == '-'))
		return set_number(p, s, len, btf_kflag(t), to);
	for (i = 0; enumerator(p->btf, t, i, &name, &value); i++) {
		if (strlen(name) == len && !strncmp(name, s, len)) {
			store(to, value);
			return 0;
		}
		if (used < sizeof(names))
			used += snprintf(names + used, sizeof(names) - used,
					 "%s%s", i ? ", " : "", name);
	}
	return refuse(p, "takes a number or one of %s%s, not \"%.*s\"", names,
		      used < sizeof(names) ? "" : "...", (int)len, s);
}

bool is_char(const struct btf *btf, const struct btf_type *t)
{
	return btf_is_int(t) && t->size == 1 &&
	       !strcmp(type_name(btf, t), "char");
}

static bool is_word(__u32 size)
{
	return size == 1 || size == 2 || size == 4 || size == 8;
}

/* One value that is not an array: @s has @len characters. */
static int set_scalar(const struct place *p, const struct btf_type *t,
		      const char *s, size_t len, const struct span *at)
{
	struct span to;
	__u8 encoding;

	if (btf_is_composite(t))
		return refuse(p, "has members: set them one by one, as in %.*s.MEMBER=VALUE",
			      p->var_len, p->var);
	if (btf_is_ptr(t))
		return refuse(p, "is a pointer, which --set cannot fill");
	if ((!btf_is_int(t) && !btf_is_any_enum(t)) || !is_word(t->size))
		return refuse(p, "is of a type that --set cannot fill");
	if (!span_part(at, 0, t->size, &to))
		return refuse_damaged(p);
	if (btf_is_any_enum(t))
		return set_enum(p, t, s, len, &to);
	encoding = btf_int_encoding(t);
	if (encoding & BTF_INT_BOOL)
		return set_bool(p, s, len, &to);
	if (is_char(p->btf, t) && len == 1 && !isdigit((unsigned char)*s)) {
		*to.data = *s;
		return 0;
	}
	return set_number(p, s, len, encoding & BTF_INT_SIGNED, &to);
}

static int set_string(const struct place *p, const struct btf_array *array)
{
	size_t len = strlen(p->value);
	struct span to;

	if (len >= array->nelems)
		return refuse(p, "takes at most %u characters, not %zu",
			      array->nelems ? array->nelems - 1 : 0, len);
	if (!span_part(&p->data, 0, array->nelems, &to))
		return refuse_damaged(p);
	memset(to.data, 0, to.size);
	memcpy(to.data, p->value, len);
	return 0;
}

/* A list may be shorter than the array; the rest keeps its values. */
static int set_array(const struct place *p, const struct btf_array *array)
{
	__u32 id = array->type;
	const struct btf_type *t = type_strip(p->btf, &id);
	const char *s = p->value;
	__s64 size = btf__resolve_size(p->btf, id);
	struct span at;
	__u32 i = 0;
	size_t len;
	int err;

	if (is_char(p->btf, t))
		return set_string(p, array);
	if (btf_is_array(t) || btf_is_composite(t))
		return refuse(p, "is an array of arrays or structs: set its elements, as in %.*s[0]",
			      p->var_len, p->var);
	for (;; s += len + 1) {
		len = strcspn(s, ",");
		if (i == array->nelems)
			return refuse(p, "takes at most %u values",
				      array->nelems);
		if (size < 0 ||
		    !span_part(&p->data, i++ * (__u64)size, size, &at))
			return refuse_damaged(p);
		err = set_scalar(p, t, s, len, &at);
		if (err || !s[len])
			return err;
	}
}

static int set_value(const struct place *p)
{
	__u32 id = p->type;
	const struct btf_type *t = type_strip(p->btf, &id);

	if (btf_is_array(t))
		return set_array(p, btf_array(t));
	return set_scalar(p, t, p->value, strlen(p->value), &p->data);
}

/* Step into array[@s...]. Returns what follows the bracket. */
static const char *step_index(struct place *p, const struct btf_type *t,
			      const char *s)
{
	size_t len = strcspn(s, "]=");
	struct span at;
	bool negative;
	__s64 size;
	__u64 n;

	if (!btf_is_array(t)) {
		refuse(p, "is not an array");
		return NULL;
	}
	if (s[len] != ']' || number(s, len, &negative, &n) == NO_NUMBER) {
		refuse(p, "takes a number in its brackets, not \"%.*s\"",
		       (int)len, s);
		return NULL;
	}
	if (negative || n >= btf_array(t)->nelems) {
		refuse(p, "has %u elements, there is no [%.*s]",
		       btf_array(t)->nelems, (int)len, s);
		return NULL;
	}
	size = btf__resolve_size(p->btf, btf_array(t)->type);
	if (size < 0 || !span_part(&p->data, n * size, size, &at)) {
		refuse_damaged(p);
		return NULL;
	}
	p->type = btf_array(t)->type;
	p->data = at;
	return s + len + 1;
}

/* Members of anonymous structs inside count as members, as in C. */
static bool member_deep(const struct btf *btf, const struct btf_type *t,
			const char *name, size_t len, struct member *m,
			int depth)
{
	const struct btf_type *inner;
	struct member outer;
	__u32 i, id;

	if (member_find(btf, t, name, len, m))
		return true;
	for (i = 0; depth < MAX_DEPTH && member_get(btf, t, i, &outer); i++) {
		id = outer.type;
		inner = type_strip(btf, &id);
		if (*outer.name || !btf_is_composite(inner) ||
		    !member_deep(btf, inner, name, len, m, depth + 1))
			continue;
		m->bits += outer.bits;
		return true;
	}
	return false;
}

/* 444 is not the mode that was meant. */
static bool is_mode(const struct btf *btf, const struct btf_type *t,
		    const char *name, size_t len)
{
	return len == 4 && !strncmp(name, "mode", len) &&
	       !strncmp(type_name(btf, t), "chr_ext_ops", strlen("chr_ext_ops"));
}

static const char *step_member(struct place *p, const struct btf_type *t,
			       const char *s)
{
	size_t len = strcspn(s, ".[=");
	struct member m;
	struct span at;
	__s64 size;

	if (!btf_is_composite(t)) {
		refuse(p, "has no members");
		return NULL;
	}
	if (!member_deep(p->btf, t, s, len, &m, 0)) {
		refuse(p, "has no member \"%.*s\"", (int)len, s);
		return NULL;
	}
	if (m.bits % 8 || m.is_bitfield) {
		refuse(p, "has \"%.*s\" as a bit field, which --set cannot fill",
		       (int)len, s);
		return NULL;
	}
	size = btf__resolve_size(p->btf, m.type);
	if (!span_part(&p->data, m.bits / 8, size < 0 ? 0 : size, &at)) {
		refuse_damaged(p);
		return NULL;
	}
	p->type = m.type;
	p->data = at;
	if (is_mode(p->btf, t, s, len) && *p->value != '0') {
		p->at_len = s + len - p->var;
		refuse(p, "takes an octal number, which needs a leading 0, not \"%s\"",
		       p->value);
		return NULL;
	}
	return s + len;
}

/* Follow @path, the rest of the variable's name, and set what is there. */
static int set_place(struct place *p, const char *path)
{
	const struct btf_type *t;
	__u32 id;

	for (;;) {
		p->at_len = path - p->var;
		id = p->type;
		t = type_strip(p->btf, &id);
		if (*path == '=')
			return set_value(p);
		if (*path == '[')
			path = step_index(p, t, path + 1);
		else if (*path == '.')
			path = step_member(p, t, path + 1);
		else
			return refuse(p, "must be followed by [INDEX], .MEMBER or '='");
		if (!path)
			return -EINVAL;
	}
}

/* Variable @index of a section: its type and where its value is. */
bool variable_get(const struct chrext_object *o, const struct btf_type *sec,
		  __u32 index, const char **name, __u32 *type,
		  struct span *at)
{
	const struct btf_var_secinfo *v = btf_var_secinfos(sec) + index;
	const struct btf_type *var = type_get(o->btf, v->type);
	struct span all = { };
	struct bpf_map *map;

	*name = type_name(o->btf, var);
	*type = var->type;
	map = bpf_object__find_map_by_name(o->obj, type_name(o->btf, sec));
	if (map)
		all.data = bpf_map__initial_value(map, &all.size);
	return btf_is_var(var) && span_part(&all, v->offset, v->size, at);
}

/* Look in one section for the variable @name. */
static bool find_in_section(const struct chrext_object *o,
			    const struct btf_type *sec, const char *name,
			    size_t len, struct place *p)
{
	struct span at;
	const char *s;
	__u32 i, type;

	for (i = 0; i < btf_vlen(sec); i++) {
		if (!variable_get(o, sec, i, &s, &type, &at) ||
		    strlen(s) != len || strncmp(s, name, len))
			continue;
		p->type = type;
		p->data = at;
		return true;
	}
	return false;
}

bool is_data(const struct btf *btf, const struct btf_type *t)
{
	return btf_is_datasec(t) && is_data_section(type_name(btf, t));
}

static bool find_global(const struct chrext_object *o, const char *name,
			size_t len, struct place *p)
{
	const struct btf_type *t;
	__u32 i;

	for (i = 1; i < btf__type_cnt(o->btf); i++) {
		t = type_get(o->btf, i);
		if (is_data(o->btf, t) && find_in_section(o, t, name, len, p))
			return true;
	}
	return false;
}

/* OPSVAR.member=..., where OPSVAR is the C variable. */
static bool find_ops(const struct chrext_object *o, const char *name,
		     size_t len, struct place *p)
{
	const struct object_driver *d;
	const char *s;

	for (d = o->drivers; d < o->drivers + o->nr_drivers; d++) {
		s = bpf_map__name(d->map);
		if (strlen(s) != len || strncmp(s, name, len))
			continue;
		p->type = d->type_id;
		p->data = d->value;
		return true;
	}
	return false;
}

#define MAX_NAMES	16

struct names {
	char text[512];
	size_t used;
	size_t nr;
};

static void names_add(struct names *n, const char *name)
{
	/* Made by the compiler for a format or the like. */
	if (strchr(name, '.') || n->nr > MAX_NAMES ||
	    n->used >= sizeof(n->text))
		return;
	n->used += snprintf(n->text + n->used, sizeof(n->text) - n->used,
			    "%s%s", n->nr ? ", " : "",
			    n->nr == MAX_NAMES ? "..." : name);
	n->nr++;
}

static void names_globals(struct names *n, const struct chrext_object *o)
{
	const struct btf_type *t;
	const char *name;
	struct span at;
	__u32 i, v, type;

	for (i = 1; i < btf__type_cnt(o->btf); i++) {
		t = type_get(o->btf, i);
		for (v = 0; is_data(o->btf, t) && v < btf_vlen(t); v++)
			if (variable_get(o, t, v, &name, &type, &at))
				names_add(n, name);
	}
}

static void names_members(struct names *n, const struct btf *btf,
			  const struct btf_type *ops)
{
	struct member m;
	__u32 i;

	for (i = 0; member_get(btf, ops, i, &m); i++)
		if (!btf_is_ptr(type_get(btf, m.type)))
			names_add(n, m.name);
}

static int unknown(const struct chrext_object *o, const struct place *p,
		   size_t len)
{
	const struct object_driver *d = &o->drivers[0];
	struct names names = { };
	struct member m;

	if (o->nr_drivers > 1 && member_find(o->btf, d->type, p->var, len, &m))
		return fail(p->err, -EINVAL, "--set %.*s=%s: %s holds %zu drivers, name one: --set %s.%.*s=%s",
			    p->var_len, p->var, p->value, o->path,
			    o->nr_drivers, bpf_map__name(d->map), p->var_len,
			    p->var, p->value);
	names_globals(&names, o);
	names_members(&names, o->btf, d->type);
	return fail(p->err, -EINVAL, "--set %.*s=%s: %s has no global variable \"%.*s\", and struct chr_ext_ops no such member; there are %s",
		    p->var_len, p->var, p->value, o->path, (int)len, p->var,
		    names.text);
}

int chrext_object_set(struct chrext_object *o, const char *assignment,
		      struct chrext_error **err)
{
	const struct object_driver *d = &o->drivers[0];
	const char *equal = strchr(assignment, '=');
	size_t len = strcspn(assignment, ".[=");
	struct place p = {
		.btf = o->btf,
		.var = assignment,
		.at_len = len,
		.err = err,
	};
	struct member m;

	if (!equal || equal == assignment)
		return fail(err, -EINVAL, "--set %s: expected VAR=VALUE",
			    assignment);
	if (o->loaded)
		return fail(err, -EBUSY, "--set %s: %s is loaded already",
			    assignment, o->path);
	p.var_len = equal - assignment;
	p.value = equal + 1;
	if (find_global(o, assignment, len, &p) ||
	    find_ops(o, assignment, len, &p))
		return set_place(&p, assignment + len);
	if (o->nr_drivers > 1 ||
	    !member_find(o->btf, d->type, assignment, len, &m))
		return unknown(o, &p, len);
	p.type = d->type_id;
	p.data = d->value;
	assignment = step_member(&p, d->type, assignment);
	return assignment ? set_place(&p, assignment) : -EINVAL;
}
