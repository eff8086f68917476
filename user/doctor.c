// SPDX-License-Identifier: GPL-2.0-only
/* chrext doctor: is everything there that drivers need, and what repairs it? */
#include <stdio.h>

#include "chrext.h"

static const char *const verdicts[] = {
	[CHREXT_OK]	= "ok",
	[CHREXT_WARN]	= "warn",
	[CHREXT_FAIL]	= "FAIL",
};

static void print_text(void *arg, const struct chrext_finding *f)
{
	(void)arg;
	printf("%-4s  %s: %s%s%s\n", verdicts[f->verdict], f->check, f->found,
	       f->mend ? "; " : "", f->mend ? f->mend : "");
}

static void add_json(void *arg, const struct chrext_finding *f)
{
	json_t *o = json_checked(json_object());

	json_put(o, "check", json_text(f->check));
	json_put(o, "result", json_text(verdicts[f->verdict]));
	json_put(o, "found", json_text(f->found));
	json_put(o, "mend", f->mend ? json_text(f->mend) : json_null());
	json_push(arg, o);
}

int verb_doctor(const struct options *opt)
{
	json_t *all = json_checked(json_array());
	int failed;

	failed = chrext_doctor(opt->json ? add_json : print_text, all);
	if (opt->json)
		json_print(all);
	else
		json_decref(all);
	return failed ? EXIT_FAILED : EXIT_OK;
}
