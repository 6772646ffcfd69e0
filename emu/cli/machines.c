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

typedef struct {
    int jobs;
    char *as;
    gboolean retry_failed;
} PointFlags;

static int point_run(char **operands, void *flags, const ComponentClass *const *classes) {
    const PointFlags *f = flags;
    g_autoptr(GError) error = NULL;
    if (f->jobs < 1 || f->jobs > MAX_JOBS)
        return cli_usage("--jobs: found %d, expected 1 to %d", f->jobs, MAX_JOBS);
    if (f->as && strpbrk(f->as, " \t\n"))
        return cli_usage("--claim: found \"%s\", expected a name without spaces", f->as);
    g_autofree char *folder = cli_folder(operands[0]);
    Store *store = store_load(folder, classes, false, &error);
    if (!store) return cli_complain(EXIT_RUN_FAILED, error);
    cli_catch_signals();
    int code;
    RunOptions options = {.jobs = (unsigned)f->jobs,
                          .retry_failed = f->retry_failed,
                          .as = f->as,
                          .interrupted = &cli_interrupted};
    if (strcmp(store_build(store), build_id()) != 0) {
        g_printerr("sppemu: %s: is a study of another build of sppemu (%.8s, this one is %.8s)\n",
                   folder, store_build(store), build_id());
        code = EXIT_RUN_FAILED;
    } else {
        code = compute_points(store, operands + 1, &options);
    }
    store_close(store);
    return code;
}

static const GOptionEntry point_options[] = {
    CLI_OPTION(PointFlags, jobs, "jobs", 'j', INT, "Runs at a time", "N"),
    CLI_OPTION(PointFlags, as, "claim", 0, STRING,
               "A name for this job; what a job of this name had begun is taken over", "NAME"),
    CLI_OPTION(PointFlags, retry_failed, "retry-failed", 0, NONE,
               "Compute anew what is recorded as failed", NULL),
    {0}};

const CliVerb point_verb = {
    .name = "point",
    .operands = "STUDY RUN...",
    .text = "compute runs of a study (for jobs on many machines)",
    .more = "The study is one that `sppemu run --emit` made; its script calls this.",
    .examples =
        (const CliExample[]){
            {"sppemu point results/fig9 0-9 -j2", "the first ten of its runs, two at a time"}, {0}},
    .options = point_options,
    CLI_FLAGS(PointFlags, {.jobs = 1}),
    .run = point_run};

static int merge_run(char **operands, void *flags, const ComponentClass *const *classes) {
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = cli_folder(operands[0]);
    Store *store = store_load(folder, classes, true, &error);
    if (!store) return cli_complain(EXIT_RUN_FAILED, error);
    cli_catch_signals();
    store_sweep(store);
    Claims *claims = cli_claims();
    g_autoptr(GArray) keys = cli_store_keys(store, false);
    Study study = cli_study(store, cli_recorded(store, keys));
    int code = cli_show_study(&study, store, claims, flags);
    if (code == EXIT_OK && study_n_ok(&study) < study.runs->len) code = EXIT_RUN_FAILED;
    cli_study_clear(&study);
    claims_free(claims);
    store_close(store);
    return code;
}

static const GOptionEntry merge_options[] = {
    CLI_OPTION(ShowFlags, json, "json", 0, NONE, "One JSON document on standard output", NULL),
    CLI_OPTION(ShowFlags, stats, "stats", 0, NONE, "The tables of --stats, run after run", NULL),
    CLI_OPTION(ShowFlags, strict, "strict", 0, NONE, "Exit with 4 if a claim is not met", NULL),
    CLI_OPTION(ShowFlags, no_plots, "no-plots", 0, NONE, "Draw nothing", NULL),
    CLI_OPTION(ShowFlags, quiet, "quiet", 'q', NONE, "Print no tables", NULL),
    {0}};

const CliVerb merge_verb = {
    .name = "merge",
    .operands = "STUDY",
    .text = "tables, claims and pictures from the records of a study",
    .examples =
        (const CliExample[]){
            {"sppemu merge results/fig9", "as `sppemu run fig9` ended; nothing is computed"}, {0}},
    .options = merge_options,
    CLI_FLAGS(ShowFlags, {0}),
    .run = merge_run};
