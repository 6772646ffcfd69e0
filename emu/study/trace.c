/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Traces: all of a recording's events in memory, sorted, written. */
#include "emu/study/trace.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* At equal times in this order. */
typedef enum { AT_END, AT_LEAVE, AT_BEGIN, AT_ENTER, AT_HOP, AT_ARROW, AT_COUNT } What;

typedef struct {
    SimTime at;
    uint64_t value; /* of a count; of a hop: which packet's arrow, plus one */
    uint32_t order; /* as they came */
    uint32_t track;
    uint32_t name;   /* a word; of an arrow: s, t or f; of a hop: its kind */
    uint32_t packet; /* of packets, plus one; 0: none */
    What what;
} TraceEvent;

typedef struct {
    const Recording *recording;
    FILE *out;
    GArray *events;
    GPtrArray *packets; /* their names */
    GHashTable *numbers;
    TraceCounts counts;
    bool any;
} Trace;

static bool has_timeline(const Recording *r) {
    return r->from < r->until;
}
static bool is_shown(const Recording *r, SimTime from, SimTime to) {
    return !has_timeline(r) || (from < r->until && to > r->from);
}
static bool is_component(const Recording *r, uint32_t track) {
    return recording_track(r, track)->component == track;
}

static uint32_t packet_number(Trace *t, const char *packet) {
    if (!packet) return 0;
    uintptr_t there = (uintptr_t)g_hash_table_lookup(t->numbers, packet);
    if (there) return (uint32_t)there;
    char *own = g_strdup(packet);
    g_ptr_array_add(t->packets, own);
    g_hash_table_insert(t->numbers, own, (void *)(uintptr_t)t->packets->len);
    return t->packets->len;
}

static TraceEvent *add(Trace *t, What what, SimTime at, uint32_t track, uint32_t packet) {
    TraceEvent e = {
        .at = at, .order = t->events->len, .track = track, .packet = packet, .what = what};
    g_array_append_val(t->events, e);
    return &g_array_index(t->events, TraceEvent, t->events->len - 1);
}

static void add_span(Trace *t, bool thread, uint32_t track, uint32_t state, SimTime from,
                     SimTime to, uint32_t packet) {
    add(t, thread ? AT_BEGIN : AT_ENTER, from, track, packet)->name = state;
    add(t, thread ? AT_END : AT_LEAVE, to, track, packet)->name = state;
    t->counts.spans++;
}

/* Where a packet's arrow touches: its hops, and each track that it comes to. */
static bool touches(const Recording *r, const RecordingEvent *e, uint32_t last) {
    if (!is_shown(r, e->at, e->at + 1)) return false;
    if (e->kind == RECORDING_ARRIVE || e->kind == RECORDING_DEPART) return true;
    return e->kind == RECORDING_SPAN && !is_component(r, e->track) && e->track != last;
}

static void add_arrow(Trace *t, const RecordingWalk *w, uint32_t packet) {
    const Recording *r = t->recording;
    unsigned n = 0, all = 0;
    for (unsigned pass = 0; pass < 2; pass++) {
        uint32_t last = UINT32_MAX;
        for (unsigned i = 0; i < w->events->len; i++) {
            const RecordingEvent *e = &g_array_index(w->events, RecordingEvent, i);
            if (!touches(r, e, last)) continue;
            last = e->track;
            if (!pass) {
                all++;
                continue;
            }
            uint32_t phase = n == 0 ? 's' : n + 1 == all ? 'f' : 't';
            n++;
            if (e->kind == RECORDING_SPAN) {
                add(t, AT_ARROW, e->at, e->track, packet)->name = phase;
                continue;
            }
            TraceEvent *hop = add(t, AT_HOP, e->at, e->track, packet);
            hop->name = e->kind;
            hop->value = all > 1 ? phase : 0;
            t->counts.hops++;
        }
    }
    t->counts.arrows += all > 1;
}

static void on_walk(const RecordingWalk *w, void *user) {
    Trace *t = user;
    const Recording *r = t->recording;
    uint32_t packet = packet_number(t, w->packet);
    for (unsigned i = 0; i < w->events->len; i++) {
        const RecordingEvent *e = &g_array_index(w->events, RecordingEvent, i);
        if (e->kind != RECORDING_SPAN || !is_shown(r, e->at, e->at + e->value[1])) continue;
        bool thread = !is_component(r, e->track);
        if (thread && has_timeline(r)) continue; /* the timeline has it */
        add_span(t, thread, e->track, (uint32_t)e->value[0], e->at, e->at + e->value[1], packet);
    }
    add_arrow(t, w, packet);
}

static void on_moment(const RecordingMoment *m, void *user) {
    Trace *t = user;
    if (m->counts) {
        add(t, AT_COUNT, m->at, m->track, 0)->value = m->value;
        t->counts.counts++;
    } else {
        add_span(t, true, m->track, m->state, m->at, m->at + m->took, packet_number(t, m->packet));
    }
}

