/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reading recordings. */
#include "emu/study/recording.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu/core/error.h"

#define WALK "{\"packet\":"
#define SPAN "{\"span\":"
#define COUNT "{\"count\":"

/* Lines ----------------------------------------------------------------------------------- */

typedef struct {
    FILE *file;
    const char *path;
    char *line;
    size_t room;
    unsigned number;
} Lines;

static bool open_lines(Lines *l, const char *path, GError **error) {
    *l = (Lines){.file = fopen(path, "r"), .path = path};
    if (l->file) return true;
    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "%s: %s", path,
                g_strerror(errno));
    return false;
}

static bool next_line(Lines *l) {
    l->number++;
    return getline(&l->line, &l->room, l->file) >= 0;
}

static void close_lines(Lines *l) {
    fclose(l->file);
    free(l->line);
}

static bool bad_line(const Lines *l, GError **error) {
    return input_error(error, "%s:%u: found \"%.40s\", which is no line of a recording", l->path,
                       l->number, g_strchomp(l->line));
}

static bool starts(const char *line, const char *with) {
    return strncmp(line, with, strlen(with)) == 0;
}

/* What it holds --------------------------------------------------------------------------- */

static uint64_t number(const json_t *o, const char *key) {
    return (uint64_t)json_integer_value(json_object_get(o, key));
}
static const char *text(const json_t *o, const char *key) {
    return json_string_value(json_object_get(o, key));
}

const char *recording_word(const Recording *r, uint64_t word) {
    return word < r->words->len ? r->words->pdata[word] : "?";
}

const RecordingTrack *recording_track(const Recording *r, uint32_t track) {
    static const RecordingTrack none = {.name = "?"};
    return track < r->tracks->len ? &g_array_index(r->tracks, RecordingTrack, track) : &none;
}

static const char *keep(const char *text) {
    return text ? g_intern_string(text) : NULL;
}

static bool read_head(Recording *r, const json_t *o) {
    const char *schema = text(o, "schema"), *wanted = text(o, "wanted");
    if (!schema || strcmp(schema, RECORDER_SCHEMA) != 0 || !wanted) return false;
    r->wanted = g_strdup(wanted);
    r->from = number(o, "from");
    r->until = number(o, "until");
    return true;
}

static bool read_track(Recording *r, const json_t *o) {
    RecordingTrack track = {(uint32_t)number(o, "component"), keep(text(o, "name")),
                            keep(text(o, "group"))};
    g_array_append_val(r->tracks, track);
    return track.name && number(o, "track") == r->tracks->len - 1 &&
           track.component < r->tracks->len;
}

static bool read_kind(Recording *r, const json_t *o) {
    const char *fields = text(o, "fields");
    RecordingKind kind = {keep(text(o, "name")), g_strsplit(fields ? fields : "", " ", -1)};
    g_array_append_val(r->kinds, kind);
    return kind.name && fields && g_strv_length(kind.fields) <= RECORDER_FIELDS &&
           number(o, "kind") == r->kinds->len - 1;
}

static bool read_path(Recording *r, const json_t *o) {
    const json_t *places = json_object_get(o, "places"), *reason = json_object_get(o, "reason");
    RecordingPath path = {g_ptr_array_new(), keep(text(o, "end")),
                          reason ? recording_word(r, number(o, "reason")) : NULL,
                          number(o, "packets")};
    g_array_append_val(r->paths, path);
    for (size_t i = 0; i < json_array_size(places); i++) {
        const char *place = json_string_value(json_array_get(places, i));
        if (!place) return false;
        g_ptr_array_add(path.places, (char *)keep(place));
    }
    return path.end && path.places->len && number(o, "path") == r->paths->len - 1;
}

static bool read_end(Recording *r, const json_t *o) {
    r->end = number(o, "end");
    r->packets = number(o, "packets");
    r->walks = number(o, "walks");
    r->delivered = number(o, "delivered");
    r->dropped = number(o, "dropped");
    r->held = number(o, "held");
    r->first_drop = g_strdup(text(o, "first_drop"));
    r->slowest = g_strdup(text(o, "slowest"));
    return true;
}

