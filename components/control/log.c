/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The node's log: what daemons say, with the time at which they said it, which is not the order in
 * which it comes. */
#include <stdio.h>
#include <string.h>

#include "components/control/manager.h"

typedef struct {
    SimTime time;
    unsigned order;
    char *text; /* "BOX DAEMON: what" */
} Line;

struct Log {
    Agent agent;
    GPtrArray *lines;
};

static void line_free(void *data) {
    Line *line = data;
    g_free(line->text);
    g_free(line);
}

static int by_time(const void *a, const void *b) {
    const Line *const *x = a, *const *y = b;
    if ((*x)->time != (*y)->time) return (*x)->time < (*y)->time ? -1 : 1;
    return (*x)->order < (*y)->order ? -1 : (*x)->order > (*y)->order;
}

static void serve(void *user, StationRequest *request) {
    Log *log = user;
    const Message *m = &request->message;
    const char *box = message_text(m, TAG_NODE), *daemon = message_text(m, TAG_DAEMON),
               *text = message_text(m, TAG_TEXT);
    if (m->type == MESSAGE_LOG && box && daemon && text) {
        Line *line = g_new0(Line, 1);
        *line = (Line){message_u64(m, TAG_TIME, 0), log->lines->len,
                       g_strdup_printf("%s %s: %s", box, daemon, text)};
        g_ptr_array_add(log->lines, line);
    }
    station_done(site_station(log->agent.site), request);
}

Log *log_new(Site *site, const SimTime *service, GError **error) {
    Log *log = g_new0(Log, 1);
    if (!agent_init(&log->agent, "log", site, service, log, error)) {
        agent_clear(&log->agent);
        g_free(log);
        return NULL;
    }
    log->lines = g_ptr_array_new_with_free_func(line_free);
    agent_serve(&log->agent, SERVICE_LOG, serve);
    return log;
}

void log_free(Log *log) {
    if (!log) return;
    agent_clear(&log->agent);
    g_ptr_array_unref(log->lines);
    g_free(log);
}

Agent *log_agent(Log *log) {
    return &log->agent;
}

void log_sort(Log *log) {
    g_ptr_array_sort(log->lines, by_time);
}

const char *log_nth(const Log *log, unsigned n, SimTime *time) {
    if (n >= log->lines->len) return NULL;
    const Line *line = log->lines->pdata[n];
    *time = line->time;
    return line->text;
}

bool log_write(const Log *log, const char *path, GError **error) {
    g_autoptr(GString) text = g_string_new(NULL);
    for (unsigned i = 0; i < log->lines->len; i++) {
        const Line *line = log->lines->pdata[i];
        g_string_append_printf(text, "%" G_GUINT64_FORMAT ".%09" G_GUINT64_FORMAT " %s\n",
                               line->time / SIM_S, line->time % SIM_S / SIM_NS, line->text);
    }
    return g_file_set_contents(path, text->str, (gssize)text->len, error);
}
