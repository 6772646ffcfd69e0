/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tables of published numbers: tab-separated, one row per claim, under a heading row. They decide
 * verdicts, so that nothing in them is guessed: a bound that is no number is an error, not 0. */
#include <math.h>
#include <string.h>

#include "emu/scenario/metric.h"
#include "emu/core/param.h"

static const char heading[] = "id\twhere\tstatement\tmetric\tlow\thigh\tunit\tkind\tuse";
enum { ID, WHERE, STATEMENT, METRIC, LOW, HIGH, UNIT, KIND, USE, N_COLUMNS };

struct Claims {
    GPtrArray *rows;
};

static void claim_free(void *data) {
    Claim *c = data;
    g_free(c->id);
    g_free(c->where);
    g_free(c->statement);
    g_free(c->metric);
    g_free(c->unit);
    g_free(c->kind);
    g_free(c->use);
    g_free(c);
}

static bool read_bound(const char *name, const char *text, double *value, GError **error) {
    char *end;
    *value = g_ascii_strtod(text, &end);
    if (end != text && !*end && isfinite(*value)) return true;
    return input_error(error, "%s: found \"%s\", expected a number", name, text);
}

static bool one_of(const char *column, const char *text, const char *const *choices,
                   GError **error) {
    if (g_strv_contains(choices, text)) return true;
    g_autofree char *list = g_strjoinv(", ", (char **)choices);
    return input_error(error, "%s: found \"%s\", expected one of %s", column, text, list);
}

static bool read_row(Claims *claims, char **f, GError **error) {
    static const char *const kinds[] = {"quoted", "derived", "shape", NULL};
    static const char *const uses[] = {"calibrate", "predict", "implied", "beside", NULL};
    double low, high;
    if (g_strv_length(f) != N_COLUMNS)
        return input_error(error, "found %u columns, expected %d", g_strv_length(f), N_COLUMNS);
    if (!*f[ID]) return input_error(error, "found no id, expected one");
    if (claims_find(claims, f[ID]))
        return input_error(error, "found the id %s a second time", f[ID]);
    if (!read_bound("low", f[LOW], &low, error) || !read_bound("high", f[HIGH], &high, error) ||
        !one_of("kind", f[KIND], kinds, error) || !one_of("use", f[USE], uses, error))
        return false;
    if (low > high)
        return input_error(error, "found low %s above high %s, expected low <= high", f[LOW],
                           f[HIGH]);
    Claim *c = g_new(Claim, 1);
    *c = (Claim){.id = g_strdup(f[ID]),
                 .where = g_strdup(f[WHERE]),
                 .statement = g_strdup(f[STATEMENT]),
                 .metric = g_strdup(f[METRIC]),
                 .unit = g_strdup(f[UNIT]),
                 .kind = g_strdup(f[KIND]),
                 .use = g_strdup(f[USE]),
                 .low = low,
                 .high = high};
    g_ptr_array_add(claims->rows, c);
    return true;
}

