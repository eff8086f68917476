// SPDX-License-Identifier: GPL-2.0-only
/* chrext: load, unload and look at character device drivers written in BPF. */
#define _GNU_SOURCE
#include <bpf/libbpf.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chrext.h"

static const struct verb {
	const char *name;
	const char *args[3];	/* what it wants */
	bool more;		/* it takes any number behind them */
	const char *options;	/* the short names of those it takes */
	int (*run)(const struct options *opt);
} verbs[] = {
	{ "load",	{ "file" },	false,	"nsf",	verb_load },
	{ "replace",	{ "file" },	false,	"ns",	verb_replace },
	{ "unload",	{ "driver" },	false,	"",	verb_unload },
	{ "list",	{ },		false,	"j",	verb_list },
	{ "show",	{ "driver" },	false,	"j",	verb_show },
	{ "log",	{ "driver" },	false,	"jF",	verb_log },
	{ "board add",	{ "board", "compatible", "lines" },
					true,	"",	verb_board_add },
	{ "board rm",	{ "board" },	false,	"",	verb_board_rm },
	{ "board list",	{ },		false,	"j",	verb_board_list },
	{ "board save",	{ "board" },	false,	"d",	verb_board_save },
	{ "board restore", { },		true,	"dw",	verb_board_restore },
	{ "scope",	{ },		false,	"loStc", verb_scope },
	{ "doctor",	{ },		false,	"j",	verb_doctor },
};

static const struct option long_options[] = {
	{ "name",	required_argument,	NULL, 'n' },
	{ "set",	required_argument,	NULL, 's' },
	{ "foreground",	no_argument,		NULL, 'f' },
	{ "no-follow",	no_argument,		NULL, 'F' },
	{ "lines",	required_argument,	NULL, 'l' },
	{ "output",	required_argument,	NULL, 'o' },
	{ "svg",	required_argument,	NULL, 'S' },
	{ "time",	required_argument,	NULL, 't' },
	{ "count",	required_argument,	NULL, 'c' },
	{ "dir",	required_argument,	NULL, 'd' },
	{ "wait",	required_argument,	NULL, 'w' },
	{ "json",	no_argument,		NULL, 'j' },
	{ "verbose",	no_argument,		NULL, 'v' },
	{ "help",	no_argument,		NULL, 'h' },
	{ "version",	no_argument,		NULL, 'V' },
	{ }
};

static void help(void)
{
	puts("usage: chrext load FILE [--name NAME] [--set VAR=VALUE]... [--foreground]\n"
	     "       chrext replace FILE [--name NAME] [--set VAR=VALUE]...\n"
	     "       chrext unload NAME\n"
	     "       chrext list [--json]\n"
	     "       chrext show NAME [--json]\n"
	     "       chrext log NAME [--no-follow] [--json]\n"
	     "       chrext scope [--lines LINE,...] [--output FILE] [--svg FILE] [--time MS]\n"
	     "                    [--count N]\n"
	     "       chrext board add NAME COMPATIBLE CON_ID=LINE[,LINE]...\n"
	     "       chrext board rm NAME\n"
	     "       chrext board list [--json]\n"
	     "       chrext board save NAME [--dir DIR]\n"
	     "       chrext board restore [NAME]... [--dir DIR] [--wait SECONDS]\n"
	     "       chrext doctor [--json]\n"
	     "\n"
	     "  --name NAME      call the driver NAME; the file must hold only one\n"
	     "  --set VAR=VALUE  set a global variable of the program or a member of its ops\n"
	     "  --foreground     keep the driver until this process ends\n"
	     "  --no-follow      print the log as it is and stop\n"
	     "  --lines LINE,... record these GPIO lines: NAME or LABEL:OFFSET\n"
	     "  -o, --output FILE  write the recording to FILE as VCD\n"
	     "  --svg FILE       write the recording to FILE as SVG\n"
	     "  --time MS        record for MS milliseconds\n"
	     "  --count N        record N edges\n"
	     "  --dir DIR        keep boards in DIR, not in " BOARDS_STORE "\n"
	     "  --wait SECONDS   wait so long for lines that are not there yet\n"
	     "  --json           print JSON\n"
	     "  -v, --verbose    print what libbpf and the verifier say\n"
	     "  -h, --help       print this\n"
	     "  --version        print the version");
}

