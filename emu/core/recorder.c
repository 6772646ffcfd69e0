/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Recordings. Numbers are written by hand: a walk has a hundred of them. */
#include "emu/core/recorder.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu/core/error.h"
#include "emu/core/param.h"

enum { HEADER_BYTES = 128, READINGS = 1000, NO_SPAN = -1 };
/* Of packets that one owner makes, as emu/core/sim.h numbers them. */
#define COUNT_MASK ((UINT64_C(1) << 40) - 1)
#define NOBODY UINT32_MAX

/* Of events; those of recorder_kind come after them. The values of each are in
 * docs/recordings.md. */
enum { EVENT_SPAN, EVENT_SUM, EVENT_ARRIVE, EVENT_DEPART, EVENT_FRAME, N_EVENTS };

typedef struct {
    SimTime at;
    uint32_t track;
    uint16_t kind, n;
    uint32_t value[RECORDER_FIELDS];
} Event;

typedef enum { END_DELIVERED, END_DROPPED, END_HELD } End;
static const char *const ends[] = {"delivered", "dropped", "held"};

/* Packets that came to a place by the same path and ended there alike. */
typedef struct {
    End end;
    uint32_t reason; /* a word, of those that were dropped */
    unsigned number;
    uint64_t packets;
} PathEnd;

typedef struct Place Place;
struct Place {                    /* on a path; the root is nowhere */
    Place *before, *first, *next; /* where from; what comes after it; another of those */
    uint32_t word;
    bool inside; /* a group of its component */
    GArray *ends;
};

struct Walk {
    Recorder *recorder;
    Walk *free;
    uint64_t id;
    uint32_t origin, here; /* a component's track */
    SimTime created;
    bool wanted;
    Place *place;
    SimTime covered[PACKET_MAX_CAUSES]; /* by spans and sums */
    Event *events;
    unsigned n, room;
    int last;                    /* the last span */
    uint8_t frame[HEADER_BYTES]; /* as it last departed */
    uint32_t frame_offset, frame_length;
    GByteArray *frames;
};

typedef struct {
    uint32_t component, group; /* a word, NOBODY: none */
    uint32_t owner;
    uint64_t count; /* last written, if counted */
    bool counted;
    /* the span of the timeline that may go on */
    uint32_t state;
    SimTime from, to;
    uint64_t packet;
    uint32_t origin;
} Track;

struct Recorder {
    FILE *file;
    char *path;
    RecorderWants wants;
    GHashTable *numbers; /* of words, plus one */
    GPtrArray *words;
    GArray *tracks;
    GByteArray *n_fields; /* by kind */
    unsigned n_components;
    SimTime next, interval;
    Walk *free_walks, *slowest;
    SimTime slowest_took, slowest_ended;
    unsigned slowest_path;
    uint64_t slowest_id, first_drop_id;
    uint32_t slowest_origin, first_drop_origin;
    bool any_delivered, any_dropped;
    uint64_t packets, written, ended[3];
    Place root;
    GPtrArray *paths;  /* Place of each, by number */
    GArray *path_ends; /* which of its ends */
};

/* What is wanted -------------------------------------------------------------------------- */

static bool read_number(const char *word, const char *text, uint64_t *value, GError **error) {
    if (g_ascii_string_to_unsigned(text, 10, 1, INT64_MAX, value, NULL)) return true;
    return input_error(error, "found \"%s=%s\", expected a whole number above 0", word, text);
}

static bool read_time(const char *text, SimTime *time) {
    static const Param row = {.name = "", .type = PARAM_TYPE_TIME};
    ParamValue value;
    bool ok = param_read(&row, &value, text, NULL, NULL);
    if (ok) *time = value.word;
    return ok;
}

static bool read_timeline(const char *text, RecorderWants *w, GError **error) {
    g_auto(GStrv) ends_of = g_strsplit(text, "..", 2);
    if (g_strv_length(ends_of) == 2 && read_time(ends_of[0], &w->from) &&
        read_time(ends_of[1], &w->until) && w->from < w->until)
        return true;
    return input_error(error, "found \"timeline=%s\", expected two times, as in 1ms..1.1ms", text);
}

