/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One line of a terminal. */
#include "emu/study/progress.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define PERIOD_US 100000
#define CLEAR "\r\033[K"

struct Progress {
    const char *label;
    gint64 drawn;
    char first; /* letter of what was said last; 0: it was about runs */
    GArray *loads;
    unsigned runs; /* of the rounds before */
    double simulated_s;
};

/* A line is a few parts. Those that say least go first where there is no room. */
enum { RUNS, SIMULATED, PACKETS, LEFT, N_PARTS };

static char *seconds_text(double s) {
    return s < 0.9995 ? g_strdup_printf("%.0f ms", s * 1e3) : g_strdup_printf("%.1f s", s);
}

/* Rounded up: as long as anything is left there is a time left. */
static char *left_text(double s) {
    return isnan(s)   ? NULL
           : s < 100  ? g_strdup_printf("%.0f s left", MAX(ceil(s), 1))
           : s < 6000 ? g_strdup_printf("%.0f min left", ceil(s / 60))
                      : g_strdup_printf("%.0f h left", ceil(s / 3600));
}

static char *simulated_text(const ProgressState *state) {
    g_autofree char *so_far = seconds_text(state->simulated_s);
    if (state->of > 1 || state->until_s <= 0) return g_strconcat(so_far, " simulated", NULL);
    g_autofree char *whole = seconds_text(MAX(state->until_s, state->simulated_s));
    return g_strdup_printf("%s of %s simulated", so_far, whole);
}

static char *packets_text(double per_s) {
    return per_s <= 0    ? NULL
           : per_s < 1e4 ? g_strdup_printf("%.0f packets/s", per_s)
           : per_s < 1e6 ? g_strdup_printf("%.0f k packets/s", per_s / 1e3)
                         : g_strdup_printf("%.1f M packets/s", per_s / 1e6);
}

static char *join(const char *label, char *const parts[N_PARTS]) {
    GString *line = g_string_new(label);
    const char *comma = label ? ": " : "";
    for (unsigned i = 0; i < N_PARTS; i++) {
        if (!parts[i]) continue;
        g_string_append_printf(line, "%s%s", comma, parts[i]);
        comma = ", ";
    }
    return g_string_free(line, FALSE);
}

char *progress_line(const ProgressState *state, const char *label, unsigned columns) {
    char *parts[N_PARTS] = {
        [RUNS] = state->of > 1 ? g_strdup_printf("%u of %u runs", state->done, state->of) : NULL,
        [SIMULATED] = simulated_text(state),
        [PACKETS] = packets_text(state->packets_per_s),
        [LEFT] = left_text(state->left_s)};
    static const unsigned worth_least_first[] = {PACKETS, SIMULATED, N_PARTS, LEFT, RUNS};
    char *line = join(label, parts);
    for (unsigned i = 0; strlen(line) > columns && i < G_N_ELEMENTS(worth_least_first); i++) {
        unsigned part = worth_least_first[i];
        if (part == N_PARTS)
            label = NULL;
        else
            g_clear_pointer(&parts[part], g_free);
        g_free(line);
        line = join(label, parts);
    }
    for (unsigned i = 0; i < N_PARTS; i++) g_free(parts[i]);
    return line;
}

/* The terminal ---------------------------------------------------------------------------- */

/* The last column stays free: some terminals go to the next line when it is written. */
static unsigned columns(void) {
    struct winsize size = {0};
    ioctl(STDERR_FILENO, TIOCGWINSZ, &size);
    return (size.ws_col ? size.ws_col : 80u) - 1;
}

char *progress_wrap(const char *text, unsigned width) {
    GString *out = g_string_new(text);
    size_t begin = 0, blank = 0;
    for (size_t i = 0; i < out->len; i++) {
        if (out->str[i] == ' ') blank = i;
        if (out->str[i] == '\n') begin = blank = i + 1;
        if (i - begin < width || blank <= begin) continue;
        out->str[blank] = '\n';
        g_string_insert(out, (gssize)blank + 1, "  ");
        begin = blank + 1;
        blank = begin + 1;
    }
    return g_string_free(out, FALSE);
}

static bool a_line_is_there;

static void print_message(const char *text) {
    g_autofree char *wrapped = progress_wrap(text, columns());
    fprintf(stderr, "%s%s", a_line_is_there ? CLEAR : "", wrapped);
}

void progress_wrap_messages(void) {
    if (isatty(STDERR_FILENO)) g_set_printerr_handler(print_message);
}

Progress *progress_new(void) {
    const char *terminal = g_getenv("TERM"), *label = g_getenv("SPPEMU_PROGRESS");
    if (!isatty(STDERR_FILENO) || !g_strcmp0(terminal, "dumb")) return NULL;
    a_line_is_there = true;
    Progress *p = g_new0(Progress, 1);
    p->label = label && *label ? label : NULL;
    p->loads = g_array_new(FALSE, TRUE, sizeof(NetworkLoad));
    return p;
}

void progress_free(Progress *p) {
    if (!p) return;
    progress_clear(p);
    a_line_is_there = false;
    g_array_unref(p->loads);
    g_free(p);
}

bool progress_due(const Progress *p) {
    return p && (p->first || g_get_monotonic_time() - p->drawn >= PERIOD_US);
}

static void draw(Progress *p, const char *line) {
    fprintf(stderr, "\r%s\033[K", line);
    p->drawn = g_get_monotonic_time();
}

void progress_say(Progress *p, const char *format, ...) {
    if (!p || (p->first == *format && g_get_monotonic_time() - p->drawn < PERIOD_US)) return;
    p->first = *format;
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *all = g_strconcat(p->label ? p->label : "", p->label ? ": " : "", text, NULL);
    draw(p, strlen(all) <= columns() ? all : strlen(text) <= columns() ? text : "");
}

void progress_show(Progress *p, const ProgressState *state) {
    if (!p) return;
    ProgressState all = *state;
    all.done += p->runs;
    all.of += p->runs;
    all.simulated_s += p->simulated_s;
    g_autofree char *line = progress_line(&all, p->label, columns());
    p->first = 0;
    draw(p, line);
}

void progress_add(Progress *p, unsigned runs, double simulated_s) {
    if (!p) return;
    p->runs += runs;
    p->simulated_s += simulated_s;
}

void progress_clear(Progress *p) {
    if (p) fputs(CLEAR, stderr);
}

void progress_set_load(Progress *p, unsigned point, NetworkLoad load) {
    if (!p) return;
    if (p->loads->len <= point) g_array_set_size(p->loads, point + 1);
    g_array_index(p->loads, NetworkLoad, point) = load;
}

NetworkLoad progress_load(const Progress *p, unsigned point) {
    return p && point < p->loads->len ? g_array_index(p->loads, NetworkLoad, point)
                                      : (NetworkLoad){0};
}
