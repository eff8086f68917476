// SPDX-License-Identifier: GPL-2.0-only
/* chrext: load, unload and inspect character device drivers written in BPF. */
#define _GNU_SOURCE
#include <argp.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chrext.h"

#define ANY		1000	/* arguments */
#define MAX_OPTIONS	8	/* of a verb */

/* Above all characters: these have no short form. */
enum {
	OPT_NAME = 256,
	OPT_SET,
	OPT_FOREGROUND,
	OPT_DRY_RUN,
	OPT_NOW,
	OPT_GPIO,
	OPT_NO_FOLLOW,
	OPT_LINES,
	OPT_SVG,
	OPT_TIME,
	OPT_COUNT,
	OPT_DIR,
	OPT_WAIT,
	OPT_JSON,
};

static const struct argp_option all_options[] = {
	{ "name", OPT_NAME, "NAME", 0,
	  "Call the driver NAME; the file must hold exactly one", 0 },
	{ "set", OPT_SET, "VAR=VALUE", 0,
	  "Set a global variable of the program or a member of its ops", 0 },
	{ "foreground", OPT_FOREGROUND, NULL, 0,
	  "Keep the drivers until this process ends", 0 },
	{ "dry-run", OPT_DRY_RUN, NULL, 0,
	  "Check everything and change nothing", 0 },
	{ "no-follow", OPT_NO_FOLLOW, NULL, 0,
	  "Print the log as it is and stop", 0 },
	{ "lines", OPT_LINES, "LINE,...", 0,
	  "Record these GPIO lines: NAME or LABEL:OFFSET", 0 },
	{ "output", 'o', "FILE", 0, "Write the recording to FILE as VCD", 0 },
	{ "svg", OPT_SVG, "FILE", 0, "Write the recording to FILE as SVG", 0 },
	{ "time", OPT_TIME, "MS", 0, "Record for MS milliseconds", 0 },
	{ "count", OPT_COUNT, "N", 0, "Record N edges", 0 },
	{ "dir", OPT_DIR, "DIR", 0,
	  "Use DIR instead of " CONF_DIR " or, for boards, " BOARDS_STORE, 0 },
	{ "now", OPT_NOW, NULL, 0, "Do it now too, and not only at boot", 0 },
	{ "gpio", OPT_GPIO, NULL, 0, "A driver for hardware on GPIO lines", 0 },
	{ "wait", OPT_WAIT, "SECONDS", 0,
	  "Wait this long for what is not there yet", 0 },
	{ "json", OPT_JSON, NULL, 0, "Print JSON", 0 },
	{ "verbose", 'v', NULL, 0, "Print messages of libbpf and the verifier", 0 },
	{ NULL, 'h', NULL, OPTION_HIDDEN, NULL, 0 },
	{ }
};