static bool read_want(const char *word, RecorderWants *w, GError **error) {
    static const char *const words[] = {"all", "dropped", "first", "every", "timeline", NULL};
    g_auto(GStrv) halves = g_strsplit(word, "=", 2);
    const char *value = halves[0] ? halves[1] : NULL;
    if (!strcmp(word, "all")) return (w->all = true);
    if (!strcmp(word, "dropped")) return (w->dropped = true);
    if (value && !strcmp(halves[0], "first")) return read_number("first", value, &w->first, error);
    if (value && !strcmp(halves[0], "every")) return read_number("every", value, &w->every, error);
    if (value && !strcmp(halves[0], "timeline")) return read_timeline(value, w, error);
    const char *near = halves[0] ? param_nearest(halves[0], words) : NULL;
    return input_error(error, "found \"%s\", expected some of %s, with commas between them%s%s",
                       word, RECORDER_WANTS, near ? "; the nearest is " : "", near ? near : "");
}

bool recorder_wants(const char *text, RecorderWants *wants, GError **error) {
    *wants = (RecorderWants){0};
    g_auto(GStrv) words = g_strsplit(text, ",", -1);
    if (!words[0]) return read_want("", wants, error);
    for (char **word = words; *word; word++)
        if (!read_want(g_strstrip(*word), wants, error)) return false;
    return true;
}

static bool is_wanted(const Recorder *r, const Packet *pkt) {
    uint64_t n = pkt->id & COUNT_MASK;
    const RecorderWants *w = &r->wants;
    return w->all || n < w->first || (w->every && n % w->every == 0) ||
           (pkt->created >= w->from && pkt->created < w->until);
}

/* Writing --------------------------------------------------------------------------------- */

static void put_number(Recorder *r, uint64_t value) {
    char digits[20], *at = digits + sizeof digits;
    do *--at = (char)('0' + value % 10);
    while (value /= 10);
    fwrite(at, 1, (size_t)(digits + sizeof digits - at), r->file);
}

static void put(Recorder *r, const char *text) {
    fputs(text, r->file);
}

/* In quotation marks. */
static void put_text(Recorder *r, const char *text) {
    putc('"', r->file);
    for (; *text; text++) {
        if ((unsigned char)*text < ' ') continue;
        if (*text == '"' || *text == '\\') putc('\\', r->file);
        putc(*text, r->file);
    }
    putc('"', r->file);
}

static const char *word_of(const Recorder *r, uint32_t word) {
    return r->words->pdata[word];
}

/* "traffic:17": the seventeenth that it made; a part that makes some of its own has its number. */
static void put_packet(Recorder *r, uint64_t id, uint32_t origin) {
    const Track *t = &g_array_index(r->tracks, Track, 0);
    unsigned low = 0, high = r->n_components;
    while (low + 1 < high) {
        unsigned middle = (low + high) / 2;
        *(t[middle].owner <= origin ? &low : &high) = middle;
    }
    fprintf(r->file, "\"%s", word_of(r, t[low].group));
    if (origin != t[low].owner) fprintf(r->file, "/%u", origin - t[low].owner);
    fprintf(r->file, ":%" PRIu64 "\"", (id & COUNT_MASK) + 1);
}

uint32_t recorder_word(Recorder *r, const char *text) {
    uintptr_t there = (uintptr_t)g_hash_table_lookup(r->numbers, text);
    if (there) return (uint32_t)(there - 1);
    char *own = g_strdup(text);
    g_ptr_array_add(r->words, own);
    g_hash_table_insert(r->numbers, own, (void *)(uintptr_t)r->words->len);
    fprintf(r->file, "{\"word\":%u,\"text\":", r->words->len - 1);
    put_text(r, own);
    put(r, "}\n");
    return r->words->len - 1;
}

