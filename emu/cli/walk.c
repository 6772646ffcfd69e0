/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One packet's walk, and paths. */
#include "emu/cli/walk.h"

#include <string.h>

#include "emu/cli/recorded.h"
#include "emu/study/walk.h"

bool cli_walk_asked(const WalkFlags *f) {
    return f->packet || f->first_drop || f->slowest || f->paths;
}

static void print_json(json_t *doc) {
    json_dumpf(doc, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
    putchar('\n');
    json_decref(doc);
}

typedef struct {
    const Recording *recording;
    bool json, found;
} Job;

static void on_walk(const RecordingWalk *walk, void *user) {
    Job *job = user;
    job->found = true;
    if (job->json)
        print_json(walk_json(job->recording, walk));
    else
        walk_print(job->recording, walk, stdout);
}

typedef struct {
    const char *asked;
    char *found;
    unsigned n;
} Search;

static void match(const RecordingWalk *walk, void *user) {
    Search *s = user;
    const char *colon = strrchr(walk->packet, ':');
    if (strcmp(walk->packet, s->asked) != 0 && (!colon || strcmp(colon + 1, s->asked) != 0)) return;
    s->n++;
    if (!s->found) s->found = g_strdup(walk->packet);
}

/* The packet's full name; NULL, and a sentence: there is none, or several. */
static char *find(const Recording *r, const char *asked, int *code) {
    g_autoptr(GError) error = NULL;
    Search s = {.asked = asked};
    if (!recording_each(r, strchr(asked, ':') ? asked : NULL, match, NULL, &s, &error)) {
        *code = cli_complain(EXIT_INPUT, error);
    } else if (!s.n) {
        g_printerr("sppemu: packet %s: found no walk of it among the %" G_GUINT64_FORMAT
                   " of %s (recorded: %s), expected one; its source's first packet is SOURCE:1\n",
                   asked, r->walks, r->path, r->wanted);
        *code = EXIT_RUN_FAILED;
    } else if (s.n > 1) {
        *code = cli_usage("--packet: found %s, which %u sources have, expected one such as %s",
                          asked, s.n, s.found);
    } else {
        return s.found;
    }
    g_free(s.found);
    return NULL;
}

static char *which(const WalkFlags *f, const Recording *r, int *code) {
    if (f->packet) return find(r, f->packet, code);
    const char *packet = f->first_drop ? r->first_drop : r->slowest;
    if (packet) return g_strdup(packet);
    printf("no packet was %s\n", f->first_drop ? "dropped" : "delivered");
    return NULL;
}

static int show(const WalkFlags *f, const Recording *r) {
    g_autoptr(GError) error = NULL;
    int code = EXIT_OK;
    if (f->paths) {
        if (f->json)
            print_json(walk_paths_json(r));
        else
            walk_print_paths(r, stdout);
        return EXIT_OK;
    }
    g_autofree char *packet = which(f, r, &code);
    Job job = {.recording = r, .json = f->json};
    if (packet && !recording_each(r, packet, on_walk, NULL, &job, &error))
        return cli_complain(EXIT_INPUT, error);
    return code;
}

int cli_walk(const WalkFlags *f, const char *given, const char *run,
             const ComponentClass *const *classes) {
    if ((f->packet != NULL) + f->first_drop + f->slowest + f->paths > 1)
        return cli_usage("--packet, --first-drop, --slowest, --paths: found several, expected one");
    int code = EXIT_OK;
    Recording *recording = cli_recording(given, run, classes, &code);
    if (!recording) return code;
    code = show(f, recording);
    recording_free(recording);
    return code;
}
