/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Walks and paths, printed. */
#include "emu/study/walk.h"

#include <inttypes.h>
#include <string.h>

#include "emu/study/frame.h"

enum { WIDTH = 80, INDENT = 24 };

/* Text ------------------------------------------------------------------------------------ */

/* Words one after the other, from column `column` on, further lines indented by `indent`. */
static void put_words(FILE *out, const char *text, unsigned column, unsigned indent) {
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    unsigned at = column;
    for (char **w = words; *w; w++) {
        unsigned n = (unsigned)strlen(*w);
        if (at > indent && at + 1 + n > WIDTH) {
            fprintf(out, "\n%*s", (int)indent, "");
            at = indent;
        } else if (w > words) {
            putc(' ', out);
            at++;
        }
        fputs(*w, out);
        at += n;
    }
    putc('\n', out);
}

static const RecordingKind *kind_of(const Recording *r, unsigned kind) {
    return &g_array_index(r->kinds, RecordingKind, kind);
}

static const RecordingPath *path_of(const Recording *r, unsigned path) {
    return &g_array_index(r->paths, RecordingPath, path);
}

static const char *component_of(const Recording *r, uint32_t track) {
    return recording_track(r, recording_track(r, track)->component)->name;
}

/* "from memory 0, bytes 16, answer 122.000 ns" of a note. Caller frees. */
static char *note_text(const Recording *r, const RecordingEvent *e) {
    const RecordingKind *kind = kind_of(r, e->kind);
    GString *text = g_string_new(NULL);
    for (unsigned i = 0; kind->fields[i] && i < e->n; i++) {
        g_autofree char *name = g_strdup(kind->fields[i]);
        size_t n = strlen(name);
        bool word = n && name[n - 1] == '$', time = g_str_has_suffix(name, "_ps");
        if (word) name[n - 1] = 0;
        if (time) name[n - 3] = 0;
        for (char *c = name; *c; c++)
            if (*c == '_') *c = ' ';
        g_string_append_printf(text, "%s%s ", i ? ", " : "", name);
        if (word)
            g_string_append(text, recording_word(r, e->value[i]));
        else if (time)
            g_string_append_printf(text, "%.3f ns", (double)e->value[i] / 1e3);
        else if (!strcmp(name, "address"))
            g_string_append_printf(text, "0x%" PRIx64, e->value[i]);
        else
            g_string_append_printf(text, "%" PRIu64, e->value[i]);
    }
    return g_string_free(text, FALSE);
}

/* What the headers are, or what of them is other than before. */
static char *frame_text(const RecordingWalk *w, const RecordingEvent *e,
                        const RecordingEvent *before) {
    const guint8 *frame = w->frames->data + e->value[2];
    GString *text = g_string_new(NULL);
    if (before) {
        g_autoptr(GPtrArray) changes =
            frame_changes(w->frames->data + before->value[2], (unsigned)before->value[3], frame,
                          (unsigned)e->value[3]);
        for (unsigned i = 0; i < changes->len; i++)
            g_string_append_printf(text, "%s%s", i ? ", " : "", (char *)changes->pdata[i]);
        if (!changes->len) g_string_append(text, "other bytes than those of its headers");
    } else {
        g_autoptr(GArray) fields = frame_fields(frame, (unsigned)e->value[3]);
        for (unsigned i = 0; i < fields->len; i++) {
            const FrameField *f = &g_array_index(fields, FrameField, i);
            g_string_append_printf(text, "%s%s %s", i ? ", " : "", f->name, f->value);
        }
    }
    return g_string_free(text, FALSE);
}

/* What the event is, without its time. Caller frees. */
static char *event_text(const Recording *r, const RecordingWalk *w, const RecordingEvent *e,
                        const RecordingEvent *frame) {
    const char *name = kind_of(r, e->kind)->name;
    switch (e->kind) {
    case RECORDING_SPAN: return g_strdup(recording_word(r, e->value[0]));
    case RECORDING_SUM:
        return g_strdup_printf("%s, in all since the last hop", recording_word(r, e->value[0]));
    case RECORDING_ARRIVE:
    case RECORDING_DEPART:
        return g_strdup_printf("%s at port %" PRIu64 ", %" PRIu64 " bytes", name, e->value[0],
                               e->value[1]);
    case RECORDING_FRAME: {
        g_autofree char *fields = frame_text(w, e, frame);
        return g_strdup_printf("headers%s: %s", frame ? " changed" : "", fields);
    }
    default: {
        g_autofree char *note = note_text(r, e);
        return g_strdup_printf("%s %s", name, note);
    }
    }
}