uint32_t recorder_kind(Recorder *r, const char *name, const char *fields) {
    uint32_t kind = r->n_fields->len;
    guint8 n = *fields ? 1 : 0;
    for (const char *at = fields; *at; at++) n += *at == ' ';
    g_byte_array_append(r->n_fields, &n, 1);
    if (kind < N_EVENTS) return kind; /* the reader knows them */
    fprintf(r->file, "{\"kind\":%u,\"name\":\"%s\",\"fields\":\"%s\"}\n", kind, name, fields);
    return kind;
}

static uint32_t add_track(Recorder *r, Track track, const char *name, const char *group) {
    uint32_t n = r->tracks->len;
    g_array_append_val(r->tracks, track);
    fprintf(r->file, "{\"track\":%u,\"component\":%u,\"name\":", n, track.component);
    put_text(r, name);
    if (group) {
        put(r, ",\"group\":");
        put_text(r, group);
    }
    put(r, "}\n");
    return n;
}

uint32_t recorder_component(Recorder *r, const char *name, uint32_t owner) {
    g_assert(r->tracks->len == r->n_components);
    Track track = {.component = r->n_components++, .group = recorder_word(r, name), .owner = owner};
    return add_track(r, track, name, NULL);
}

uint32_t recorder_track(Recorder *r, uint32_t component, const char *name, const char *group) {
    Track track = {.component = component, .group = group ? recorder_word(r, group) : NOBODY};
    return add_track(r, track, name, group);
}

void recorder_notice(Recorder *r, uint32_t component, const char *text) {
    fprintf(r->file, "{\"notice\":%u,\"text\":", component);
    put_text(r, text);
    put(r, "}\n");
}

/* The timeline ---------------------------------------------------------------------------- */

bool recorder_in_timeline(const Recorder *r, SimTime from, SimTime to) {
    return from < r->wants.until && to > r->wants.from;
}

static void write_span(Recorder *r, uint32_t n) {
    Track *t = &g_array_index(r->tracks, Track, n);
    if (t->from == t->to) return;
    put(r, "{\"span\":[");
    put_number(r, n);
    putc(',', r->file);
    put_number(r, t->state);
    putc(',', r->file);
    put_number(r, t->from);
    putc(',', r->file);
    put_number(r, t->to - t->from);
    if (t->packet) {
        putc(',', r->file);
        put_packet(r, t->packet - 1, t->origin);
    }
    put(r, "]}\n");
    t->from = t->to;
}

void recorder_span(Recorder *r, uint32_t track, uint32_t state, SimTime from, SimTime to,
                   const Packet *pkt) {
    from = MAX(from, r->wants.from);
    to = MIN(to, r->wants.until);
    if (from >= to) return;
    Track *t = &g_array_index(r->tracks, Track, track);
    uint64_t packet = pkt ? pkt->id + 1 : 0;
    if (t->to != from || t->state != state || t->packet != packet) {
        write_span(r, track);
        t->state = state;
        t->from = from;
        t->packet = packet;
        t->origin = pkt ? pkt->origin : 0;
    }
    t->to = to;
}

void recorder_count(Recorder *r, uint32_t track, SimTime now, uint64_t value) {
    Track *t = &g_array_index(r->tracks, Track, track);
    if (now < r->wants.from || now > r->wants.until || (t->counted && t->count == value)) return;
    t->counted = true;
    t->count = value;
    fprintf(r->file, "{\"count\":[%u,%" PRIu64 ",%" PRIu64 "]}\n", track, now, value);
}

SimTime recorder_next(const Recorder *r) {
    return r->next;
}

void recorder_was_read(Recorder *r) {
    r->next += r->interval;
    if (r->next > r->wants.until) r->next = SIM_NEVER;
}

/* Walks ----------------------------------------------------------------------------------- */

static Event *add_event(Walk *w, SimTime at, uint32_t track, uint32_t kind) {
    if (w->n == w->room) {
        w->room = MAX(2 * w->room, 64);
        w->events = g_renew(Event, w->events, w->room);
    }
    Event *e = &w->events[w->n++];
    *e = (Event){.at = at, .track = track, .kind = (uint16_t)kind};
    return e;
}