static int usage_error(void)
{
	fputs("chrext: 'chrext --help' tells how it is used\n", stderr);
	return EXIT_USAGE;
}

static const struct verb *verb_find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

/* Moves behind the verb, which is two words for boards. */
static const struct verb *verb_take(int argc, char **argv)
{
	const struct verb *verb;
	char *name;

	name = strcmp(argv[optind], "board") || optind + 1 == argc ?
	       xprintf("%s", argv[optind]) :
	       xprintf("board %s", argv[++optind]);
	optind++;
	verb = verb_find(name);
	if (!strcmp(name, "board"))
		complain("board: which verb?");
	else if (!verb)
		complain("there is no verb \"%s\"", name);
	free(name);
	return verb;
}

static const char *option_name(int c)
{
	const struct option *o;

	for (o = long_options; o->name; o++)
		if (o->val == c)
			return o->name;
	return "?";
}

static int run(int argc, char **argv, const char *given, struct options *opt)
{
	const struct verb *verb;
	int i, want = 0;

	if (optind == argc) {
		complain("which verb?");
		return usage_error();
	}
	verb = verb_take(argc, argv);
	if (!verb)
		return usage_error();
	for (; *given; given++) {
		if (!strchr(verb->options, *given)) {
			complain("%s does not take --%s", verb->name,
				 option_name(*given));
			return usage_error();
		}
	}
	for (i = 0; i < (int)ARRAY_SIZE(verb->args); i++)
		want += !!verb->args[i];
	if (argc - optind < want) {
		complain("%s: which %s?", verb->name,
			 verb->args[argc - optind]);
		return usage_error();
	}
	if (argc - optind > want && !verb->more) {
		complain("%s: \"%s\" is one argument too many", verb->name,
			 argv[optind + want]);
		return usage_error();
	}
	opt->arg = argv[optind];
	opt->args = argv + optind;
	opt->nr_args = argc - optind;
	return verb->run(opt);
}

static bool seconds_parse(const char *text, unsigned int *seconds)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(text, &end, 10);
	*seconds = n;
	if (*text >= '0' && *text <= '9' && !*end && !errno &&
	    n <= MAX_WAIT)
		return true;
	complain("--wait %s: this is no number of seconds, from 0 to %d", text,
		 MAX_WAIT);
	return false;
}

int main(int argc, char **argv)
{
	struct options opt = { .dir = BOARDS_STORE };
	char given[16] = "";
	int c, ret;

	if (argc)
		argv[0] = "chrext";	/* getopt_long() begins with it */
	while ((c = getopt_long(argc, argv, "hvo:", long_options, NULL)) != -1) {
		switch (c) {
		case 'n':
			opt.name = optarg;
			break;
		case 's':
			if (!strchr(optarg, '=') || *optarg == '=') {
				complain("--set %s: expected VAR=VALUE", optarg);
				free(opt.set);
				return EXIT_USAGE;
			}
			opt.set = xalloc(opt.set, (opt.nr_set + 1) *
						  sizeof(*opt.set));
			opt.set[opt.nr_set++] = optarg;
			break;
		case 'f':
			opt.foreground = true;
			break;
		case 'F':
			opt.no_follow = true;
			break;
		case 'l':
			opt.lines = optarg;
			break;
		case 'o':
			opt.output = optarg;
			break;
		case 'S':
			opt.svg = optarg;
			break;
		case 't':
			opt.time = optarg;
			break;
		case 'c':
			opt.count = optarg;
			break;
		case 'd':
			opt.dir = optarg;
			break;
		case 'w':
			if (seconds_parse(optarg, &opt.wait))
				break;
			free(opt.set);
			return EXIT_USAGE;
		case 'j':
			opt.json = true;
			break;
		case 'v':
			opt.verbose = true;
			break;
		case 'h':
			help();
			free(opt.set);
			return EXIT_OK;
		case 'V':
			printf("chrext %s, libbpf %s\n", chrext_version(),
			       libbpf_version_string());
			free(opt.set);
			return EXIT_OK;
		default:
			free(opt.set);
			return usage_error();
		}
		if (c != 'v' && !strchr(given, c))
			given[strlen(given)] = c;
	}
	ret = run(argc, argv, given, &opt);
	free(opt.set);
	if (fflush(stdout) || ferror(stdout)) {
		complain("cannot write the output: %s", strerror(errno));
		return EXIT_FAILED;
	}
	return ret;
}