static bool lasts(const RecordingEvent *e) {
    return e->kind == RECORDING_SPAN || e->kind == RECORDING_SUM;
}

static void print_where(const Recording *r, uint32_t track, FILE *out) {
    const char *component = component_of(r, track), *name = recording_track(r, track)->name;
    bool part = recording_track(r, track)->component != track;
    fprintf(out, "%s%s%s\n", component, part ? ", " : "", part ? name : "");
}

static void print_head(const Recording *r, const RecordingWalk *w, FILE *out) {
    const RecordingPath *path = path_of(r, w->path);
    fprintf(out, "packet %s, made at %.6f us, %s %.6f us later\n", w->packet,
            (double)w->created / 1e6, path->end, (double)(w->ended - w->created) / 1e6);
    for (unsigned i = 0; i < r->notices->len; i++) {
        const RecordingNotice *n = &g_array_index(r->notices, RecordingNotice, i);
        g_autofree char *text =
            g_strdup_printf("%s: %s", recording_track(r, n->component)->name, n->text);
        put_words(out, text, 0, 0);
    }
    fprintf(out, "%12s %10s\n", "at ns", "ns");
}

/* How long in all, by cause, most first. */
static void print_sums(const Recording *r, const RecordingWalk *w, FILE *out) {
    SimTime sums[PACKET_MAX_CAUSES] = {0};
    for (unsigned i = 0; i < w->events->len; i++) {
        const RecordingEvent *e = &g_array_index(w->events, RecordingEvent, i);
        if (lasts(e) && e->value[0] < PACKET_MAX_CAUSES) sums[e->value[0]] += e->value[1];
    }
    g_autoptr(GString) text = g_string_new(NULL);
    for (;;) {
        unsigned most = 0;
        for (unsigned i = 1; i < PACKET_MAX_CAUSES; i++)
            if (sums[i] > sums[most]) most = i;
        if (!sums[most]) break;
        g_string_append_printf(text, "%s%s %.3f",
                               text->len ? ", " : "in all, ns: ", recording_word(r, most),
                               (double)sums[most] / 1e3);
        sums[most] = 0;
    }
    if (text->len) put_words(out, text->str, 0, 4);
}

void walk_print(const Recording *r, const RecordingWalk *w, FILE *out) {
    const RecordingEvent *frame = NULL;
    uint32_t where = UINT32_MAX;
    print_head(r, w, out);
    for (unsigned i = 0; i < w->events->len; i++) {
        const RecordingEvent *e = &g_array_index(w->events, RecordingEvent, i);
        if (e->track != where) print_where(r, where = e->track, out);
        g_autofree char *text = event_text(r, w, e, frame);
        if (lasts(e))
            fprintf(out, "%12.3f %10.3f ", (double)(e->at - w->created) / 1e3,
                    (double)e->value[1] / 1e3);
        else
            fprintf(out, "%12.3f %10s ", (double)(e->at - w->created) / 1e3, "");
        put_words(out, text, INDENT, INDENT + 2);
        if (e->kind == RECORDING_FRAME) frame = e;
    }
    const RecordingPath *path = path_of(r, w->path);
    g_autofree char *end =
        path->reason ? g_strdup_printf("%s, %s", path->end, path->reason) : g_strdup(path->end);
    fprintf(out, "%12.3f %10s ", (double)(w->ended - w->created) / 1e3, "");
    put_words(out, end, INDENT, INDENT + 2);
    print_sums(r, w, out);
}

/* JSON ------------------------------------------------------------------------------------ */

