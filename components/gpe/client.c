/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An application that opens TCP connections to the outside, from the server's address inside, which
 * the line card translates: `connections` at once, each with `requests` one after the other, whose
 * echo it waits for, with a `pause` between. One step is a select(), and then connect(), or recv()
 * and send() of one connection.
 *
 * A connection that ends before its requests are done is not opened again. */
#include <errno.h>
#include <string.h>

#include "components/gpe/ready.h"
#include "components/gpe/vserver.h"
#include "emu/core/report.h"

enum { CHUNK = 16384 }; /* bytes of one recv() or send() */

typedef enum { NEW, OPENING, ASKS, PAUSES, OVER } Stage;

typedef struct Stream Stream;
struct Stream {
    Ready ready; /* first */
    Vserver *v;
    Connection *connection;
    Stage stage;
    uint64_t number, requests, unsent, unanswered; /* bytes of the request under way */
    SimTime since;
    SimEvent pause;
};

typedef struct {
    Stream *streams, *current; /* current: that the step is about */
    ReadyQueue ready;
    uint64_t live;
    uint32_t reads, writes; /* of the step */
    uint64_t opened, refused, reset, timed_out, unreachable, answered;
    Histogram answer; /* ps */
    bool busy, begun;
} Client;

static SimTime now(const Vserver *v) {
    return sim_now(v->base.sim);
}

static void set_busy(Vserver *v, bool busy) {
    Client *client = v->state;
    if (client->busy != busy) network_busy(v->base.network, busy ? 1 : -1);
    client->busy = busy;
}

/* It has something to do, at the end of the queue. */
static void call(Stream *s) {
    Client *client = s->v->state;
    if (s->stage == OVER) return;
    ready_put(&client->ready, &s->ready);
    process_wake(&s->v->guest.process);
}

static void changed(void *user, Connection *c) {
    (void)c;
    call(user);
}

static void pause_over(Sim *sim, SimEvent *event) {
    (void)sim;
    call((Stream *)(void *)((char *)event - offsetof(Stream, pause)));
}

static void end(Stream *s) {
    Client *client = s->v->state;
    if (s->connection) connection_leave(s->connection, false);
    s->connection = NULL;
    s->stage = OVER;
    if (--client->live == 0) set_busy(s->v, false);
}

static void failed(Stream *s) {
    Client *client = s->v->state;
    int error = s->connection ? tcp_error(connection_tcp(s->connection)) : EADDRNOTAVAIL;
    client->refused += error == ECONNREFUSED;
    client->timed_out += error == ETIMEDOUT;
    client->unreachable += error == EHOSTUNREACH || error == EADDRNOTAVAIL;
    client->reset += error == ECONNRESET || error == 0; /* or closed by the other end */
    end(s);
}

static SimTime client_next(Vserver *v) {
    Client *client = v->state;
    Stream *s = client->current = (Stream *)(void *)ready_take(&client->ready);
    if (!s) return SIM_NEVER;
    const Tcp *tcp = s->connection ? connection_tcp(s->connection) : NULL;
    bool open = tcp && s->stage == ASKS;
    client->reads = open ? MIN(tcp_readable(tcp), CHUNK) : 0;
    client->writes = open ? (uint32_t)MIN(MIN(tcp_writable(tcp), CHUNK), s->unsent) : 0;
    SimTime connect = s->stage == NEW ? v->gpe->cost.send_call : 0;
    return vserver_stream_cost(v, (unsigned)v->connections, client->reads, client->writes) +
           v->gpe->cost.client + connect;
}

static void ask(Stream *s) {
    s->stage = ASKS;
    s->unsent = s->unanswered = s->v->request;
    s->since = now(s->v);
    call(s);
}

static void answered(Stream *s) {
    Client *client = s->v->state;
    client->answered++;
    histogram_add(&client->answer, now(s->v) - s->since);
    if (++s->requests == s->v->requests) {
        end(s);
    } else if (s->v->pause) {
        s->stage = PAUSES;
        sim_schedule(s->v->base.sim, &s->pause, s->v->pause);
    } else {
        ask(s);
    }
}

static void exchange(Stream *s) {
    Client *client = s->v->state;
    static const uint8_t zeros[CHUNK];
    uint8_t bytes[CHUNK];
    s->unsent -= connection_write(s->connection, zeros, client->writes);
    uint32_t read = connection_read(s->connection, bytes, client->reads);
    s->unanswered -= MIN(s->unanswered, read);
    const Tcp *tcp = connection_tcp(s->connection);
    if (!s->unanswered)
        answered(s);
    else if (tcp_readable(tcp) || (s->unsent && tcp_writable(tcp)))
        call(s);
}