static const struct verb {
	const char *name;
	const char *args;
	unsigned int min, max;	/* how many args */
	const char *doc;
	int options[MAX_OPTIONS];	/* keys, other than those of all verbs */
	int (*run)(const struct options *opt);
} verbs[] = {
	{ "load", "FILE", 1, 1, "Load all drivers in FILE, or none.",
	  { OPT_NAME, OPT_SET, OPT_FOREGROUND, OPT_DRY_RUN, OPT_WAIT },
	  verb_load },
	{ "replace", "FILE", 1, 1,
	  "Replace a driver by the version in FILE, under its open files.",
	  { OPT_NAME, OPT_SET }, verb_replace },
	{ "unload", "DRIVER", 1, 1, "Detach a driver.", { }, verb_unload },
	{ "inspect", "FILE", 1, 1,
	  "Print what is in FILE, and whether it would load here.",
	  { OPT_NAME, OPT_SET, OPT_JSON }, verb_inspect },
	{ "list", "", 0, 0, "Print drivers and their devices.", { OPT_JSON },
	  verb_list },
	{ "show", "DRIVER", 1, 1, "Print all that is known of a driver.",
	  { OPT_JSON }, verb_show },
	{ "log", "DRIVER", 1, 1, "Print a driver's log, and wait for more.",
	  { OPT_JSON, OPT_NO_FOLLOW }, verb_log },
	{ "scope", "", 0, 0, "Record GPIO lines and draw a timing diagram.",
	  { OPT_LINES, 'o', OPT_SVG, OPT_TIME, OPT_COUNT }, verb_scope },
	{ "board add", "NAME COMPATIBLE CON_ID=LINE[,LINE]...", 3, ANY,
	  "Make a board: GPIO lines of a device for drivers to bind to.", { },
	  verb_board_add },
	{ "board rm", "NAME", 1, 1, "Remove a board.", { }, verb_board_rm },
	{ "board list", "", 0, 0, "Print boards and their lines.",
	  { OPT_JSON }, verb_board_list },
	{ "board save", "NAME", 1, 1, "Store a board in a file.", { OPT_DIR },
	  verb_board_save },
	{ "board restore", "[NAME]...", 0, ANY, "Make boards that are stored.",
	  { OPT_DIR, OPT_WAIT }, verb_board_restore },
	{ "enable", "FILE", 1, 1, "Load the drivers in FILE at each boot.",
	  { OPT_NAME, OPT_SET, OPT_NOW, OPT_DIR }, verb_enable },
	{ "disable", "NAME", 1, 1, "Do not load a driver at boot any more.",
	  { OPT_NOW, OPT_DIR }, verb_disable },
	{ "start", "NAME", 1, 1, "Load an enabled driver, as at boot.",
	  { OPT_DIR }, verb_start },
	{ "stop", "NAME", 1, 1, "Unload an enabled driver.", { OPT_DIR },
	  verb_stop },
	{ "apply", "[DIR]", 0, 1,
	  "Make boards and drivers what the files in " CONF_DIR " or DIR have.",
	  { OPT_DRY_RUN }, verb_apply },
	{ "new", "NAME", 1, 1, "Make a directory with a new driver.", { OPT_GPIO },
	  verb_new },
	{ "doctor", "", 0, 0, "Check everything that drivers need.",
	  { OPT_JSON }, verb_doctor },
};

/* What the parsers work on. */
struct command {
	const struct verb *verb;
	int words;		/* of argv, up to the verb's last one */
	struct options opt;
};

static unsigned int seconds_parse(struct argp_state *state, const char *text)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || n > MAX_WAIT)
		argp_error(state, "--wait %s: expected seconds, 0 to %d", text,
			   MAX_WAIT);
	return n;
}

static void set_add(struct argp_state *state, struct options *opt,
		    const char *text)
{
	if (!strchr(text, '=') || *text == '=')
		argp_error(state, "--set %s: expected VAR=VALUE", text);
	opt->set = xalloc(opt->set, (opt->nr_set + 1) * sizeof(*opt->set));
	opt->set[opt->nr_set++] = text;
}

