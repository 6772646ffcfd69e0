/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * More machines than one: the scripts of run --emit, and the verbs that they call, point and
 * merge. */
#include <stdio.h>
#include <string.h>

#include "emu/cli/study.h"
#include "emu/study/build.h"

/* Scripts --------------------------------------------------------------------------------- */

int cli_can_emit(const RunFlags *f, const char *folder) {
    if (f->filter && !strcmp(f->emit, "slurm"))
        return cli_usage("--emit=slurm: takes no --filter; use it with --emit=parallel");
    if (f->show.json || f->show.stats)
        return cli_usage("--emit: --json and --stats are options of sppemu merge");
    if (strpbrk(folder, "{}\n"))
        return cli_usage("--emit: found the folder \"%s\", expected one without { and }", folder);
    return EXIT_OK;
}

/* seq FIRST LAST; ... of the wanted runs. */
static void print_wanted(const GArray *keys) {
    for (unsigned i = 0; i < keys->len; i++) {
        unsigned first = i;
        while (i < keys->len && g_array_index(keys, RunKey, i).wanted) i++;
        if (i > first) printf(" seq %u %u;", first, i - 1);
    }
}

static void emit_parallel(const RunFlags *f, const GArray *keys) {
    printf(
        "# GNU parallel, one process for each core. On more hosts that see the same folders: add\n"
        "# --sshlogin host1,host2 --workdir . behind parallel.\n{");
    print_wanted(keys);
    printf(" } | parallel -q \"$SPPEMU\" point \"$STUDY\" {} --claim parallel-{}%s\n",
           f->retry_failed ? " --retry-failed" : "");
}

static void emit_slurm(const RunFlags *f, const GArray *keys) {
    printf("# Job arrays of Slurm, and a job that merges them. Start it on a host that may submit\n"
           "# jobs; options for sbatch may follow: sh FILE --partition=night\n"
           "set -eu\n"
           "export SPPEMU STUDY FIRST=0\n"
           "runs=%u jobs= out=$(printf '%%s' \"$STUDY\" | sed 's/%%/%%%%/g')\n"
           "max=$(scontrol show config | sed -n 's/^MaxArraySize *= *//p')\n"
           "while [ $FIRST -lt $runs ]; do\n"
           "    n=$((runs - FIRST))\n"
           "    [ $n -lt ${max:-1001} ] || n=$((${max:-1001} - 1))\n"
           "    job=$(sbatch --parsable --requeue --export=ALL --job-name=sppemu "
           "--open-mode=append \\\n"
           "        --output=\"$out/slurm-%%A_%%a.out\" --array=0-$((n - 1)) \"$@\" \\\n"
           "        --wrap='exec \"$SPPEMU\" point \"$STUDY\" $((FIRST + SLURM_ARRAY_TASK_ID)) "
           "--claim slurm-$SLURM_ARRAY_JOB_ID-$SLURM_ARRAY_TASK_ID%s')\n"
           "    jobs=$jobs:${job%%%%;*}\n"
           "    FIRST=$((FIRST + n))\n"
           "done\n"
           "job=$(sbatch --parsable --export=ALL --job-name=sppemu-merge "
           "--dependency=afterany$jobs \\\n"
           "    --output=\"$out/slurm-merge.out\" \"$@\" --wrap='exec \"$SPPEMU\" merge "
           "\"$STUDY\"%s%s')\n"
           "echo \"${job%%%%;*}\"\n",
           keys->len, f->retry_failed ? " --retry-failed" : "", f->show.strict ? " --strict" : "",
           f->show.no_plots ? " --no-plots" : "");
}

int cli_emit(const Store *store, const RunFlags *f, const GArray *keys) {
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL),
                    *folder = g_canonicalize_filename(store_folder(store), NULL),
                    *program = g_shell_quote(self), *study = g_shell_quote(folder);
    bool slurm = !strcmp(f->emit, "slurm");
    printf(
        "#!/bin/sh\n"
        "# Computes a study of sppemu. May be started again: what has a record is not computed a\n"
        "# second time.\n"
        "SPPEMU=%s\nSTUDY=%s\n",
        program, study);
    (slurm ? emit_slurm : emit_parallel)(f, keys);
    if (!slurm)
        printf("\"$SPPEMU\" merge \"$STUDY\"%s%s\n", f->show.strict ? " --strict" : "",
               f->show.no_plots ? " --no-plots" : "");
    g_printerr("sppemu: the study is in %s; this is a shell script, for example: sh FILE\n",
               store_folder(store));
    return EXIT_OK;
}

/* point, merge ---------------------------------------------------------------------------- */

/* "3" or "3-7", of n. */
static bool want_runs(const char *text, GArray *keys) {
    g_auto(GStrv) ends = g_strsplit(text, "-", 2);
    guint64 first, last;
    if (!g_ascii_string_to_unsigned(ends[0], 10, 0, keys->len - 1, &first, NULL)) return false;
    last = first;
    if (ends[1] && !g_ascii_string_to_unsigned(ends[1], 10, first, keys->len - 1, &last, NULL))
        return false;
    for (uint64_t i = first; i <= last; i++) g_array_index(keys, RunKey, i).wanted = true;
    return true;
}

