// SPDX-License-Identifier: GPL-2.0-only
/* Draws a recording as VCD, as SVG and as a timing diagram in the terminal. */
#include <ctype.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "scope.h"

#define WIDTH_MIN	40
#define WIDTH_DEFAULT	80
#define TICK_COLUMNS	10	/* at least, from one to the next */

#define SVG_WIDTH	1000
#define SVG_ROW		28
#define SVG_HIGH	8
#define SVG_CHAR	8

/* The part of a recording where something happens. */
struct view {
	__u64 from, to, step;	/* ns, and between two ticks */
	unsigned int width;	/* columns or pixels */
	unsigned int label;	/* characters of the longest */
};

/* An identifier of VCD: printable ASCII, the shortest first. */
static const char *vcd_id(size_t n)
{
	static char id[8];
	char *p = id;

	do {
		*p++ = '!' + n % 94;
		n /= 94;
	} while (n);
	*p = 0;
	return id;
}

static void vcd_name(FILE *f, const char *name)
{
	for (; *name; name++)
		fputc(isalnum((unsigned char)*name) || strchr("_-.", *name) ?
		      *name : '_', f);
}

/* Write the scope of a chip at its first line. */
static void vcd_scope(const struct scope *s, size_t first, FILE *f)
{
	const char *chip = s->lines[first].chip;
	size_t i;

	for (i = 0; i < first; i++)
		if (!strcmp(s->lines[i].chip, chip))
			return;
	fputs("$scope module ", f);
	vcd_name(f, *chip ? chip : "gpio");
	fputs(" $end\n", f);
	for (; i < s->nr_lines; i++) {
		if (strcmp(s->lines[i].chip, chip))
			continue;
		fprintf(f, "$var wire 1 %s ", vcd_id(i));
		vcd_name(f, line_label(&s->lines[i]));
		fputs(" $end\n", f);
	}
	fputs("$upscope $end\n", f);
}

void draw_vcd(const struct scope *s, FILE *f)
{
	const struct change *c, *end = s->changes + s->nr_changes;
	time_t now = time(NULL);
	char date[32];
	__u64 ns = 0;
	size_t i;

	strftime(date, sizeof(date), "%F %T", localtime(&now));
	fprintf(f, "$date %s $end\n$version chrext %s $end\n"
		   "$comment time 0 is %llu ns of the monotonic clock $end\n"
		   "$timescale 1 ns $end\n", date, chrext_version(),
		(unsigned long long)s->start);
	for (i = 0; i < s->nr_lines; i++)
		vcd_scope(s, i, f);
	fputs("$enddefinitions $end\n#0\n$dumpvars\n", f);
	for (i = 0; i < s->nr_lines; i++)
		fprintf(f, "%c%s\n", STATE_UNKNOWN, vcd_id(i));
	fputs("$end\n", f);
	for (c = s->changes; c < end; c++) {
		if (c->ns != ns)
			fprintf(f, "#%llu\n", (unsigned long long)c->ns);
		ns = c->ns;
		fprintf(f, "%c%s\n", c->state, vcd_id(c->line));
	}
	if (s->end != ns)
		fprintf(f, "#%llu\n", (unsigned long long)s->end);
}

/* @ticks: the most that fit */
static void view_init(struct view *v, const struct scope *s, unsigned int ticks)
{
	static const unsigned int factors[] = { 2, 5, 10 };
	__u64 span, margin, power = 1;
	size_t i;

	v->from = 0;
	v->to = s->end + 1;
	if (s->nr_changes > 1) {
		span = s->changes[s->nr_changes - 1].ns - s->changes[0].ns;
		margin = span / 20 + 100;
		v->from = s->changes[0].ns;
		v->from -= margin < v->from ? margin : v->from;
		v->to = s->changes[0].ns + span + margin;
	}
	v->step = 1;
	for (i = 0; v->step * ticks < v->to - v->from; i++) {
		v->step = power * factors[i % 3];
		if (i % 3 == 2)
			power *= 10;
	}
	v->label = 0;
	for (i = 0; i < s->nr_lines; i++)
		if (strlen(line_label(&s->lines[i])) > v->label)
			v->label = strlen(line_label(&s->lines[i]));
}

static unsigned int view_x(const struct view *v, __u64 ns)
{
	return (double)(ns - v->from) / (v->to - v->from) * v->width;
}

static __u64 tick_first(const struct view *v)
{
	return (v->from + v->step - 1) / v->step * v->step;
}

static const char *tick_text(const struct view *v, __u64 ns)
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	static char text[32];
	unsigned int i = 0;
	__u64 unit = 1;

	while (i < 3 && v->step >= unit * 1000) {
		unit *= 1000;
		i++;
	}
	snprintf(text, sizeof(text), "%llu %s", (unsigned long long)(ns / unit),
		 units[i]);
	return text;
}

static int svg_y(char state)
{
	return state == STATE_HIGH ? SVG_HIGH :
	       state == STATE_LOW ? SVG_ROW : (SVG_HIGH + SVG_ROW) / 2;
}

static void svg_line(const struct scope *s, const struct view *v, FILE *f,
		     unsigned int line)
{
	const struct change *c, *end = s->changes + s->nr_changes;
	char state = STATE_UNKNOWN;
	unsigned int x;

	fputs("<path fill=\"none\" stroke=\"black\" d=\"", f);
	for (c = s->changes; c < end; c++) {
		if (c->line != line)
			continue;
		x = view_x(v, c->ns);
		if (state == STATE_UNKNOWN)
			fprintf(f, "M%u %d", x, svg_y(c->state));
		else
			fprintf(f, "H%uV%d", x, svg_y(c->state));
		state = c->state;
	}
	if (state != STATE_UNKNOWN)
		fprintf(f, "H%u", v->width);
	fputs("\"/>\n", f);
}

