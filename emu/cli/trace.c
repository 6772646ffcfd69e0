/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * trace: a recording for a viewer of traces. */
#include "emu/study/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "emu/cli/recorded.h"

typedef struct {
    char *output;
} TraceFlags;

static int cannot_write(const char *path) {
    g_printerr("sppemu: %s: cannot be written: %s\n", path, g_strerror(errno));
    return EXIT_RUN_FAILED;
}

static int write_to(const Recording *recording, FILE *out, const char *path, TraceCounts *counts) {
    g_autoptr(GError) error = NULL;
    if (!trace_write(recording, out, counts, &error)) return cli_complain(EXIT_INPUT, error);
    return fflush(out) == 0 && !ferror(out) ? EXIT_OK : cannot_write(path);
}

static int trace(const Recording *recording, const char *path) {
    TraceCounts counts;
    if (!strcmp(path, "-")) return write_to(recording, stdout, "standard output", &counts);
    FILE *out = fopen(path, "w");
    if (!out) return cannot_write(path);
    int code = write_to(recording, out, path, &counts);
    if (fclose(out) != 0 && code == EXIT_OK) code = cannot_write(path);
    if (code) return code;
    printf("trace: %s: %" PRIu64 " spans, %" PRIu64 " counts, %" PRIu64 " hops; arrows of %" PRIu64
           " packets\n"
           "open it at https://ui.perfetto.dev or chrome://tracing\n",
           path, counts.spans, counts.counts, counts.hops, counts.arrows);
    return EXIT_OK;
}

static int trace_run(char **operands, void *flags, const ComponentClass *const *classes) {
    const TraceFlags *f = flags;
    int code = EXIT_OK;
    Recording *recording = cli_recording(operands[0], operands[1], classes, &code);
    if (!recording) return code;
    code = trace(recording, f->output ? f->output : "trace.json");
    recording_free(recording);
    return code;
}

static const GOptionEntry trace_options[] = {
    CLI_OPTION(TraceFlags, output, "output", 'o', FILENAME,
               "The file (default trace.json; - is standard output)", "FILE"),
    {0}};

const CliVerb trace_verb = {
    .name = "trace",
    .operands = "RECORDING [RUN]",
    .text = "a recorded run for Perfetto, or another viewer of Chrome's traces",
    .more = "Threads are contexts, memory channels and cores; arrows go with packets. With a "
            "recorded timeline it is that time, else what the recorded packets did. See "
            "docs/recordings.md.",
    .examples =
        (const CliExample[]){
            {"sppemu run label --record timeline=5ms..5.1ms", "record a tenth of a millisecond"},
            {"sppemu trace results/label -o label.json", "for https://ui.perfetto.dev"},
            {0}},
    .options = trace_options,
    CLI_FLAGS(TraceFlags, {0}),
    .run = trace_run};
