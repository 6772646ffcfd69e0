/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * GetSlivers, both ends. */
#include "components/control/slivers.h"

#include <errno.h>
#include <string.h>

enum { MOST_ANEW = 10, ROOM_FOR_REST = 64 };

void slivers_answer(const Database *db, Station *st, StationRequest *request, SimTime now,
                    bool (*wanted)(const SliceRecord *record, const char *node)) {
    const char *node = message_text(&request->message, TAG_NODE);
    unsigned at = message_u32(&request->message, TAG_CURSOR, 0);
    MessageWriter w;
    message_begin(&w, MESSAGE_SLIVERS, 0);
    message_put_u64(&w, TAG_TIME, now);
    message_put_u64(&w, TAG_VALUE, database_version(db));
    const SliceRecord *r;
    for (; (r = database_nth(db, at)); at++) {
        if (!wanted(r, node ? node : "")) continue;
        g_autofree char *text = slice_record_write(r);
        if (w.length + strlen(text) + ROOM_FOR_REST > MESSAGE_MAX_BYTES) break;
        message_open(&w, TAG_ITEM);
        message_put_text(&w, TAG_RECORD, text);
        message_close(&w);
    }
    message_put_u32(&w, TAG_CURSOR, at);
    message_put_u32(&w, TAG_MORE, r != NULL);
    station_answer(st, request, &w);
}

void slivers_poll_init(SliversPoll *p, Agent *d, const StationPlace *peer, Service service,
                       const char *node, Database *db, void (*done)(void *user, bool whole),
                       void *user) {
    *p = (SliversPoll){.agent = d,
                       .peer = *peer,
                       .service = service,
                       .node = g_strdup(node),
                       .done = done,
                       .user = user,
                       .db = db};
    p->records = g_ptr_array_new_with_free_func((GDestroyNotify)slice_record_free);
}

void slivers_poll_clear(SliversPoll *p) {
    if (p->records) g_ptr_array_unref(p->records);
    g_free(p->node);
}

void slivers_poll_stop(SliversPoll *p) {
    p->under_way = false;
    g_ptr_array_set_size(p->records, 0);
}

static void end(SliversPoll *p, bool whole) {
    if (whole) {
        for (unsigned i = 0; i < p->records->len; i++) {
            SliceRecord *r = p->records->pdata[i];
            r->timestamp = p->stamp;
            database_deliver(p->db, slice_record_copy(r));
        }
        database_full_update(p->db, p->stamp);
    }
    slivers_poll_stop(p);
    p->done(p->user, whole);
}

static void ask(SliversPoll *p, unsigned at);

static void page(void *user, int error, const Message *m) {
    SliversPoll *p = user;
    Message item;
    if (error == ETIMEDOUT && agent_now(p->agent) < p->until) {
        ask(p, p->at);
        return;
    }
    if (error || m->type != MESSAGE_SLIVERS) {
        end(p, false);
        return;
    }
    uint64_t version = message_u64(m, TAG_VALUE, 0);
    if (p->records->len && version != p->version) {
        g_ptr_array_set_size(p->records, 0);
        if (++p->anew > MOST_ANEW)
            end(p, false);
        else
            ask(p, 0);
        return;
    }
    p->version = version;
    p->stamp = message_u64(m, TAG_TIME, 0);
    for (unsigned n = 0; message_group(m, TAG_ITEM, n, &item); n++) {
        const char *text = message_text(&item, TAG_RECORD);
        SliceRecord *r = text ? slice_record_read(text, NULL) : NULL;
        if (r) g_ptr_array_add(p->records, r);
    }
    if (message_u32(m, TAG_MORE, 0))
        ask(p, message_u32(m, TAG_CURSOR, 0));
    else
        end(p, true);
}

static void ask(SliversPoll *p, unsigned at) {
    MessageWriter w;
    p->at = at;
    message_begin(&w, MESSAGE_GET_SLIVERS, 0);
    message_put_text(&w, TAG_NODE, p->node);
    message_put_u32(&w, TAG_CURSOR, at);
    agent_call(p->agent, &p->peer, p->service, &w, page, p);
}

void slivers_poll(SliversPoll *p, SimTime patience) {
    if (p->under_way) return;
    p->until = agent_now(p->agent) + patience;
    p->under_way = true;
    p->anew = 0;
    ask(p, 0);
}
