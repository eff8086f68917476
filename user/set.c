// SPDX-License-Identifier: GPL-2.0-only
/*
 * --set VAR=VALUE: gives a global variable of the program, or a data member
 * of the ops, a value that fits its BTF type.
 *
 * VAR is NAME, then any number of [INDEX] and .MEMBER.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chrext.h"

struct place {
	const struct btf *btf;
	const char *var;	/* as the user wrote it, up to '=' */
	int var_len;
	int at_len;		/* as far as it has been followed */
	const char *value;
	__u32 type;
	char *data;
};

static int refuse(const struct place *p, const char *fmt, ...) __printf(2, 3);

static const struct btf_type *strip(const struct btf *btf, __u32 *id)
{
	const struct btf_type *t = btf__type_by_id(btf, *id);

	while (t && (btf_is_mod(t) || btf_is_typedef(t) || btf_is_type_tag(t))) {
		*id = t->type;
		t = btf__type_by_id(btf, *id);
	}
	return t;
}

/* "__u32", "enum colour", "char [32]": what the author wrote, or nearly. */
static void type_name(const struct btf *btf, __u32 id, char *buf, size_t size)
{
	const struct btf_type *t = btf__type_by_id(btf, id);
	const char *name;
	size_t len;

	while (btf_is_mod(t) || btf_is_type_tag(t))
		t = btf__type_by_id(btf, t->type);
	name = btf__name_by_offset(btf, t->name_off);
	if (btf_is_array(t)) {
		type_name(btf, btf_array(t)->type, buf, size);
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

/* Says what is wrong, and of which type the variable is. */
static int refuse(const struct place *p, const char *fmt, ...)
{
	char type[128], why[512];
	va_list ap;

	type_name(p->btf, p->type, type, sizeof(type));
	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	complain("--set %.*s=%s: %.*s (%s) %s", p->var_len, p->var, p->value,
		 p->at_len, p->var, type, why);
	return -EINVAL;
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

static void store(char *data, __u64 n, size_t size)
{
	__u8 u8 = n;
	__u16 u16 = n;
	__u32 u32 = n;

	switch (size) {
	case 1:
		memcpy(data, &u8, size);
		break;
	case 2:
		memcpy(data, &u16, size);
		break;
	case 4:
		memcpy(data, &u32, size);
		break;
	default:
		memcpy(data, &n, sizeof(n));
	}
}

static int set_number(const struct place *p, const char *s, size_t len,
		      size_t size, bool is_signed, char *data)
{
	__u64 n, max = ULLONG_MAX >> (64 - 8 * size), low = 0;
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
	store(data, negative ? -n : n, size);
	return 0;
}

static int set_bool(const struct place *p, const char *s, size_t len, char *data)
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
		*data = words[i].value;
		return 0;
	}
	return refuse(p, "takes true or false, not \"%.*s\"", (int)len, s);
}

static int set_enum(const struct place *p, const struct btf_type *t,
		    const char *s, size_t len, char *data)
{
	const struct btf_enum64 *e64 = btf_enum64(t);
	const struct btf_enum *e = btf_enum(t);
	bool is64 = btf_is_enum64(t);
	char names[256] = "";
	size_t used = 0;
	const char *name;
	int i;

	if (len && (isdigit((unsigned char)*s) || *s == '-'))
		return set_number(p, s, len, t->size, btf_kflag(t), data);
	for (i = 0; i < btf_vlen(t); i++) {
		name = btf__name_by_offset(p->btf, is64 ? e64[i].name_off :
							  e[i].name_off);
		if (strlen(name) == len && !strncmp(name, s, len)) {
			store(data, is64 ? btf_enum64_value(&e64[i]) :
					   (__u64)(__s64)e[i].val, t->size);
			return 0;
		}
		if (used < sizeof(names))
			used += snprintf(names + used, sizeof(names) - used,
					 "%s%s", i ? ", " : "", name);
	}
	return refuse(p, "takes a number or one of %s%s, not \"%.*s\"", names,
		      used < sizeof(names) ? "" : "...", (int)len, s);
}

static bool is_char(const struct btf *btf, const struct btf_type *t)
{
	return btf_is_int(t) && t->size == 1 &&
	       !strcmp(btf__name_by_offset(btf, t->name_off), "char");
}

/* One value that is not an array: @s has @len characters. */
static int set_scalar(const struct place *p, const struct btf_type *t,
		      const char *s, size_t len, char *data)
{
	__u8 encoding;

	if (btf_is_any_enum(t))
		return set_enum(p, t, s, len, data);
	if (btf_is_composite(t))
		return refuse(p, "has members: set them one by one, as in %.*s.MEMBER=VALUE",
			      p->var_len, p->var);
	if (btf_is_ptr(t))
		return refuse(p, "is a pointer, which --set cannot fill");
	if (!btf_is_int(t) || t->size > 8)
		return refuse(p, "is of a type that --set cannot fill");
	encoding = btf_int_encoding(t);
	if (encoding & BTF_INT_BOOL)
		return set_bool(p, s, len, data);
	if (is_char(p->btf, t) && len == 1 && !isdigit((unsigned char)*s)) {
		*data = *s;
		return 0;
	}
	return set_number(p, s, len, t->size, encoding & BTF_INT_SIGNED, data);
}

static int set_string(const struct place *p, const struct btf_array *array)
{
	size_t len = strlen(p->value);

	if (len >= array->nelems)
		return refuse(p, "takes at most %u characters, not %zu",
			      array->nelems ? array->nelems - 1 : 0, len);
	memset(p->data, 0, array->nelems);
	memcpy(p->data, p->value, len);
	return 0;
}

/* A list may be shorter than the array; the rest stays as it is. */
static int set_array(const struct place *p, const struct btf_array *array)
{
	__u32 id = array->type;
	const struct btf_type *t = strip(p->btf, &id);
	const char *s = p->value;
	__s64 size = btf__resolve_size(p->btf, id);
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
		err = set_scalar(p, t, s, len, p->data + i++ * size);
		if (err || !s[len])
			return err;
	}
}

