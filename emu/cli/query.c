/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * query: an answer from results that are there. */
#include "emu/study/query.h"

#include <stdlib.h>
#include <string.h>

#include "emu/cli/study.h"

typedef struct {
    char *where, *sort, *show, *each;
    int limit;
    gboolean tsv, json;
} QueryFlags;

static void print_answer(const Query *query, const QueryFlags *f) {
    if (f->json) {
        json_t *doc = query_json(query);
        json_dumpf(doc, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(12));
        putchar('\n');
        json_decref(doc);
    } else if (f->tsv) {
        g_autofree char *text = query_tsv(query);
        fputs(text, stdout);
    } else {
        query_print(query, stdout);
    }
}

static int ask(const Store *store, const QueryFlags *f) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) keys = cli_store_keys(store, false);
    Study study = cli_study(store, cli_recorded(store, keys));
    QueryWords words = {.where = f->where,
                        .sort = f->sort,
                        .show = f->show,
                        .each = f->each,
                        .limit = (unsigned)f->limit};
    int code = EXIT_OK;
    Query *query = NULL;
    if (!study_n_ok(&study)) {
        g_printerr("sppemu: %s: found no run that is ok, expected some; see sppemu results\n",
                   store_folder(store));
        code = EXIT_RUN_FAILED;
    } else if ((query = query_new(&study, &words, &error))) {
        print_answer(query, f);
    } else {
        code = cli_usage("%s", error->message);
    }
    query_free(query);
    cli_study_clear(&study);
    return code;
}

static int query_run(char **operands, void *flags, const ComponentClass *const *classes) {
    const QueryFlags *f = flags;
    g_autoptr(GError) error = NULL;
    if (f->limit < 0) return cli_usage("--limit: found %d, expected 0 or more", f->limit);
    if (f->tsv && f->json) return cli_usage("--tsv: found --json too, expected one of them");
    g_autofree char *folder = cli_folder(operands[0]);
    Store *store = store_load(folder, classes, false, &error);
    if (!store) return cli_complain(EXIT_RUN_FAILED, error);
    cli_catch_signals();
    int code = ask(store, f);
    store_close(store);
    return code;
}

static const GOptionEntry query_options[] = {
    CLI_OPTION(QueryFlags, where, "where", 'w', STRING,
               "Only points for which this holds: 'sink.lost == 0 and traffic.rate > 1Gbit/s'",
               "EXPRESSION"),
    CLI_OPTION(QueryFlags, sort, "sort", 0, STRING,
               "The smallest first; -EXPRESSION: the largest; several with commas", "EXPRESSION"),
    CLI_OPTION(QueryFlags, show, "show", 0, STRING,
               "What to show of them: EXPRESSION, EXPRESSION as \"LABEL\", ...", "LIST"),
    CLI_OPTION(QueryFlags, each, "each", 0, STRING,
               "A row for each component of the class, whose scalars need no component's name",
               "CLASS"),
    CLI_OPTION(QueryFlags, limit, "limit", 0, INT, "At most so many rows", "N"),
    CLI_OPTION(QueryFlags, tsv, "tsv", 0, NONE, "A table like runs.tsv, for programs", NULL),
    CLI_OPTION(QueryFlags, json, "json", 0, NONE, "One JSON document", NULL),
    {0}};

const CliVerb query_verb = {
    .name = "query",
    .operands = "STUDY",
    .text = "answer from results that are there, as a table",
    .more = "Expressions are those of [expect] and [plot]: numbers, scalars and parameters, words "
            "where "
            "a parameter is one, and aggregates over all points, as in sink.delivered_pps > 0.9 * "
            "max(sink.delivered_pps). A row is a point; with repetitions it shows means with 95 "
            "percent intervals, and a scalar in --where and --sort is its mean. What tells rows "
            "apart stands in front.",
    .examples =
        (const CliExample[]){
            {"sppemu query results/fig9 --where 'sink.delivered_ratio > 0.99'",
             "the points that lose nothing"},
            {"sppemu query results/fig9 --sort -sink.delivered_pps --limit 5", "the five fastest"},
            {"sppemu query results/distributed --each slice --show lost,latency_p99_us",
             "every slice's own losses"},
            {0}},
    .options = query_options,
    CLI_FLAGS(QueryFlags, {0}),
    .run = query_run};
