// SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
/* A program that brings its own driver: it is gone when the program ends. */
#include <stdio.h>
#include <unistd.h>

#include "chrext.h"

int main(int argc, char **argv)
{
	struct chrext_error *err = NULL;
	struct chrext_object *obj;

	obj = argc == 2 ? chrext_object_open(argv[1], &err) : NULL;
	if (obj && !chrext_object_load(obj, &err) &&
	    !chrext_object_attach(obj, &err) &&
	    !chrext_object_wait(obj, 5000, &err)) {
		printf("/dev/%s\n", chrext_object_get_driver_name(obj, 0));
		fclose(stdout);
		pause();
	}
	chrext_object_free(obj);
	fprintf(stderr, "embed: %s\n", err ? err->text : "usage: embed FILE");
	chrext_error_free(err);
	return 1;
}
