/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An application that listens at a TCP port and echoes what comes. Its server's kernel has one
 * listener at a port, so a second vServer there is refused (EADDRINUSE); at the line card the port
 * is a claim like one for UDP, of all interfaces from the start, or as its program asks (port tcp
 * ...). A step is a select(), and recv() and send() of one connection. */
#include "components/gpe/ready.h"
#include "components/gpe/vserver.h"
#include "emu/core/report.h"

enum { CHUNK = 16384 }; /* bytes of one recv() and send() */

typedef struct {
    Ready ready; /* first */
    Vserver *v;
    Connection *connection;
} Caller;

typedef struct {
    GPtrArray *callers;
    ReadyQueue ready;
    Caller *current;
    uint32_t bytes; /* of the step */
    uint64_t accepted, echoed;
} Listener;

static void changed(void *user, Connection *c) {
    Caller *caller = user;
    Listener *l = caller->v->state;
    (void)c;
    ready_put(&l->ready, &caller->ready);
    process_wake(&caller->v->guest.process);
}

static void accepted(void *user, Connection *c) {
    Vserver *v = user;
    Listener *l = v->state;
    Caller *caller = g_new0(Caller, 1);
    caller->v = v;
    caller->connection = c;
    connection_own(c, v->guest.tenant);
    connection_attend(c, changed, caller);
    g_ptr_array_add(l->callers, caller);
    l->accepted++;
    changed(caller, c);
}

static void leave(Caller *caller, bool abort) {
    Listener *l = caller->v->state;
    ready_remove(&l->ready, &caller->ready);
    connection_leave(caller->connection, abort);
    g_ptr_array_remove(l->callers, caller);
    g_free(caller);
}

static uint32_t through(const Caller *caller) {
    const Tcp *tcp = connection_tcp(caller->connection);
    return MIN(MIN(tcp_readable(tcp), tcp_writable(tcp)), CHUNK);
}

static SimTime listener_next(Vserver *v) {
    Listener *l = v->state;
    Caller *caller = l->current = (Caller *)(void *)ready_take(&l->ready);
    if (!caller) return SIM_NEVER;
    l->bytes = through(caller);
    return vserver_stream_cost(v, l->callers->len + 1, l->bytes, l->bytes) + v->gpe->cost.echo;
}

static void listener_step(Vserver *v) {
    Listener *l = v->state;
    Caller *caller = l->current;
    uint8_t bytes[CHUNK];
    uint32_t n = connection_read(caller->connection, bytes, MIN(l->bytes, through(caller)));
    l->echoed += connection_write(caller->connection, bytes, n);
    if (tcp_ended(connection_tcp(caller->connection)))
        leave(caller, false);
    else if (through(caller))
        changed(caller, caller->connection);
}

static bool listener_start(Vserver *v, GError **error) {
    Listener *l = v->state;
    if (!stack_listen(gpe_stack(v->gpe), (uint16_t)v->listen, accepted, v))
        return input_error(error, "listen: found %u, where somebody on %s listens already",
                           (unsigned)v->listen, v->gpe->base.name);
    if (!l->callers) l->callers = g_ptr_array_new();
    return true;
}

static void listener_stop(Vserver *v) {
    Listener *l = v->state;
    if (!l->callers) return;
    stack_unlisten(gpe_stack(v->gpe), (uint16_t)v->listen);
    while (l->callers->len) leave(l->callers->pdata[0], true);
    g_clear_pointer(&l->callers, g_ptr_array_unref);
    l->current = NULL;
}

static void listener_report(const Vserver *v, Report *report) {
    const Listener *l = v->state;
    report_scalar(report, "accepted", (double)l->accepted, "connections");
    report_scalar(report, "tcp_echoed", (double)l->echoed, "bytes");
}

static void listener_free(Vserver *v) {
    Listener *l = v->state;
    for (unsigned i = 0; l->callers && i < l->callers->len; i++) g_free(l->callers->pdata[i]);
    if (l->callers) g_ptr_array_unref(l->callers);
}

static const Scalar listener_scalars[] = {{"accepted", "connections", "that others opened to it"},
                                          {"tcp_echoed", "bytes", "that it sent back over TCP"},
                                          {0}};

static const char *const listener_keys[] = {"listen", NULL};

const App listener_app = {.name = "listener",
                          .text = "listens at a TCP port, and echoes",
                          .listens = true,
                          .size = sizeof(Listener),
                          .keys = listener_keys,
                          .start = listener_start,
                          .next = listener_next,
                          .step = listener_step,
                          .stop = listener_stop,
                          .report = listener_report,
                          .scalars = listener_scalars,
                          .free = listener_free};