/* `last`: it is the line that says that the recording is whole. */
static bool read_line(Recording *r, const char *line, bool *last) {
    json_t *o = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    bool ok = false;
    *last = false;
    if (!r->wanted) {
        ok = read_head(r, o);
    } else if (json_object_get(o, "word")) {
        const char *word = text(o, "text");
        g_ptr_array_add(r->words, (char *)keep(word));
        ok = word && number(o, "word") == r->words->len - 1;
    } else if (json_object_get(o, "track")) {
        ok = read_track(r, o);
    } else if (json_object_get(o, "kind")) {
        ok = read_kind(r, o);
    } else if (json_object_get(o, "notice")) {
        RecordingNotice notice = {(uint32_t)number(o, "notice"), keep(text(o, "text"))};
        g_array_append_val(r->notices, notice);
        ok = notice.text != NULL;
    } else if (json_object_get(o, "path")) {
        ok = read_path(r, o);
    } else if (json_object_get(o, "end")) {
        ok = *last = read_end(r, o);
    }
    json_decref(o);
    return ok;
}

static Recording *recording_new(const char *path) {
    static const char *const own[RECORDING_N_KINDS] = {"span", "sum", "arrives", "departs",
                                                       "headers"};
    Recording *r = g_new0(Recording, 1);
    r->path = g_strdup(path);
    r->words = g_ptr_array_new();
    r->tracks = g_array_new(FALSE, FALSE, sizeof(RecordingTrack));
    r->kinds = g_array_new(FALSE, FALSE, sizeof(RecordingKind));
    r->paths = g_array_new(FALSE, FALSE, sizeof(RecordingPath));
    r->notices = g_array_new(FALSE, FALSE, sizeof(RecordingNotice));
    for (unsigned i = 0; i < RECORDING_N_KINDS; i++) {
        RecordingKind kind = {own[i], g_new0(char *, 1)};
        g_array_append_val(r->kinds, kind);
    }
    return r;
}

Recording *recording_load(const char *path, GError **error) {
    Lines lines;
    if (!open_lines(&lines, path, error)) return NULL;
    Recording *r = recording_new(path);
    bool last = false, ok = true;
    while (ok && next_line(&lines)) {
        bool later =
            r->wanted && !last &&
            (starts(lines.line, WALK) || starts(lines.line, SPAN) || starts(lines.line, COUNT));
        if (!later && (last || !read_line(r, lines.line, &last))) ok = bad_line(&lines, error);
    }
    if (ok && !last)
        ok = input_error(error, "%s: found no whole recording, expected a last line with its end",
                         path);
    close_lines(&lines);
    if (ok) return r;
    recording_free(r);
    return NULL;
}

void recording_free(Recording *r) {
    if (!r) return;
    for (unsigned i = 0; i < r->kinds->len; i++)
        g_strfreev(g_array_index(r->kinds, RecordingKind, i).fields);
    for (unsigned i = 0; i < r->paths->len; i++)
        g_ptr_array_unref(g_array_index(r->paths, RecordingPath, i).places);
    g_ptr_array_unref(r->words);
    g_array_unref(r->tracks);
    g_array_unref(r->kinds);
    g_array_unref(r->paths);
    g_array_unref(r->notices);
    g_free(r->path);
    g_free(r->wanted);
    g_free(r->first_drop);
    g_free(r->slowest);
    g_free(r);
}

char *recording_wanted(const char *folder) {
    g_autofree char *path = g_build_filename(folder, RECORDER_FILE, NULL);
    Lines lines;
    char *wanted = NULL;
    if (!open_lines(&lines, path, NULL)) return NULL;
    if (next_line(&lines)) {
        json_t *o = json_loads(lines.line, 0, NULL);
        wanted = g_strdup(text(o, "wanted"));
        json_decref(o);
    }
    close_lines(&lines);
    return wanted;
}