static error_t option_parse(int key, char *arg, struct argp_state *state)
{
	struct options *opt = &((struct command *)state->input)->opt;

	switch (key) {
	case OPT_NAME:
		opt->name = arg;
		break;
	case OPT_SET:
		set_add(state, opt, arg);
		break;
	case OPT_FOREGROUND:
		opt->foreground = true;
		break;
	case OPT_DRY_RUN:
		opt->dry_run = true;
		break;
	case OPT_GPIO:
		opt->gpio = true;
		break;
	case OPT_NOW:
		opt->now = true;
		break;
	case OPT_NO_FOLLOW:
		opt->no_follow = true;
		break;
	case OPT_LINES:
		opt->lines = arg;
		break;
	case 'o':
		opt->output = arg;
		break;
	case OPT_SVG:
		opt->svg = arg;
		break;
	case OPT_TIME:
		opt->time = arg;
		break;
	case OPT_COUNT:
		opt->count = arg;
		break;
	case OPT_DIR:
		opt->dir = arg;
		break;
	case OPT_WAIT:
		opt->wait = seconds_parse(state, arg);
		opt->wait_given = true;
		break;
	case OPT_JSON:
		opt->json = true;
		break;
	case 'v':
		opt->verbose = true;
		break;
	case 'h':
		argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static error_t verb_parse(int key, char *arg, struct argp_state *state)
{
	struct command *cmd = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (state->arg_num >= cmd->verb->max)
			argp_error(state, "unexpected argument \"%s\"", arg);
		cmd->opt.args = xalloc(cmd->opt.args, (state->arg_num + 1) *
						      sizeof(char *));
		cmd->opt.args[state->arg_num] = arg;
		cmd->opt.nr_args = state->arg_num + 1;
		return 0;
	case ARGP_KEY_END:
		if (state->arg_num < cmd->verb->min)
			argp_error(state, "expected %s", cmd->verb->args);
		cmd->opt.arg = cmd->opt.nr_args ? cmd->opt.args[0] : NULL;
		return 0;
	}
	return option_parse(key, arg, state);
}

/* The options of a verb, or of none. */
static void options_pick(const struct verb *verb, struct argp_option *options)
{
	const struct argp_option *o;
	int i;

	for (o = all_options; o->name || o->key; o++) {
		for (i = 0; verb && i < MAX_OPTIONS; i++)
			if (o->key == verb->options[i])
				break;
		if ((verb && i < MAX_OPTIONS) || o->key == 'v' || o->key == 'h')
			*options++ = *o;
	}
	*options = (struct argp_option) { };
}

static int verb_run(struct command *cmd, int argc, char **argv)
{
	struct argp_option options[ARRAY_SIZE(all_options)];
	const struct argp argp = {
		.options = options,
		.parser = verb_parse,
		.args_doc = cmd->verb->args,
		.doc = cmd->verb->doc,
	};
	int ret;

	options_pick(cmd->verb, options);
	argv[cmd->words] = xprintf("chrext %s", cmd->verb->name);
	argp_parse(&argp, argc - cmd->words, argv + cmd->words, 0, NULL, cmd);
	ret = cmd->verb->run(&cmd->opt);
	free(argv[cmd->words]);
	return ret;
}

/* The verb, which is two words for boards. */
static void verb_take(struct command *cmd, char *arg, struct argp_state *state)
{
	bool board = !strcmp(arg, "board");
	char *name;
	size_t i;

	if (board && state->next == state->argc)
		argp_error(state, "board: expected a verb");
	name = board ? xprintf("board %s", state->argv[state->next++]) :
		       xprintf("%s", arg);
	for (i = 0; i < ARRAY_SIZE(verbs) && !cmd->verb; i++)
		if (!strcmp(verbs[i].name, name))
			cmd->verb = &verbs[i];
	if (!cmd->verb)
		argp_error(state, "unknown verb \"%s\"", name);
	free(name);
	cmd->words = state->next - 1;
	state->next = state->argc;
}

static error_t main_parse(int key, char *arg, struct argp_state *state)
{
	if (key == ARGP_KEY_NO_ARGS)
		argp_error(state, "expected a verb");
	if (key != ARGP_KEY_ARG)
		return option_parse(key, arg, state);
	verb_take(state->input, arg, state);
	return 0;
}

/* Appends the list of verbs. */
static char *help_filter(int key, const char *text, void *input)
{
	char *all = NULL;
	size_t size, i;
	FILE *f;

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)text;
	f = open_memstream(&all, &size);
	if (!f)
		return (char *)text;
	fputs("Verbs:\n", f);
	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		fprintf(f, "  %s%s%s\n        %s\n", verbs[i].name,
			*verbs[i].args ? " " : "", verbs[i].args, verbs[i].doc);
	fputs("\n'chrext VERB --help' prints the options of a verb.", f);
	fclose(f);
	return all;
}

static void version(FILE *f, struct argp_state *state)
{
	(void)state;
	fprintf(f, "chrext %s, libbpf %s\n", chrext_version(),
		libbpf_version_string());
}

int main(int argc, char **argv)
{
	struct argp_option options[ARRAY_SIZE(all_options)];
	const struct argp argp = {
		.options = options,
		.parser = main_parse,
		.args_doc = "VERB [ARGUMENT]...",
		.doc = "Load and inspect character device drivers written in BPF.\v ",
		.help_filter = help_filter,
	};
	struct command cmd = { };
	int ret;

	argp_err_exit_status = EXIT_USAGE;
	argp_program_version_hook = version;
	options_pick(NULL, options);
	if (argc)
		argv[0] = "chrext";	/* messages begin with it */
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &cmd);
	ret = verb_run(&cmd, argc, argv);
	free(cmd.opt.args);
	free(cmd.opt.set);
	if (fflush(stdout) || ferror(stdout)) {
		complain("cannot write the output: %s", strerror(errno));
		return EXIT_FAILED;
	}
	return ret;
}