static int set_value(const struct place *p)
{
	__u32 id = p->type;
	const struct btf_type *t = strip(p->btf, &id);

	if (btf_is_array(t))
		return set_array(p, btf_array(t));
	return set_scalar(p, t, p->value, strlen(p->value), p->data);
}

/* Steps into array[@s...]. Returns what follows the bracket. */
static const char *step_index(struct place *p, const struct btf_type *t,
			      const char *s)
{
	size_t len = strcspn(s, "]=");
	bool negative;
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
	p->type = btf_array(t)->type;
	p->data += n * btf__resolve_size(p->btf, p->type);
	return s + len + 1;
}

/* Members of anonymous structs inside count as members, as in C. */
static const struct btf_member *member_deep(const struct btf *btf,
					    const struct btf_type *t,
					    const char *name, size_t len,
					    __u32 *bits)
{
	const struct btf_member *m, *found;
	const struct btf_type *inner;
	__u32 id;
	int i;

	found = member_find(btf, t, name, len);
	if (found) {
		*bits += btf_member_bit_offset(t, found - btf_members(t));
		return found;
	}
	m = btf_members(t);
	for (i = 0; i < btf_vlen(t); i++, m++) {
		id = m->type;
		inner = strip(btf, &id);
		if (m->name_off || !btf_is_composite(inner))
			continue;
		found = member_deep(btf, inner, name, len, bits);
		if (found) {
			*bits += btf_member_bit_offset(t, i);
			return found;
		}
	}
	return NULL;
}

/* 444 would be another mode than the one that is meant. */
static bool is_mode(const struct btf *btf, const struct btf_type *t,
		    const char *name, size_t len)
{
	const char *type = btf__name_by_offset(btf, t->name_off);

	return len == 4 && !strncmp(name, "mode", len) &&
	       !strncmp(type, "chr_ext_ops", strlen("chr_ext_ops"));
}

static const char *step_member(struct place *p, const struct btf_type *t,
			       const char *s)
{
	size_t len = strcspn(s, ".[=");
	const struct btf_member *m;
	__u32 bits = 0;

	if (!btf_is_composite(t)) {
		refuse(p, "has no members");
		return NULL;
	}
	m = member_deep(p->btf, t, s, len, &bits);
	if (!m) {
		refuse(p, "has no member \"%.*s\"", (int)len, s);
		return NULL;
	}
	/* For a bit field kind_flag puts its width above the offset. */
	if (bits % 8 || m->offset >> 24) {
		refuse(p, "has \"%.*s\" as a bit field, which --set cannot fill",
		       (int)len, s);
		return NULL;
	}
	p->type = m->type;
	p->data += bits / 8;
	if (is_mode(p->btf, t, s, len) && *p->value != '0') {
		p->at_len = s + len - p->var;
		refuse(p, "takes an octal number, which needs a leading 0, not \"%s\"",
		       p->value);
		return NULL;
	}
	return s + len;
}