static bool read_table(Claims *claims, const char *path, GError **error) {
    g_autofree char *text = NULL;
    size_t length;
    if (!g_file_get_contents(path, &text, &length, error)) return false;
    if (!g_utf8_validate(text, (gssize)length, NULL))
        return input_error(error, "%s: found bytes that are not UTF-8, expected a table", path);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    if (!lines[0] || strcmp(lines[0], heading) != 0)
        return input_error(error, "%s:1: found \"%.40s\", expected the heading \"%s\"", path,
                           lines[0] ? lines[0] : "", heading);
    for (unsigned i = 1; lines[i]; i++) {
        if (!*lines[i]) continue;
        g_auto(GStrv) fields = g_strsplit(lines[i], "\t", -1);
        if (read_row(claims, fields, error)) continue;
        g_prefix_error(error, "%s:%u: ", path, i + 1);
        return false;
    }
    return true;
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

Claims *claims_load(const char *folder, GError **error) {
    g_autoptr(GDir) dir = g_dir_open(folder, 0, error);
    if (!dir) return NULL;
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    for (const char *name; (name = g_dir_read_name(dir));)
        if (g_str_has_suffix(name, ".tsv"))
            g_ptr_array_add(paths, g_build_filename(folder, name, NULL));
    g_ptr_array_sort(paths, by_name); /* else the folder's own order names the error */
    Claims *claims = g_new0(Claims, 1);
    claims->rows = g_ptr_array_new_with_free_func(claim_free);
    for (unsigned i = 0; i < paths->len; i++) {
        if (read_table(claims, paths->pdata[i], error)) continue;
        claims_free(claims);
        return NULL;
    }
    return claims;
}

void claims_free(Claims *claims) {
    if (!claims) return;
    g_ptr_array_unref(claims->rows);
    g_free(claims);
}

const Claim *claims_find(const Claims *claims, const char *id) {
    for (unsigned i = 0; i < claims->rows->len; i++) {
        const Claim *c = claims->rows->pdata[i];
        if (!strcmp(c->id, id)) return c;
    }
    return NULL;
}

const char *claims_nearest(const Claims *claims, const char *id) {
    g_autoptr(GPtrArray) ids = g_ptr_array_new();
    for (unsigned i = 0; i < claims->rows->len; i++)
        g_ptr_array_add(ids, ((Claim *)claims->rows->pdata[i])->id);
    g_ptr_array_add(ids, NULL);
    return param_nearest(id, (const char *const *)ids->pdata);
}

/* Units ----------------------------------------------------------------------------------- */

typedef struct {
    const char *name, *kind;
    double size;
} Unit;

static const Unit *unit_named(const char *name) {
    static const Unit units[] = {
        {"s", "time", 1},      {"ms", "time", 1e-3},       {"us", "time", 1e-6},
        {"bit/s", "bits", 1},  {"Mb/s", "bits", 1e6},      {"Gb/s", "bits", 1e9},
        {"p/s", "packets", 1}, {"Kp/s", "packets", 1e3},   {"Mp/s", "packets", 1e6},
        {"ratio", "share", 1}, {"percent", "share", 1e-2}, {"%", "share", 1e-2}};
    for (unsigned i = 0; i < G_N_ELEMENTS(units); i++)
        if (!strcmp(units[i].name, name)) return &units[i];
    return NULL;
}

bool claim_scale(const char *unit, const char *label, double *factor) {
    const char *comma = strrchr(label, ',');
    g_autofree char *word = g_strstrip(g_strdup(comma ? comma + 1 : "ratio"));
    word[strcspn(word, " ")] = 0;
    const Unit *of = unit_named(unit), *on = unit_named(word);
    if (!of || !on || strcmp(of->kind, on->kind) != 0) return false;
    *factor = of->size / on->size;
    return true;
}

/* Units by the ending of a name and by what it is divided by. */
static const struct {
    const char *ending, *by, *unit;
} units_of_names[] = {{"_frame_bps", "1e6", "Mb/s in frames"},
                      {"_frame_bps", "1e9", "Gb/s in frames"},
                      {"_bps", "1", "bit/s on the wire"},
                      {"_bps", "1e6", "Mb/s on the wire"},
                      {"_bps", "1e9", "Gb/s on the wire"},
                      {"_pps", "1", "p/s"},
                      {"_pps", "1e3", "Kp/s"},
                      {"_pps", "1e6", "Mp/s"},
                      {"_us", "1", "us"},
                      {"_us", "1e3", "ms"},
                      {"_us", "1e6", "s"},
                      {"_ms", "1", "ms"},
                      {"_ratio", "1", "ratio"}};

const char *metric_label(const char *expression) {
    g_auto(GStrv) parts = g_strsplit(expression, "/", -1);
    unsigned n = g_strv_length(parts);
    const char *name = n ? g_strstrip(parts[0]) : "", *by = n == 2 ? g_strstrip(parts[1]) : "1";
    bool plain = n && n <= 2;
    for (const char *p = name; *p; p++) plain &= g_ascii_isalnum(*p) || *p == '_' || *p == '.';
    for (unsigned i = 0; plain && i < G_N_ELEMENTS(units_of_names); i++) {
        if (!g_str_has_suffix(name, units_of_names[i].ending) ||
            strcmp(by, units_of_names[i].by) != 0)
            continue;
        g_autofree char *said = g_strndup(name, strlen(name) - strlen(units_of_names[i].ending)),
                        *label = g_strdup_printf("%s, %s", g_strdelimit(said, "._", ' '),
                                                 units_of_names[i].unit);
        return g_intern_string(label);
    }
    return g_intern_string(expression);
}