/* Walks and the timeline ------------------------------------------------------------------ */

static uint64_t item(const json_t *array, size_t i) {
    return (uint64_t)json_integer_value(json_array_get(array, i));
}

static bool read_event(const Recording *r, RecordingWalk *w, const json_t *array) {
    size_t n = json_array_size(array);
    if (n < 3 || n > 3 + RECORDER_FIELDS) return false;
    RecordingEvent e = {.kind = (unsigned)item(array, 0),
                        .n = (unsigned)n - 3,
                        .at = w->created + item(array, 1),
                        .track = (uint32_t)item(array, 2)};
    for (size_t i = 3; i < n; i++) e.value[i - 3] = item(array, i);
    g_array_append_val(w->events, e);
    if (e.kind == RECORDING_FRAME && e.value[2] + e.value[3] > w->frames->len) return false;
    return e.kind < r->kinds->len && e.track < r->tracks->len;
}

static void read_frames(RecordingWalk *w, const char *hex) {
    for (; hex && g_ascii_isxdigit(hex[0]) && g_ascii_isxdigit(hex[1]); hex += 2) {
        guint8 byte = (guint8)(g_ascii_xdigit_value(hex[0]) << 4 | g_ascii_xdigit_value(hex[1]));
        g_byte_array_append(w->frames, &byte, 1);
    }
}

static bool read_walk(const Recording *r, const char *line, RecordingWalkSeen *seen, void *user) {
    json_t *o = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    const json_t *events = json_object_get(o, "events");
    RecordingWalk w = {.packet = g_strdup(text(o, "packet")),
                       .created = number(o, "created"),
                       .ended = number(o, "ended"),
                       .path = (unsigned)number(o, "path"),
                       .events = g_array_new(FALSE, FALSE, sizeof(RecordingEvent)),
                       .frames = g_byte_array_new()};
    read_frames(&w, text(o, "frames"));
    bool ok = w.packet && events && w.path < r->paths->len;
    for (size_t i = 0; ok && i < json_array_size(events); i++)
        ok = read_event(r, &w, json_array_get(events, i));
    if (ok) seen(&w, user);
    json_decref(o);
    g_free(w.packet);
    g_array_unref(w.events);
    g_byte_array_unref(w.frames);
    return ok;
}

static bool read_moment(const Recording *r, const char *line, RecordingMomentSeen *seen,
                        void *user) {
    json_t *o = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    const json_t *span = json_object_get(o, "span"), *count = json_object_get(o, "count"),
                 *array = span ? span : count;
    bool ok = json_array_size(array) >= (span ? 4 : 3);
    RecordingMoment m = {.track = (uint32_t)item(array, 0), .counts = !span};
    if (span) {
        m.state = (uint32_t)item(array, 1);
        m.at = item(array, 2);
        m.took = item(array, 3);
        m.packet = json_string_value(json_array_get(array, 4));
    } else {
        m.at = item(array, 1);
        m.value = item(array, 2);
    }
    ok = ok && m.track < r->tracks->len && m.state < r->words->len;
    if (ok) seen(&m, user);
    json_decref(o);
    return ok;
}

bool recording_each(const Recording *r, const char *packet, RecordingWalkSeen *walk,
                    RecordingMomentSeen *moment, void *user, GError **error) {
    Lines lines;
    g_autofree char *begins = packet ? g_strdup_printf(WALK "\"%s\",", packet) : g_strdup(WALK);
    if (!open_lines(&lines, r->path, error)) return false;
    bool ok = true;
    while (ok && next_line(&lines)) {
        if (walk && starts(lines.line, begins))
            ok = read_walk(r, lines.line, walk, user) || bad_line(&lines, error);
        else if (moment && (starts(lines.line, SPAN) || starts(lines.line, COUNT)))
            ok = read_moment(r, lines.line, moment, user) || bad_line(&lines, error);
    }
    close_lines(&lines);
    return ok;
}