static int compute_points(const Store *store, char **numbers, const RunOptions *options) {
    g_autoptr(GArray) keys = cli_store_keys(store, false),
                      chosen = g_array_new(FALSE, FALSE, sizeof(RunKey));
    for (unsigned i = 0; numbers[i]; i++)
        if (!want_runs(numbers[i], keys))
            return cli_usage("point: found \"%s\", expected a run from 0 to %u, or FIRST-LAST",
                             numbers[i], keys->len - 1);
    for (unsigned i = 0; i < keys->len; i++) {
        RunKey key = g_array_index(keys, RunKey, i);
        if (key.wanted) g_array_append_val(chosen, key);
    }
    Study study = cli_study(store, run_all(store, chosen, options));
    int code = cli_study_code(&study);
    cli_print_failures(&study);
    cli_study_clear(&study);
    return code;
}

int cli_point(int argc, char **given, const ComponentClass *const *classes) {
    g_autofree char **argv = cli_split_jobs(&argc, given);
    char **arguments = argv;
    g_autoptr(GError) error = NULL;
    g_autofree char *as = NULL;
    int jobs = 1;
    gboolean retry_failed = FALSE;
    const GOptionEntry entries[] = {
        {"jobs", 'j', 0, G_OPTION_ARG_INT, &jobs, "Runs at a time", "N"},
        {"claim", 0, 0, G_OPTION_ARG_STRING, &as,
         "A name for this job; what a job of this name had begun is taken over", "NAME"},
        {"retry-failed", 0, 0, G_OPTION_ARG_NONE, &retry_failed,
         "Compute anew what is recorded as failed", NULL},
        {NULL}};
    g_autoptr(GOptionContext) context =
        g_option_context_new("STUDY N... - compute runs of a study that `run --emit` made");
    g_option_context_set_description(context, cli_exit_codes);
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &arguments, &error))
        return cli_usage("%s", error->message);
    if (argc < 3) return cli_usage("point: expected the folder of a study and the numbers of runs");
    if (jobs < 1 || jobs > MAX_JOBS)
        return cli_usage("--jobs: found %d, expected 1 to %d", jobs, MAX_JOBS);
    if (as && strpbrk(as, " \t\n"))
        return cli_usage("--claim: found \"%s\", expected a name without spaces", as);
    g_autofree char *folder = cli_folder(arguments[1]);
    Store *store = store_load(folder, classes, false, &error);
    if (!store) return cli_complain(EXIT_RUN_FAILED, error);
    cli_catch_signals();
    int code;
    RunOptions options = {.jobs = (unsigned)jobs,
                          .retry_failed = retry_failed,
                          .as = as,
                          .interrupted = &cli_interrupted};
    if (strcmp(store_build(store), build_id()) != 0) {
        g_printerr("sppemu: %s: is a study of another build of sppemu (%.8s, this one is %.8s)\n",
                   folder, store_build(store), build_id());
        code = EXIT_RUN_FAILED;
    } else {
        code = compute_points(store, arguments + 2, &options);
    }
    store_close(store);
    return code;
}

int cli_merge(int argc, char **argv, const ComponentClass *const *classes) {
    g_autoptr(GError) error = NULL;
    ShowFlags flags = {0};
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &flags.json, "One JSON document on standard output",
         NULL},
        {"stats", 0, 0, G_OPTION_ARG_NONE, &flags.stats, "The tables of --stats, run after run",
         NULL},
        {"strict", 0, 0, G_OPTION_ARG_NONE, &flags.strict, "Exit with 4 if a claim is not met",
         NULL},
        {"no-plots", 0, 0, G_OPTION_ARG_NONE, &flags.no_plots, "Draw nothing", NULL},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &flags.quiet, "Print no tables", NULL},
        {NULL}};
    g_autoptr(GOptionContext) context =
        g_option_context_new("STUDY - tables, claims and pictures from the records of a study");
    g_option_context_set_description(context, cli_exit_codes);
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error))
        return cli_usage("%s", error->message);
    if (argc != 2) return cli_usage("merge: found %d names, expected one study", argc - 1);
    g_autofree char *folder = cli_folder(argv[1]);
    Store *store = store_load(folder, classes, true, &error);
    if (!store) return cli_complain(EXIT_RUN_FAILED, error);
    cli_catch_signals();
    store_sweep(store);
    Claims *claims = cli_claims();
    g_autoptr(GArray) keys = cli_store_keys(store, false);
    Study study = cli_study(store, cli_recorded(store, keys));
    int code = cli_show_study(&study, store, claims, &flags);
    if (code == EXIT_OK && study_n_ok(&study) < study.runs->len) code = EXIT_RUN_FAILED;
    cli_study_clear(&study);
    claims_free(claims);
    store_close(store);
    return code;
}