static Place *step(Place *from, uint32_t word, bool inside) {
    Place *p = from->first;
    while (p && (p->word != word || p->inside != inside)) p = p->next;
    if (p) return p;
    p = g_new0(Place, 1);
    *p = (Place){.before = from, .next = from->first, .word = word, .inside = inside};
    return from->first = p;
}

static void come_to(Walk *w, uint32_t track) {
    const Track *t = &g_array_index(w->recorder->tracks, Track, track);
    bool inside = t->component != track;
    if (t->group == NOBODY || (inside && w->place->inside && w->place->word == t->group)) return;
    w->place = step(w->place, t->group, inside);
}

/* The component that an owner is of, or is a part of. */
static uint32_t component_of(const Recorder *r, uint32_t owner) {
    uint32_t n = 0;
    while (n + 1 < r->n_components && g_array_index(r->tracks, Track, n + 1).owner <= owner) n++;
    return n;
}

Walk *walk_begin(Recorder *r, const Packet *pkt) {
    Walk *w = r->free_walks;
    if (w)
        r->free_walks = w->free;
    else
        w = g_new0(Walk, 1);
    GByteArray *frames = w->frames ? w->frames : g_byte_array_new();
    g_byte_array_set_size(frames, 0);
    *w = (Walk){.recorder = r,
                .id = pkt->id,
                .origin = pkt->origin,
                .here = component_of(r, pkt->origin),
                .created = pkt->created,
                .wanted = is_wanted(r, pkt),
                .place = &r->root,
                .events = w->events,
                .room = w->room,
                .last = NO_SPAN,
                .frames = frames};
    r->packets++;
    come_to(w, w->here);
    return w;
}

static void set_time(Event *e, uint64_t time) {
    e->value[1] = (uint32_t)time;
    e->value[2] = (uint32_t)(time >> 32);
}
static uint64_t time_of(const Event *e) {
    return e->value[1] | (uint64_t)e->value[2] << 32;
}

static void add_span(Walk *w, uint32_t track, PacketCause cause, SimTime from, SimTime to) {
    if (from == to) return;
    w->covered[cause] += to - from;
    Event *last = w->last == NO_SPAN ? NULL : &w->events[w->last];
    if (last && last->track == track && last->value[0] == cause &&
        last->at + time_of(last) == from) {
        set_time(last, to - last->at);
        return;
    }
    w->last = (int)w->n;
    Event *e = add_event(w, from, track, EVENT_SPAN);
    e->value[0] = cause;
    set_time(e, to - from);
}

void walk_span(Packet *pkt, uint32_t track, PacketCause cause, SimTime from, SimTime to) {
    come_to(pkt->walk, track);
    add_span(pkt->walk, track, cause, from, to);
}

void walk_charge(Packet *pkt, SimTime now) {
    add_span(pkt->walk, pkt->walk->here, pkt->cause, pkt->since, now);
}

void walk_note(Packet *pkt, uint32_t track, uint32_t kind, SimTime now,
               const uint32_t values[RECORDER_FIELDS]) {
    Event *e = add_event(pkt->walk, now, track, kind);
    memcpy(e->value, values, sizeof e->value);
    e->n = pkt->walk->recorder->n_fields->data[kind];
}

/* What was charged without a span since the last hop. */
static void add_sums(const Packet *pkt, SimTime now) {
    Walk *w = pkt->walk;
    for (unsigned cause = 0; cause < PACKET_MAX_CAUSES; cause++) {
        SimTime rest = pkt->charged[cause] - w->covered[cause];
        if (!rest) continue;
        w->covered[cause] += rest;
        Event *e = add_event(w, now, w->here, EVENT_SUM);
        e->value[0] = cause;
        set_time(e, rest);
    }
}

static void hop(Packet *pkt, uint32_t component, unsigned kind, unsigned port, SimTime now) {
    Event *e = add_event(pkt->walk, now, component, kind);
    e->value[0] = port;
    e->value[1] = pkt->length;
    e->n = 2;
}