static void connect_now(Stream *s) {
    Vserver *v = s->v;
    StackWay way = gpe_way(v->gpe, &v->guest, (unsigned)v->interface, (uint16_t)v->vlan);
    uint16_t port = v->from_port ? (uint16_t)(v->from_port + s->number) : 0;
    s->stage = OPENING;
    s->connection = stack_connect(gpe_stack(v->gpe), &way, v->gpe->inside, port, v->server,
                                  (uint16_t)v->server_port, changed, s);
    if (!s->connection) failed(s);
}

static void client_step(Vserver *v) {
    Client *client = v->state;
    Stream *s = client->current;
    if (s->stage == NEW) {
        connect_now(s);
        return;
    }
    if (s->stage == OVER) return;
    const Tcp *tcp = connection_tcp(s->connection);
    if (tcp_ended(tcp) && !client->reads) {
        failed(s);
    } else if (s->stage == OPENING && tcp_state(tcp) == TCP_ESTABLISHED) {
        client->opened++;
        ask(s);
    } else if (s->stage == ASKS) {
        exchange(s);
    } else if (s->stage == PAUSES && !sim_event_pending(&s->pause)) {
        ask(s);
    }
}

/* Life -------------------------------------------------------------------------------------- */

static bool client_check(Vserver *v, GError **error) {
    if (v->interface >= v->gpe->n_interfaces)
        return input_error(error, "interface: found %u, expected 0 to %u: %s has no more",
                           (unsigned)v->interface, (unsigned)v->gpe->n_interfaces - 1,
                           v->gpe->base.name);
    if (v->from_port && v->from_port + v->connections > 65536)
        return input_error(error, "from_port: found %u, expected %u ports up to 65535",
                           (unsigned)v->from_port, (unsigned)v->connections);
    return true;
}

static bool client_start(Vserver *v, GError **error) {
    Client *client = v->state;
    if (!client_check(v, error)) return false;
    if (!client->begun) histogram_init(&client->answer);
    client->begun = true;
    gpe_stack(v->gpe);
    gpe_leads_to(v->gpe, (unsigned)v->interface);
    client->streams = g_new0(Stream, v->connections);
    client->live = v->connections;
    set_busy(v, true);
    for (uint64_t i = 0; i < v->connections; i++) {
        Stream *s = &client->streams[i];
        s->v = v;
        s->number = i;
        sim_event_init(&s->pause, pause_over, &v->base.owner);
        call(s);
    }
    return true;
}

static void client_stop(Vserver *v) {
    Client *client = v->state;
    for (uint64_t i = 0; client->streams && i < v->connections; i++) {
        Stream *s = &client->streams[i];
        sim_cancel(v->base.sim, &s->pause);
        if (s->connection) connection_leave(s->connection, true);
    }
    g_clear_pointer(&client->streams, g_free);
    client->ready.first = NULL;
    client->current = NULL;
    set_busy(v, false);
}

static void client_report(const Vserver *v, Report *report) {
    const Client *client = v->state;
    report_scalar(report, "opened", (double)client->opened, "connections");
    report_scalar(report, "refused", (double)client->refused, "connections");
    report_scalar(report, "reset", (double)client->reset, "connections");
    report_scalar(report, "timed_out", (double)client->timed_out, "connections");
    report_scalar(report, "unreachable", (double)client->unreachable, "connections");
    report_scalar(report, "answered", (double)client->answered, "requests");
    report_scalar(report, "answer_ms", histogram_mean(&client->answer) / 1e9, "ms");
    report_scalar(report, "answer_max_ms", histogram_at(&client->answer, 1) / 1e9, "ms");
    if (client->live && v->attached)
        report_warning(report,
                       "%" G_GUINT64_FORMAT " of its %" G_GUINT64_FORMAT
                       " connections had requests left when the run ended; a longer `duration` "
                       "lets them end",
                       client->live, v->connections);
}

static void client_free(Vserver *v) {
    Client *client = v->state;
    histogram_clear(&client->answer);
    g_free(client->streams);
}

static const Scalar client_scalars[] = {
    {"opened", "connections", "that it opened"},
    {"refused", "connections", "that the other end refused"},
    {"reset", "connections", "that the other end ended"},
    {"timed_out", "connections", "whose other end did not answer"},
    {"unreachable", "connections", "that ICMP ended, or for which it had no port"},
    {"answered", "requests", "whose echo came, all of it"},
    {"answer_ms", "ms", "from a request to the last byte of its echo, mean"},
    {"answer_max_ms", "ms", "the same, the longest"},
    {0}};

static const char *const client_keys[] = {"server",    "server_port", "from_port",
                                          "interface", "connections", "requests",
                                          "request",   "pause",       NULL};

const App client_app = {.name = "client",
                        .text = "opens TCP connections to the outside, and asks for echoes",
                        .size = sizeof(Client),
                        .keys = client_keys,
                        .check = client_check,
                        .start = client_start,
                        .next = client_next,
                        .step = client_step,
                        .stop = client_stop,
                        .report = client_report,
                        .scalars = client_scalars,
                        .free = client_free};
