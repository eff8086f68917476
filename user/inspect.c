// SPDX-License-Identifier: GPL-2.0-only
/* chrext inspect: what is in a driver's file, without loading it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chrext.h"

static void text_variable(void *arg, const struct chrext_variable *var)
{
	const char *driver = arg;

	if (!driver != !var->driver || (driver && strcmp(driver, var->driver)))
		return;
	printf("  %s%s%s  (%s)\n", var->name, var->value ? "=" : "",
	       var->value ? var->value : "", var->type);
}

static void text_kfunc(void *arg, const struct chrext_kfunc *kfunc)
{
	bool *any = arg;

	if (!*any)
		puts("\nkfuncs");
	*any = true;
	printf("  %s%s%s\n", kfunc->name, kfunc->optional ? "  optional" : "",
	       kfunc->here == CHREXT_ABSENT ? "  missing here" : "");
}

static void any_variable(void *arg, const struct chrext_variable *var)
{
	bool *any = arg;

	*any |= !var->driver;
}

static int text_driver(struct chrext_object *o, size_t index)
{
	const char *compatible = chrext_object_get_compatible(o, index);
	const char *name = chrext_object_get_driver_name(o, index);
	struct chrext_op op;
	size_t i;

	printf("\ndriver      %s\n", name);
	if (*compatible)
		printf("compatible  %s\n", compatible);
	for (i = 0; chrext_object_get_op(o, index, i, &op); i++)
		printf("%-10s  %-8s  %s%s\n", i ? "" : "ops", op.name, op.program,
		       op.sleepable ? "  sleepable" : "");
	return chrext_object_variables(o, text_variable, (void *)name, NULL);
}

static int text(struct chrext_object *o, const char *path, const char *why)
{
	uint32_t abi = chrext_object_get_abi(o);
	bool any = false;
	int ret = 0;
	size_t i;

	printf("file        %s\n", path);
	if (abi)
		printf("ABI         %u\n", abi);
	printf("here        %s%s\n", why ? "does not load: " : "loads, unless the verifier rejects it",
	       why ? why : "");
	for (i = 0; i < chrext_object_num_drivers(o) && !ret; i++)
		ret = text_driver(o, i);
	if (!ret)
		ret = chrext_object_variables(o, any_variable, &any, NULL);
	if (!ret && any) {
		puts("\nvariables");
		ret = chrext_object_variables(o, text_variable, NULL, NULL);
	}
	any = false;
	chrext_object_kfuncs(o, text_kfunc, &any);
	return ret;
}

/* The variables of one driver, or those of the program. */
struct variables {
	const char *driver;
	json_t *all;
};

static void json_variable(void *arg, const struct chrext_variable *var)
{
	struct variables *v = arg;
	json_t *o;

	if (!v->driver != !var->driver ||
	    (v->driver && strcmp(v->driver, var->driver)))
		return;
	o = json_checked(json_object());
	json_put(o, "name", json_text(var->name));
	json_put(o, "type", json_text(var->type));
	json_put(o, "value", var->value ? json_text(var->value) : json_null());
	json_push(v->all, o);
}

static int json_variables(const struct chrext_object *o, const char *driver,
			  json_t *to, const char *key)
{
	struct variables v = { driver, json_checked(json_array()) };
	int ret = chrext_object_variables(o, json_variable, &v, NULL);

	json_put(to, key, v.all);
	return ret;
}

static void json_kfunc(void *arg, const struct chrext_kfunc *kfunc)
{
	json_t *o = json_checked(json_object());

	json_put(o, "name", json_text(kfunc->name));
	json_put(o, "optional", json_boolean(kfunc->optional));
	json_put(o, "present", kfunc->here == CHREXT_UNKNOWN ? json_null() :
			       json_boolean(kfunc->here == CHREXT_PRESENT));
	json_push(arg, o);
}

/* The strings of a list with a blank between them. */
static json_t *json_words(const char *text)
{
	json_t *all = json_checked(json_array());
	size_t len;

	for (; *text; text += len + (text[len] == ' ')) {
		len = strcspn(text, " ");
		if (len)
			json_push(all, json_stringn(text, len));
	}
	return all;
}

static json_t *json_ops(const struct chrext_object *obj, size_t index)
{
	json_t *all = json_checked(json_array()), *o;
	struct chrext_op op;
	size_t i;

	for (i = 0; chrext_object_get_op(obj, index, i, &op); i++) {
		o = json_checked(json_object());
		json_put(o, "op", json_text(op.name));
		json_put(o, "program", json_text(op.program));
		json_put(o, "sleepable", json_boolean(op.sleepable));
		json_push(all, o);
	}
	return all;
}

static int json_driver(struct chrext_object *obj, size_t index, json_t *all)
{
	const char *name = chrext_object_get_driver_name(obj, index);
	json_t *o = json_checked(json_object());
	int ret;

	json_put(o, "name", json_text(name));
	json_put(o, "compatible",
		 json_words(chrext_object_get_compatible(obj, index)));
	json_put(o, "ops", json_ops(obj, index));
	ret = json_variables(obj, name, o, "members");
	json_push(all, o);
	return ret;
}

static int json(struct chrext_object *obj, const char *path, const char *why)
{
	json_t *o = json_checked(json_object());
	json_t *drivers = json_checked(json_array());
	json_t *kfuncs = json_checked(json_array());
	uint32_t abi = chrext_object_get_abi(obj);
	int ret = 0;
	size_t i;

	for (i = 0; i < chrext_object_num_drivers(obj) && !ret; i++)
		ret = json_driver(obj, i, drivers);
	json_put(o, "file", json_text(path));
	json_put(o, "abi", abi ? json_integer(abi) : json_null());
	json_put(o, "loads", json_boolean(!why));
	json_put(o, "why", why ? json_text(why) : json_null());
	json_put(o, "drivers", drivers);
	if (!ret)
		ret = json_variables(obj, NULL, o, "variables");
	chrext_object_kfuncs(obj, json_kfunc, kfuncs);
	json_put(o, "kfuncs", kfuncs);
	json_print(o);
	return ret;
}

int verb_inspect(const struct options *opt)
{
	struct chrext_object *o = object_get(opt);
	struct chrext_error *err = NULL;
	char *why = NULL;
	int ret;

	if (!o)
		return EXIT_FAILED;
	if (chrext_object_check(o, &err))
		why = err->hint ? xprintf("%s (%s)", err->text, err->hint) :
				  xprintf("%s", err->text);
	ret = (opt->json ? json : text)(o, opt->arg, why);
	if (ret)
		complain("out of memory");
	free(why);
	chrext_error_free(err);
	chrext_object_free(o);
	return ret ? EXIT_FAILED : EXIT_OK;
}
