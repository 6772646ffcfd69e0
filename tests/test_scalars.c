/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The tables of scalars say what components report. Oracle: the first and the last point of every
 * shipped scenario, cut short. Every scalar is of one row of its class, with its unit, or a drop
 * for a reason of its class or of links; every row that has no condition is reported by every
 * component of the class, and every other by one of them somewhere. */
#include "components/classes.h"
#include "emu/core/report.h"
#include "emu/scenario/scenario.h"
#include "tests/check.h"

static GHashTable *met; /* rows that somebody has reported */

static bool matches(const char *pattern, const char *name) {
    if (*pattern != '*') return *pattern == *name && (!*name || matches(pattern + 1, name + 1));
    for (; g_ascii_isalnum(*name) || *name == '_' || *name == '-'; name++)
        if (matches(pattern + 1, name + 1)) return true;
    return false;
}

static bool is_drop(const DropReason *reasons, const char *name) {
    for (; reasons && reasons->name; reasons++)
        if (!strcmp(reasons->name, name)) return true;
    return false;
}

/* The tables of a class: its own, then those of its choices; NULL past the last. */
static const Scalar *table_of(const ComponentClass *class, unsigned n) {
    static const Scalar none[] = {{0}};
    Choice choice = {0};
    if (n == 0) return class->scalars ? class->scalars : none;
    if (!class->choice || !class->choice(n - 1, &choice)) return NULL;
    return choice.scalars ? choice.scalars : none;
}

static void check_scalar(const ComponentClass *class, const ReportScalar *s, const char *name,
                         GHashTable *reported) {
    unsigned n = 0;
    const Scalar *row = NULL;
    if (g_str_has_prefix(name, "drop."))
        n = (is_drop(class->drops, name + 5) || is_drop(link_drops, name + 5)) &&
            !strcmp(s->unit, "packets");
    for (unsigned t = 0; (row = table_of(class, t)); t++)
        for (; row->name; row++)
            if (matches(row->name, name)) {
                if (strcmp(row->unit, s->unit) == 0) n++;
                g_hash_table_add(reported, (void *)row);
                g_hash_table_add(met, (void *)row);
            }
    if (n != 1) printf("  %s (%s): %u rows of class %s\n", s->name, s->unit, n, class->name);
    CHECK_U64(n, 1);
}

static void check_component(const Component *c, const Report *report) {
    g_autoptr(GHashTable) reported = g_hash_table_new(NULL, NULL);
    g_autofree char *prefix = g_strconcat(c->name, ".", NULL);
    for (unsigned i = 0; i < report_n_scalars(report); i++) {
        const ReportScalar *s = report_scalar_at(report, i);
        if (g_str_has_prefix(s->name, prefix))
            check_scalar(c->class, s, s->name + strlen(prefix), reported);
    }
    for (const Scalar *row = table_of(c->class, 0); row->name; row++) {
        if (row->when || g_hash_table_contains(reported, row)) continue;
        printf("  %s: no %s\n", c->name, row->name);
        CHECK(false);
    }
}

static void check_point(const Scenario *s, unsigned point) {
    g_autoptr(GError) error = NULL;
    NetworkOptions options = {.seed = 1};
    const Component *c;
    Network *net = scenario_build(s, point, &options, &error);
    Report *report = report_new();
    CHECK(net && network_start(net, &c, &error));
    network_run(net, SIM_MS / 2, scenario_drain(s), 100 * SIM_US, NULL, NULL);
    CHECK(network_stop(net, &error));
    if (error) printf("  %s: %s\n", scenario_name(s), error->message);
    network_report(net, report);
    for (unsigned i = 0; (c = network_nth(net, i)); i++) check_component(c, report);
    report_free(report);
    network_free(net);
}

static bool stands_alone(const Scenario *s) { /* others include the rest */
    NetworkOptions options = {.seed = 1};
    Network *net = s ? scenario_build(s, 0, &options, NULL) : NULL;
    const Component *refused;
    bool whole = net && network_start(net, &refused, NULL);
    network_free(net);
    return whole;
}

static unsigned check_folder(const char *folder) {
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    unsigned tried = 0;
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if (!g_str_has_suffix(name, ".ini")) continue;
        Scenario *s = scenario_load(path, NULL, component_classes, NULL);
        if (stands_alone(s)) {
            unsigned last = scenario_n_points(s) - 1;
            tried++;
            check_point(s, 0);
            if (last) check_point(s, last);
        }
        scenario_free(s);
    }
    return tried;
}

static void all_scalars_are_of_one_row_of_their_class(void) {
    met = g_hash_table_new(NULL, NULL);
    CHECK(check_folder("scenarios") >= 30);
    CHECK(check_folder("tests/control") >= 1);
    CHECK(check_folder("tests/tcp") >= 1);
}

/* After the one above. */
static void all_rows_are_reported_somewhere(void) {
    const Scalar *row;
    for (const ComponentClass *const *c = component_classes; *c; c++)
        for (unsigned t = 0; (row = table_of(*c, t)); t++)
            for (; row->name; row++) {
                bool explained = row->unit && *row->unit && row->text && *row->text;
                if (!explained || !g_hash_table_contains(met, row))
                    printf("  %s: %s\n", (*c)->name, row->name);
                CHECK(explained && g_hash_table_contains(met, row));
            }
    g_hash_table_unref(met);
}

int main(void) {
    static const Test tests[] = {TEST(all_scalars_are_of_one_row_of_their_class),
                                 TEST(all_rows_are_reported_somewhere),
                                 {0}};
    return run_tests("scalars", tests);
}