/* Its headers, if they are others than before. */
static void add_frame(const Packet *pkt, uint32_t component, SimTime now) {
    Walk *w = pkt->walk;
    uint32_t n = MIN(pkt->length, HEADER_BYTES), offset = (uint32_t)(pkt->data - pkt->buffer);
    if (w->frames->len && w->frame_offset == offset && w->frame_length == pkt->length &&
        !memcmp(w->frame, pkt->data, n))
        return;
    memcpy(w->frame, pkt->data, n);
    w->frame_offset = offset;
    w->frame_length = pkt->length;
    Event *e = add_event(w, now, component, EVENT_FRAME);
    e->n = 4;
    e->value[0] = offset;
    e->value[1] = pkt->length;
    e->value[2] = w->frames->len;
    e->value[3] = n;
    g_byte_array_append(w->frames, pkt->data, n);
}

void walk_depart(Packet *pkt, uint32_t component, unsigned port, SimTime now) {
    add_sums(pkt, now);
    add_frame(pkt, component, now);
    hop(pkt, component, EVENT_DEPART, port, now);
}

void walk_arrive(Packet *pkt, uint32_t component, unsigned port, SimTime now) {
    packet_charge(pkt, pkt->cause, now); /* the wire's time is no other component's */
    hop(pkt, component, EVENT_ARRIVE, port, now);
    pkt->walk->here = component;
    come_to(pkt->walk, component);
}

/* The end of a walk ----------------------------------------------------------------------- */

static void put_event(Recorder *r, const Walk *w, const Event *e) {
    putc('[', r->file);
    put_number(r, e->kind);
    putc(',', r->file);
    put_number(r, e->at - w->created);
    putc(',', r->file);
    put_number(r, e->track);
    if (e->kind == EVENT_SPAN || e->kind == EVENT_SUM) {
        putc(',', r->file);
        put_number(r, e->value[0]);
        putc(',', r->file);
        put_number(r, time_of(e));
    }
    for (unsigned i = 0; i < e->n; i++) {
        putc(',', r->file);
        put_number(r, e->value[i]);
    }
    putc(']', r->file);
}

static void write_walk(Recorder *r, Walk *w, SimTime now, unsigned path) {
    r->written++;
    put(r, "{\"packet\":");
    put_packet(r, w->id, w->origin);
    fprintf(r->file, ",\"created\":%" PRIu64 ",\"ended\":%" PRIu64 ",\"path\":%u,\"events\":[",
            w->created, now, path);
    for (unsigned i = 0; i < w->n; i++) {
        if (i) putc(',', r->file);
        put_event(r, w, &w->events[i]);
    }
    put(r, "],\"frames\":\"");
    for (unsigned i = 0; i < w->frames->len; i++) {
        static const char hex[] = "0123456789abcdef";
        putc(hex[w->frames->data[i] >> 4], r->file);
        putc(hex[w->frames->data[i] & 15], r->file);
    }
    put(r, "\"}\n");
}

static unsigned count_path(Recorder *r, Place *place, End end, uint32_t reason) {
    if (!place->ends) place->ends = g_array_new(FALSE, FALSE, sizeof(PathEnd));
    for (unsigned i = 0; i < place->ends->len; i++) {
        PathEnd *there = &g_array_index(place->ends, PathEnd, i);
        if (there->end != end || there->reason != reason) continue;
        there->packets++;
        return there->number;
    }
    unsigned at = place->ends->len;
    PathEnd fresh = {end, reason, r->paths->len, 1};
    g_array_append_val(place->ends, fresh);
    g_ptr_array_add(r->paths, place);
    g_array_append_val(r->path_ends, at);
    return fresh.number;
}

static void put_back(Recorder *r, Walk *w) {
    if (!w) return;
    w->free = r->free_walks;
    r->free_walks = w;
}

/* By time: spans are added when they end, so events are nearly in order. */
static void sort(Walk *w) {
    for (unsigned i = 1; i < w->n; i++) {
        Event e = w->events[i];
        unsigned k = i;
        for (; k && w->events[k - 1].at > e.at; k--) w->events[k] = w->events[k - 1];
        w->events[k] = e;
    }
}

