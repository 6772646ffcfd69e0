/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How far claims hang on the numbers of a scenario: from the tables and pictures of sppemu
 * sensitivity (emu/study/sensitivity.h), if there are any. */
#include <math.h>
#include <string.h>

#include "emu/html/private.h"
#include "emu/study/file.h"

enum { MOST_ROWS = 6 }; /* of a claim */

/* A tab-separated file: rows of cells, of which the first are heads. */
typedef GPtrArray Table;

static void free_row(void *row) {
    g_strfreev(row);
}

static Table *table_of(const char *folder, const char *name) {
    g_autofree char *path = g_build_filename(folder, name, NULL), *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL)) return NULL;
    Table *t = g_ptr_array_new_with_free_func(free_row);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (unsigned i = 0; lines[i]; i++)
        if (*lines[i]) g_ptr_array_add(t, g_strsplit(lines[i], "\t", -1));
    return t;
}

static const char *cell(const Table *t, unsigned row, const char *head) {
    char **heads = t->pdata[0], **cells = t->pdata[row];
    for (unsigned i = 0; heads[i] && cells[i]; i++)
        if (!strcmp(heads[i], head)) return cells[i];
    return "";
}

static unsigned count(const Table *t, const char *head, const char *word) {
    unsigned n = 0;
    for (unsigned i = 1; i < t->len; i++) n += !strcmp(cell(t, i, head), word);
    return n;
}

/* Which build computed it, if another than the result's. */
static char *other_build(const WebPart *w, const char *folder) {
    g_autofree char *path = g_build_filename(folder, "study.json", NULL);
    json_t *study = json_load_file(path, 0, NULL);
    const char *build = json_string_value(json_object_get(study, "build"));
    char *other =
        build && strcmp(build, store_build(w->result->store)) != 0 ? g_strdup(build) : NULL;
    json_decref(study);
    return other;
}

/* "107ns: 4.52", and whether the verdict is another. */
static void put_move(WebPart *w, const Table *t, unsigned row, const char *way) {
    g_autofree char *value = g_strconcat("value_", way, NULL),
                    *verdict = g_strconcat("verdict_", way, NULL);
    const char *to = cell(t, row, way), *now = cell(t, row, verdict);
    html_put(w->out, "<td class=n>%s<td class=n>%s", *to ? to : "-",
             *cell(t, row, value) ? cell(t, row, value) : "-");
    if (*now && strcmp(now, "-") != 0 && strcmp(now, cell(t, row, "verdict")) != 0)
        html_put(w->out, " <b class=missed>%s</b>", now);
}

/* "at 104ns or 118ns" */
static void put_flips(WebPart *w, const Table *t, unsigned row) {
    const char *down = cell(t, row, "flip_down_at"), *up = cell(t, row, "flip_up_at");
    html_put(w->out, "<td>%s%s%s", down, *down && *up ? " or " : "", *down || *up ? up : "-");
}

static void put_effects(WebPart *w, const Table *t) {
    unsigned of_claim = 0, left_out = 0;
    g_string_append(
        w->out,
        "<div class=\"scroll tall\" tabindex=0 role=region aria-label=sensitivities><table "
        "class=\"swings sortable\">"
        "<caption>What moves each claim, the most first</caption>\n"
        "<thead><tr><th scope=col>claim<th scope=col class=n>as written<th scope=col>moved<th "
        "scope=col>kind"
        "<th scope=col class=n>from<th scope=col class=n>down to<th scope=col class=n>claim "
        "then<th scope=col class=n>up to"
        "<th scope=col class=n>claim then<th scope=col class=n title=\"relative change of the "
        "claim per relative change of the number\">elasticity"
        "<th scope=col class=n>\u00b1 95 %<th scope=col>verdict flips at</thead>\n<tbody>\n");
    for (unsigned i = 1; i < t->len; i++) {
        of_claim =
            i > 1 && !strcmp(cell(t, i, "claim"), cell(t, i - 1, "claim")) ? of_claim + 1 : 0;
        left_out += of_claim >= MOST_ROWS;
        if (of_claim >= MOST_ROWS) continue;
        html_put(w->out, "<tr><th scope=row>%s<td class=n>%s <small>%s</small> %s",
                 cell(t, i, "claim"), cell(t, i, "value"), cell(t, i, "unit"),
                 cell(t, i, "verdict"));
        if (!*cell(t, i, "choice")) {
            g_string_append(w->out, "<td>nothing moves it<td><td><td><td><td><td><td><td><td>\n");
            continue;
        }
        html_put(w->out, "<td>%s<td>%s<td class=n>%s", cell(t, i, "choice"), cell(t, i, "kind"),
                 cell(t, i, "written"));
        put_move(w, t, i, "down");
        put_move(w, t, i, "up");
        html_put(w->out, "<td class=n>%s<td class=n>%s", cell(t, i, "elasticity"),
                 cell(t, i, "interval"));
        put_flips(w, t, i);
        g_string_append_c(w->out, '\n');
    }
    g_string_append(w->out, "</tbody></table></div>\n");
    if (left_out)
        html_put(w->out,
                 "<p class=note>Of each claim the first %u are shown; %u more rows are in "
                 "sensitivity.tsv.\n",
                 MOST_ROWS, left_out);
}

static void put_tornados(WebPart *w, const char *folder) {
    g_autoptr(GPtrArray) names = folder_names(folder);
    unsigned n = 0;
    for (unsigned i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];
        if (!g_str_has_prefix(name, "tornado-") || !g_str_has_suffix(name, ".svg")) continue;
        g_autofree char *path = g_build_filename(folder, name, NULL),
                        *id = g_strdup_printf("%s-tornado%u", w->id, n),
                        *text = g_strndup(name, strlen(name) - strlen(".svg"));
        if (!n++) g_string_append(w->out, "<details><summary>Tornado plots</summary>\n");
        g_string_append(w->out, "<figure>\n");
        html_picture(w->out, path, id, text);
        html_put(w->out, "<figcaption>%s</figcaption></figure>\n", text);
    }
    if (n) g_string_append(w->out, "</details>\n");
}

void web_swings(WebPart *w) {
    const char *folder = w->result->sensitivity;
    Table *effects = folder ? table_of(folder, "sensitivity.tsv") : NULL,
          *choices = folder ? table_of(folder, "choices.tsv") : NULL;
    if (effects && choices && effects->len > 1 &&
        !strcmp(cell(effects, 1, "scenario"), scenario_name(w->result->study->scenario))) {
        g_autofree char *build = other_build(w, folder);
        web_heading(w, "sensitivity", "What the claims hang on");
        html_put(w->out,
                 "<p>Of %u numbers of the scenario and its components %u move a claim, %u do not, "
                 "%u cannot be moved.",
                 choices->len - 1, count(choices, "state", "moves"),
                 count(choices, "state", "harmless"), count(choices, "state", "cannot move"));
        if (build)
            html_put(w->out, " Computed by another build of sppemu, <code>%.8s</code>.", build);
        g_string_append(w->out, "</p>\n");
        put_effects(w, effects);
        put_tornados(w, folder);
    }
    if (effects) g_ptr_array_unref(effects);
    if (choices) g_ptr_array_unref(choices);
}
