// SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
/*
 * BTF of a file and the data that it describes. Both may be damaged: all
 * access goes through these functions, which check bounds.
 */
#include <stdio.h>
#include <string.h>

#include "lib.h"

#define MAX_TYPEDEFS	32	/* of typedefs and qualifiers */

/* [@offset, @offset + @size) of @s, if it is inside. */
bool span_part(const struct span *s, __u64 offset, __u64 size,
	       struct span *part)
{
	if (!s->data || offset > s->size || size > s->size - offset)
		return false;
	part->data = s->data + offset;
	part->size = size;
	return true;
}

/* Never NULL: an id that is not there is void. */
const struct btf_type *type_get(const struct btf *btf, __u32 id)
{
	const struct btf_type *t = btf__type_by_id(btf, id);

	return t ? t : btf__type_by_id(btf, 0);
}

const char *type_name(const struct btf *btf, const struct btf_type *t)
{
	const char *name = btf__name_by_offset(btf, t->name_off);

	return name ? name : "";
}

/* Behind typedefs and qualifiers; void if there is no end of them. */
const struct btf_type *type_strip(const struct btf *btf, __u32 *id)
{
	const struct btf_type *t = type_get(btf, *id);
	int depth;

	for (depth = 0; btf_is_mod(t) || btf_is_typedef(t) || btf_is_type_tag(t);
	     depth++) {
		*id = depth < MAX_TYPEDEFS ? t->type : 0;
		t = type_get(btf, *id);
	}
	return t;
}

/* Member @index of a struct or union; false behind the last. */
bool member_get(const struct btf *btf, const struct btf_type *t, __u32 index,
		struct member *m)
{
	const struct btf_member *raw = btf_members(t) + index;
	const char *name;

	if (!btf_is_composite(t) || index >= btf_vlen(t))
		return false;
	name = btf__name_by_offset(btf, raw->name_off);
	*m = (struct member) {
		.name = name ? name : "",
		.type = raw->type,
		.bits = btf_member_bit_offset(t, index),
		.is_bitfield = btf_member_bitfield_size(t, index),
	};
	return true;
}

bool member_find(const struct btf *btf, const struct btf_type *t,
		 const char *name, size_t len, struct member *m)
{
	__u32 i;

	for (i = 0; member_get(btf, t, i, m); i++)
		if (strlen(m->name) == len && !memcmp(m->name, name, len))
			return true;
	return false;
}

static bool members_inside(const struct btf *btf, const struct btf_type *t)
{
	struct member m;
	__s64 size;
	__u32 i;

	for (i = 0; member_get(btf, t, i, &m); i++) {
		size = m.is_bitfield ? 0 : btf__resolve_size(btf, m.type);
		if (size < 0)
			size = 0;	/* a function, or an array without end */
		if (m.bits / 8 + (__u64)size > t->size)
			return false;
	}
	return true;
}

/* libbpf takes members that are beyond the end of their struct, and writes there. */
bool btf_is_whole(const struct btf *btf)
{
	const struct btf_type *t;
	__u32 i;

	for (i = 1; i < btf__type_cnt(btf); i++) {
		t = type_get(btf, i);
		if (btf_is_composite(t) && !members_inside(btf, t))
			return false;
	}
	return true;
}

/* What the function prototype @proto returns, and how many bytes of it. */
bool type_returns(const struct btf *btf, __u32 proto, char *buf, size_t size,
		  bool *is_void, __u64 *bytes)
{
	const struct btf_type *t = type_get(btf, proto), *ret;
	const char *name;
	__u32 id;

	if (!btf_is_func_proto(t))
		return false;
	id = t->type;
	name = type_name(btf, type_get(btf, id));
	ret = type_strip(btf, &id);
	*is_void = btf_is_void(ret);
	*bytes = btf_is_ptr(ret) ? 8 :
		 btf_is_int(ret) || btf_is_any_enum(ret) ? ret->size : 0;
	if (btf_is_ptr(ret))
		name = "a pointer";
	else if (*is_void)
		name = "nothing";
	else if (!*name)
		name = type_name(btf, ret);
	snprintf(buf, size, "%s", name);
	return true;
}