static bool is_slowest(Recorder *r, const Walk *w, SimTime took) {
    if (r->any_delivered && took <= r->slowest_took) return false;
    r->any_delivered = true;
    r->slowest_took = took;
    r->slowest_id = w->id;
    r->slowest_origin = w->origin;
    put_back(r, r->slowest);
    r->slowest = NULL;
    return true;
}

static bool is_first_drop(Recorder *r, const Walk *w) {
    if (r->any_dropped) return false;
    r->any_dropped = true;
    r->first_drop_id = w->id;
    r->first_drop_origin = w->origin;
    return true;
}

static void end_walk(Packet *pkt, End end, uint32_t reason, SimTime now) {
    Walk *w = pkt->walk;
    Recorder *r = w->recorder;
    pkt->walk = NULL;
    r->ended[end]++;
    unsigned path = count_path(r, w->place, end, reason);
    bool slowest = end == END_DELIVERED && is_slowest(r, w, now - w->created);
    bool first = end == END_DROPPED && is_first_drop(r, w);
    sort(w);
    if (w->wanted || first || (end == END_DROPPED && r->wants.dropped)) {
        write_walk(r, w, now, path);
    } else if (slowest) {
        r->slowest = w;
        r->slowest_ended = now;
        r->slowest_path = path;
        return;
    }
    put_back(r, w);
}

void walk_deliver(Packet *pkt, SimTime now) {
    packet_charge(pkt, pkt->cause, now);
    add_sums(pkt, now);
    end_walk(pkt, END_DELIVERED, NOBODY, now);
}

void walk_drop(Packet *pkt, uint32_t component, const char *reason, const char *text, SimTime now) {
    Recorder *r = pkt->walk->recorder;
    packet_charge(pkt, pkt->cause, now);
    pkt->walk->here = component;
    add_sums(pkt, now);
    g_autofree char *why = g_strdup_printf("%s: %s", reason, text);
    end_walk(pkt, END_DROPPED, recorder_word(r, why), now);
}

/* The recording --------------------------------------------------------------------------- */

static void name_causes(Recorder *r) {
    for (unsigned i = 0; i < PACKET_MAX_CAUSES; i++) {
        g_autofree char *spare = g_strdup_printf("cause %u", i);
        recorder_word(r, packet_cause_names[i] ? packet_cause_names[i] : spare);
    }
}

Recorder *recorder_new(const char *path, const RecorderWants *wants, const char *wanted,
                       GError **error) {
    FILE *file = fopen(path, "wx");
    if (!file) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "%s: cannot be made: %s",
                    path, g_strerror(errno));
        return NULL;
    }
    Recorder *r = g_new0(Recorder, 1);
    *r = (Recorder){.file = file,
                    .path = g_strdup(path),
                    .wants = *wants,
                    .numbers = g_hash_table_new(g_str_hash, g_str_equal),
                    .words = g_ptr_array_new_with_free_func(g_free),
                    .tracks = g_array_new(FALSE, FALSE, sizeof(Track)),
                    .n_fields = g_byte_array_new(),
                    .next = wants->from < wants->until ? wants->from : SIM_NEVER,
                    .interval = MAX((wants->until - wants->from) / READINGS, 1),
                    .paths = g_ptr_array_new(),
                    .path_ends = g_array_new(FALSE, FALSE, sizeof(unsigned))};
    setvbuf(file, NULL, _IOFBF, 1 << 16);
    put(r, "{\"schema\":\"" RECORDER_SCHEMA "\",\"wanted\":");
    put_text(r, wanted);
    fprintf(file, ",\"from\":%" PRIu64 ",\"until\":%" PRIu64 "}\n", wants->from, wants->until);
    name_causes(r);
    for (unsigned i = 0; i < N_EVENTS; i++) recorder_kind(r, "", "");
    return r;
}

static void gather(const Packet *pkt, void *user) {
    if (pkt->walk) g_ptr_array_add(user, (void *)(uintptr_t)pkt);
}