/* Follows @path, the rest of the variable's name, and sets what is there. */
static int set_place(struct place *p, const char *path)
{
	const struct btf_type *t;
	__u32 id;

	for (;;) {
		p->at_len = path - p->var;
		id = p->type;
		t = strip(p->btf, &id);
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

static bool is_data_section(const char *name)
{
	return !strncmp(name, ".data", 5) || !strncmp(name, ".rodata", 7) ||
	       !strncmp(name, ".bss", 4);
}

/* Looks in one section for the variable @name. */
static bool find_in_section(const struct object *o, const struct btf_type *sec,
			    const char *name, size_t len, struct place *p)
{
	const struct btf_var_secinfo *v = btf_var_secinfos(sec);
	const struct btf_type *var;
	struct bpf_map *map;
	const char *s;
	char *data;
	size_t size;
	int i;

	for (i = 0; i < btf_vlen(sec); i++, v++) {
		var = btf__type_by_id(o->btf, v->type);
		s = btf__name_by_offset(o->btf, var->name_off);
		if (strlen(s) != len || strncmp(s, name, len))
			continue;
		map = bpf_object__find_map_by_name(o->obj,
				btf__name_by_offset(o->btf, sec->name_off));
		data = map ? bpf_map__initial_value(map, &size) : NULL;
		if (!data || v->offset + v->size > size)
			return false;
		p->type = var->type;
		p->data = data + v->offset;
		return true;
	}
	return false;
}

static bool find_global(const struct object *o, const char *name, size_t len,
			struct place *p)
{
	const struct btf_type *t;
	__u32 i;

	for (i = 1; i < btf__type_cnt(o->btf); i++) {
		t = btf__type_by_id(o->btf, i);
		if (btf_is_datasec(t) &&
		    is_data_section(btf__name_by_offset(o->btf, t->name_off)) &&
		    find_in_section(o, t, name, len, p))
			return true;
	}
	return false;
}

/* OPSVAR.member=..., where OPSVAR is the C variable. */
static bool find_ops(const struct object *o, const char *name, size_t len,
		     struct place *p)
{
	const struct object_driver *d;
	const char *s;
	size_t i;

	for (i = 0; i < o->nr_drivers; i++) {
		d = &o->drivers[i];
		s = bpf_map__name(d->map);
		if (strlen(s) != len || strncmp(s, name, len))
			continue;
		p->type = bpf_map__btf_value_type_id(d->map);
		p->data = bpf_map__initial_value(d->map, NULL);
		return p->data;
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
	/* Of a format or the like, which the compiler made. */
	if (strchr(name, '.') || n->nr > MAX_NAMES ||
	    n->used >= sizeof(n->text))
		return;
	n->used += snprintf(n->text + n->used, sizeof(n->text) - n->used,
			    "%s%s", n->nr ? ", " : "",
			    n->nr == MAX_NAMES ? "..." : name);
	n->nr++;
}

static void names_globals(struct names *n, const struct btf *btf)
{
	const struct btf_type *t, *var;
	__u32 i;
	int v;

	for (i = 1; i < btf__type_cnt(btf); i++) {
		t = btf__type_by_id(btf, i);
		if (!btf_is_datasec(t) ||
		    !is_data_section(btf__name_by_offset(btf, t->name_off)))
			continue;
		for (v = 0; v < btf_vlen(t); v++) {
			var = btf__type_by_id(btf, btf_var_secinfos(t)[v].type);
			names_add(n, btf__name_by_offset(btf, var->name_off));
		}
	}
}

static void names_members(struct names *n, const struct btf *btf,
			  const struct btf_type *ops)
{
	const struct btf_member *m = btf_members(ops);
	int i;

	for (i = 0; i < btf_vlen(ops); i++, m++)
		if (!btf_is_ptr(btf__type_by_id(btf, m->type)))
			names_add(n, btf__name_by_offset(btf, m->name_off));
}

static int unknown(const struct object *o, const struct place *p, size_t len)
{
	const struct object_driver *d = &o->drivers[0];
	struct names names = { };

	if (o->nr_drivers > 1 && member_find(o->btf, d->type, p->var, len)) {
		complain("--set %.*s=%s: %s holds %zu drivers, say which: --set %s.%.*s=%s",
			 p->var_len, p->var, p->value, o->path, o->nr_drivers,
			 bpf_map__name(d->map), p->var_len, p->var, p->value);
		return -EINVAL;
	}
	names_globals(&names, o->btf);
	names_members(&names, o->btf, d->type);
	complain("--set %.*s=%s: %s has no global variable \"%.*s\", and struct chr_ext_ops no such member; there are %s",
		 p->var_len, p->var, p->value, o->path, (int)len, p->var,
		 names.text);
	return -EINVAL;
}

/* @assignment has a '=' with something before it. */
int object_set(struct object *o, const char *assignment)
{
	const struct object_driver *d = &o->drivers[0];
	const char *equal = strchr(assignment, '=');
	size_t len = strcspn(assignment, ".[=");
	struct place p = {
		.btf = o->btf,
		.var = assignment,
		.var_len = equal - assignment,
		.at_len = len,
		.value = equal + 1,
	};

	if (find_global(o, assignment, len, &p) ||
	    find_ops(o, assignment, len, &p))
		return set_place(&p, assignment + len);
	if (o->nr_drivers > 1 || !member_find(o->btf, d->type, assignment, len))
		return unknown(o, &p, len);
	p.type = bpf_map__btf_value_type_id(d->map);
	p.data = bpf_map__initial_value(d->map, NULL);
	assignment = step_member(&p, d->type, assignment);
	return assignment ? set_place(&p, assignment) : -EINVAL;
}