/* The text is right of the line or, if the picture ends there, left of it. */
static void svg_tick(const struct view *v, FILE *f, __u64 ns, unsigned int height)
{
	const char *text = tick_text(v, ns);
	unsigned int x = view_x(v, ns);
	bool fits = x + 3 + strlen(text) * SVG_CHAR <= v->width + SVG_CHAR;

	fprintf(f, "<path d=\"M%u 0V%u\" stroke=\"lightgray\"/>"
		   "<text x=\"%u\" y=\"%u\"%s>%s</text>\n", x, height,
		fits ? x + 3 : x - 3, height - 4,
		fits ? "" : " text-anchor=\"end\"", text);
}

void draw_svg(const struct scope *s, FILE *f)
{
	struct view v = { .width = SVG_WIDTH };
	unsigned int i, left, height = (s->nr_lines + 1) * SVG_ROW + SVG_ROW / 2;
	const char *text;
	__u64 ns;

	view_init(&v, s, SVG_WIDTH / TICK_COLUMNS / SVG_CHAR);
	left = (v.label + 2) * SVG_CHAR;
	fprintf(f, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\"\n"
		   " font-family=\"monospace\" font-size=\"13\">\n"
		   "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n"
		   "<g transform=\"translate(%u)\">\n",
		left + v.width + SVG_CHAR, height, left);
	for (ns = tick_first(&v); ns <= v.to; ns += v.step)
		svg_tick(&v, f, ns, height);
	for (i = 0; i < s->nr_lines; i++) {
		fprintf(f, "<g transform=\"translate(0 %u)\" stroke-width=\"1.5\">"
			   "<text x=\"-%u\" y=\"%u\" text-anchor=\"end\">",
			i * SVG_ROW, SVG_CHAR, SVG_ROW - 4);
		for (text = line_label(&s->lines[i]); *text; text++)
			fprintf(f, strchr("<>&", *text) ? "&#%d;" : "%c", *text);
		fputs("</text>", f);
		svg_line(s, &v, f, i);
		fputs("</g>\n", f);
	}
	fputs("</g>\n</svg>\n", f);
}

enum glyph { LOW, HIGH, RELEASED, UNKNOWN, RISE, FALL, OTHER, MANY };

static const char *const ascii[] = { "_", "~", "-", " ", "/", "\\", "|", "#" };
static const char *const utf8[] = { "▁", "▔", "─", " ", "│", "│", "│", "█" };

static enum glyph level_glyph(char state)
{
	return state == STATE_LOW ? LOW : state == STATE_HIGH ? HIGH :
	       state == STATE_RELEASED ? RELEASED : UNKNOWN;
}

/* The glyph of a column with @n changes, from @before to @after. */
static enum glyph change_glyph(char before, char after, unsigned int n)
{
	if (n > 1)
		return MANY;
	if (!n || before == STATE_UNKNOWN)
		return level_glyph(after);
	if (before == STATE_LOW && after == STATE_HIGH)
		return RISE;
	return before == STATE_HIGH && after == STATE_LOW ? FALL : OTHER;
}

static void text_line(const struct scope *s, const struct view *v, FILE *f,
		      unsigned int line, const char *const *glyphs)
{
	const struct change *c = s->changes, *end = c + s->nr_changes;
	char before, state = STATE_UNKNOWN;
	unsigned int x, n;

	for (x = 0; x < v->width; x++) {
		before = state;
		n = 0;
		for (; c < end && view_x(v, c->ns) <= x; c++) {
			if (c->line != line)
				continue;
			state = c->state;
			n++;
		}
		fputs(glyphs[change_glyph(before, state, n)], f);
	}
	fputc('\n', f);
}

/* A label is right of its tick or, at the end, left of it if there is room. */
static void text_ticks(const struct view *v, FILE *f)
{
	unsigned int x, len, done = 0;
	const char *text;
	__u64 ns;

	for (ns = tick_first(v); ns <= v->to; ns += v->step) {
		x = view_x(v, ns);
		text = tick_text(v, ns);
		len = strlen(text);
		if (x < done || x >= v->width)
			continue;
		if (x + 1 + len <= v->width) {
			fprintf(f, "%*s|%s", x - done, "", text);
			done = x + 1 + len;
		} else {
			fprintf(f, "%*s|", x - done, x - done < len ? "" : text);
			done = x + 1;
		}
	}
	fputc('\n', f);
}

static unsigned int text_width(FILE *f)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	unsigned int width;

	if (!ioctl(fileno(f), TIOCGWINSZ, &size) && size.ws_col)
		width = size.ws_col;
	else
		width = columns ? atoi(columns) : WIDTH_DEFAULT;
	return width < WIDTH_MIN ? WIDTH_MIN : width;
}

void draw_text(const struct scope *s, FILE *f)
{
	unsigned int width = text_width(f);
	const char *const *glyphs;
	struct view v = { };
	size_t i;

	if (!s->nr_changes) {
		fputs("no edges\n", f);
		return;
	}
	setlocale(LC_CTYPE, "");
	glyphs = strcmp(nl_langinfo(CODESET), "UTF-8") ? ascii : utf8;
	view_init(&v, s, width / TICK_COLUMNS);
	if (v.label > width / 2)
		v.label = width / 2;
	v.width = width - v.label - 2;
	for (i = 0; i < s->nr_lines; i++) {
		fprintf(f, "%-*.*s  ", v.label, v.label, line_label(&s->lines[i]));
		text_line(s, &v, f, i, glyphs);
	}
	fprintf(f, "%*s", v.label + 2, "");
	text_ticks(&v, f);
}