static int by_id(const void *a, const void *b) {
    const Packet *x = *(Packet *const *)a, *y = *(Packet *const *)b;
    return x->id < y->id ? -1 : x->id > y->id;
}

/* "source", "a", ".first", ".last", "sink": with a dot what is inside the component before it. */
static void put_places(Recorder *r, const Place *place) {
    if (!place->before) return;
    put_places(r, place->before);
    fprintf(r->file, "%s\"%s%s\"", place->before->before ? "," : "", place->inside ? "." : "",
            word_of(r, place->word));
}

static void put_paths(Recorder *r) {
    for (unsigned i = 0; i < r->paths->len; i++) {
        const Place *place = r->paths->pdata[i];
        const PathEnd *end =
            &g_array_index(place->ends, PathEnd, g_array_index(r->path_ends, unsigned, i));
        fprintf(r->file, "{\"path\":%u,\"places\":[", i);
        put_places(r, place);
        fprintf(r->file, "],\"end\":\"%s\"", ends[end->end]);
        if (end->reason != NOBODY) fprintf(r->file, ",\"reason\":%u", end->reason);
        fprintf(r->file, ",\"packets\":%" PRIu64 "}\n", end->packets);
    }
}

static void put_end(Recorder *r, SimTime now) {
    fprintf(r->file, "{\"end\":%" PRIu64 ",\"packets\":%" PRIu64 ",\"walks\":%" PRIu64, now,
            r->packets, r->written);
    for (unsigned i = 0; i < G_N_ELEMENTS(ends); i++)
        fprintf(r->file, ",\"%s\":%" PRIu64, ends[i], r->ended[i]);
    put(r, ",\"first_drop\":");
    if (r->any_dropped)
        put_packet(r, r->first_drop_id, r->first_drop_origin);
    else
        put(r, "null");
    put(r, ",\"slowest\":");
    if (r->any_delivered)
        put_packet(r, r->slowest_id, r->slowest_origin);
    else
        put(r, "null");
    put(r, "}\n");
}

static bool close_file(Recorder *r, GError **error) {
    bool ok = !ferror(r->file);
    ok = fclose(r->file) == 0 && ok;
    r->file = NULL;
    if (!ok)
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
                    "%s: cannot be written: %s", r->path, g_strerror(errno));
    return ok;
}

bool recorder_finish(Recorder *r, const PacketPool *pool, SimTime now, GError **error) {
    g_autoptr(GPtrArray) held = g_ptr_array_new();
    packet_pool_each(pool, gather, held);
    g_ptr_array_sort(held, by_id);
    for (unsigned i = 0; i < held->len; i++) {
        Packet *pkt = held->pdata[i];
        packet_charge(pkt, pkt->cause, now);
        add_sums(pkt, now);
        end_walk(pkt, END_HELD, NOBODY, now);
    }
    if (r->slowest) write_walk(r, r->slowest, r->slowest_ended, r->slowest_path);
    for (unsigned i = 0; i < r->tracks->len; i++) write_span(r, i);
    put_paths(r);
    put_end(r, now);
    return close_file(r, error);
}

static void free_walk(Walk *w) {
    if (!w) return;
    g_byte_array_unref(w->frames);
    g_free(w->events);
    g_free(w);
}

static void free_places(Place *place) {
    for (Place *p = place->first, *next; p; p = next) {
        next = p->next;
        free_places(p);
        g_free(p);
    }
    if (place->ends) g_array_unref(place->ends);
}

void recorder_free(Recorder *r) {
    if (!r) return;
    if (r->file) fclose(r->file);
    free_walk(r->slowest);
    for (Walk *w = r->free_walks, *next; w; w = next) {
        next = w->free;
        free_walk(w);
    }
    free_places(&r->root);
    g_hash_table_unref(r->numbers);
    g_ptr_array_unref(r->words);
    g_array_unref(r->tracks);
    g_byte_array_unref(r->n_fields);
    g_ptr_array_unref(r->paths);
    g_array_unref(r->path_ends);
    g_free(r->path);
    g_free(r);
}