static int compare(const void *a, const void *b) {
    const TraceEvent *x = a, *y = b;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    if (x->what != y->what) return x->what < y->what ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

/* Writing --------------------------------------------------------------------------------- */

/* In quotation marks; names hold nothing that JSON would have to escape but these. */
static void put_text(FILE *out, const char *text) {
    putc('"', out);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') putc('\\', out);
        putc(*text, out);
    }
    putc('"', out);
}

/* All but the closing brace. */
static void begin(Trace *t, const char *phase, uint32_t track, SimTime at) {
    fprintf(t->out, "%s\n{\"ph\":\"%s\",\"pid\":%u,\"tid\":%u,\"ts\":%" PRIu64 ".%06" PRIu64,
            t->any ? "," : "", phase, recording_track(t->recording, track)->component + 1,
            track + 1, at / 1000000, at % 1000000);
    t->any = true;
}

static void put_name(Trace *t, const char *name) {
    fputs(",\"name\":", t->out);
    put_text(t->out, name);
}

static const char *packet_name(const Trace *t, uint32_t packet) {
    return t->packets->pdata[packet - 1];
}

static void put_packet(Trace *t, uint32_t packet) {
    if (!packet) return;
    fputs(",\"args\":{\"packet\":", t->out);
    put_text(t->out, packet_name(t, packet));
    putc('}', t->out);
}

static void write_arrow(Trace *t, uint32_t phase, const TraceEvent *e) {
    const char text[] = {(char)phase, 0};
    begin(t, text, e->track, e->at);
    fprintf(t->out, ",\"cat\":\"packet\",\"name\":\"packet\",\"id\":%u%s}", e->packet,
            phase == 'f' ? ",\"bp\":\"e\"" : "");
}

static void write_event(Trace *t, const TraceEvent *e) {
    const Recording *r = t->recording;
    switch (e->what) {
    case AT_BEGIN:
        begin(t, "B", e->track, e->at);
        put_name(t, recording_word(r, e->name));
        put_packet(t, e->packet);
        break;
    case AT_END: begin(t, "E", e->track, e->at); break;
    case AT_ENTER:
    case AT_LEAVE:
        begin(t, e->what == AT_ENTER ? "b" : "e", e->track, e->at);
        put_name(t, recording_word(r, e->name));
        fprintf(t->out, ",\"cat\":\"packet\",\"id\":%u", e->packet);
        if (e->what == AT_ENTER) put_packet(t, e->packet);
        break;
    case AT_HOP:
        begin(t, "B", e->track, e->at);
        put_name(t, g_array_index(r->kinds, RecordingKind, e->name).name);
        put_packet(t, e->packet);
        putc('}', t->out);
        if (e->value) write_arrow(t, (uint32_t)e->value, e);
        begin(t, "E", e->track, e->at);
        break;
    case AT_ARROW: write_arrow(t, e->name, e); return;
    case AT_COUNT:
        begin(t, "C", e->track, e->at);
        put_name(t, recording_track(r, e->track)->name);
        fprintf(t->out, ",\"args\":{\"value\":%" PRIu64 "}", e->value);
    }
    putc('}', t->out);
}

static void write_names(Trace *t) {
    const Recording *r = t->recording;
    for (uint32_t i = 0; i < r->tracks->len; i++) {
        const RecordingTrack *track = recording_track(r, i);
        for (unsigned thread = is_component(r, i) ? 0 : 1; thread < 2; thread++) {
            begin(t, "M", i, 0);
            put_name(t, thread ? "thread_name" : "process_name");
            fputs(",\"args\":{\"name\":", t->out);
            put_text(t->out, thread && is_component(r, i) ? "packets" : track->name);
            fputs("}}", t->out);
        }
    }
}

bool trace_write(const Recording *recording, FILE *out, TraceCounts *counts, GError **error) {
    Trace t = {.recording = recording,
               .out = out,
               .events = g_array_new(FALSE, FALSE, sizeof(TraceEvent)),
               .packets = g_ptr_array_new_with_free_func(g_free),
               .numbers = g_hash_table_new(g_str_hash, g_str_equal)};
    bool ok = recording_each(recording, NULL, on_walk, on_moment, &t, error);
    if (ok) {
        g_array_sort(t.events, compare);
        fputs("{\"displayTimeUnit\":\"ns\",\"otherData\":{\"schema\":\"" TRACE_SCHEMA
              "\",\"recorded\":",
              out);
        put_text(out, recording->wanted);
        fputs("},\"traceEvents\":[", out);
        write_names(&t);
        for (unsigned i = 0; i < t.events->len; i++)
            write_event(&t, &g_array_index(t.events, TraceEvent, i));
        fputs("\n]}\n", out);
    }
    *counts = t.counts;
    g_array_unref(t.events);
    g_ptr_array_unref(t.packets);
    g_hash_table_unref(t.numbers);
    return ok;
}