json_t *walk_json(const Recording *r, const RecordingWalk *w) {
    const RecordingPath *path = path_of(r, w->path);
    const RecordingEvent *frame = NULL;
    json_t *doc = json_object(), *events = json_array();
    for (unsigned i = 0; i < w->events->len; i++) {
        const RecordingEvent *e = &g_array_index(w->events, RecordingEvent, i);
        g_autofree char *text = event_text(r, w, e, frame);
        json_t *one = json_pack("{s:I,s:s,s:s,s:s}", "at_ps", (json_int_t)(e->at - w->created),
                                "component", component_of(r, e->track), "part",
                                recording_track(r, e->track)->component == e->track
                                    ? ""
                                    : recording_track(r, e->track)->name,
                                "what", text);
        if (lasts(e)) json_object_set_new(one, "ps", json_integer((json_int_t)e->value[1]));
        json_array_append_new(events, one);
        if (e->kind == RECORDING_FRAME) frame = e;
    }
    json_object_set_new(doc, "schema", json_string("sppemu-walk-1"));
    json_object_set_new(doc, "packet", json_string(w->packet));
    json_object_set_new(doc, "created_ps", json_integer((json_int_t)w->created));
    json_object_set_new(doc, "took_ps", json_integer((json_int_t)(w->ended - w->created)));
    json_object_set_new(doc, "end", json_string(path->end));
    json_object_set_new(doc, "reason", path->reason ? json_string(path->reason) : json_null());
    json_object_set_new(doc, "events", events);
    return doc;
}

/* Paths ----------------------------------------------------------------------------------- */

/* "traffic > node (first last) > sink". Caller frees. */
static char *places_text(const RecordingPath *path) {
    GString *text = g_string_new(NULL);
    bool inside = false;
    for (unsigned i = 0; i < path->places->len; i++) {
        const char *place = path->places->pdata[i];
        bool in = *place == '.';
        if (inside && !in) g_string_append_c(text, ')');
        g_string_append(text, in ? inside ? " " : " (" : i ? " > " : "");
        g_string_append(text, place + in);
        inside = in;
    }
    if (inside) g_string_append_c(text, ')');
    return g_string_free(text, FALSE);
}

static int by_packets(const void *a, const void *b) {
    const RecordingPath *x = *(RecordingPath *const *)a, *y = *(RecordingPath *const *)b;
    return x->packets > y->packets ? -1 : x->packets < y->packets;
}

static GPtrArray *sorted_paths(const Recording *r) {
    GPtrArray *sorted = g_ptr_array_new();
    for (unsigned i = 0; i < r->paths->len; i++)
        g_ptr_array_add(sorted, &g_array_index(r->paths, RecordingPath, i));
    g_ptr_array_sort(sorted, by_packets);
    return sorted;
}

void walk_print_paths(const Recording *r, FILE *out) {
    g_autoptr(GPtrArray) sorted = sorted_paths(r);
    fprintf(out, "%10s %7s  %s\n", "packets", "share", "end, and the path there");
    uint64_t sum = 0;
    for (unsigned i = 0; i < sorted->len; i++) {
        const RecordingPath *path = sorted->pdata[i];
        g_autofree char *places = places_text(path),
                        *end = g_strdup_printf("%s%s%s", path->end, path->reason ? ": " : "",
                                               path->reason ? path->reason : "");
        fprintf(out, "%10" PRIu64 " %6.2f%%  ", path->packets,
                100.0 * (double)path->packets / (double)r->packets);
        put_words(out, end, 20, 22);
        fprintf(out, "%20s", "");
        put_words(out, places, 20, 22);
        sum += path->packets;
    }
    fprintf(out, "%10" PRIu64 "          all packets of the run, by %u paths\n", sum, sorted->len);
}

json_t *walk_paths_json(const Recording *r) {
    g_autoptr(GPtrArray) sorted = sorted_paths(r);
    json_t *doc = json_object(), *paths = json_array();
    for (unsigned i = 0; i < sorted->len; i++) {
        const RecordingPath *path = sorted->pdata[i];
        json_t *places = json_array();
        for (unsigned k = 0; k < path->places->len; k++)
            json_array_append_new(places, json_string(path->places->pdata[k]));
        json_t *one = json_pack("{s:o,s:s,s:I}", "places", places, "end", path->end, "packets",
                                (json_int_t)path->packets);
        json_object_set_new(one, "reason", path->reason ? json_string(path->reason) : json_null());
        json_array_append_new(paths, one);
    }
    json_object_set_new(doc, "schema", json_string("sppemu-paths-1"));
    json_object_set_new(doc, "packets", json_integer((json_int_t)r->packets));
    json_object_set_new(doc, "paths", paths);
    return doc;
}
