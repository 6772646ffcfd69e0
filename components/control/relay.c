/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The relay of SSH sessions (SPP paper 6): a process on the control processor, on the slice's
 * account. sshd there has let a user in; the relay opens a second SSH connection, over the control
 * switch, to the server that the slice is on (`to`, or as myPLC has it), logs in to it by the
 * slice's name and key, and then forwards bytes both ways: a wakeup, recv(), decrypting, encrypting
 * and send() for each piece, which copies it twice. A slice's sessions have one relay process here.
 *
 * One end that closes closes the other, when what it has sent has gone through. */
#include <string.h>

#include "components/control/manager.h"
#include "components/gpe/cp.h"
#include "components/gpe/ready.h"
#include "components/gpe/vserver.h"
#include "components/host/ssh.h"
#include "emu/core/report.h"

enum { CHUNK = 16384 }; /* bytes of one recv() and send() */
enum { CLIENT, SERVER };

typedef enum { NEW, CONNECTS, GREETS, LOGS_IN, TELLS, FORWARDS, OVER } Progress;

typedef struct Session Session;
struct Session {
    Ready ready; /* first */
    Vserver *v;
    Connection *end[2];
    Progress stage;
    SshReader reader; /* of the server, until it forwards */
    SshType answer;   /* TELLS: OPEN or DENIED */
    unsigned turn;    /* the end that is read next */
};

typedef struct {
    GPtrArray *sessions; /* those that are there */
    ReadyQueue ready;
    Session *current;
    Gpe *to;        /* NULL: where the slice is, myPLC knows */
    uint32_t reads; /* of the step */
    bool writes;
    uint64_t n_sessions, failed, forwarded[2], wakeups;
} Relay;

static void call(Session *s) {
    Relay *relay = s->v->state;
    ready_put(&relay->ready, &s->ready);
    process_wake(&s->v->guest.process);
}

static void changed(void *user, Connection *c) {
    (void)c;
    call(user);
}

static void relay_session(Vserver *v, Connection *c) {
    Relay *relay = v->state;
    Session *s = g_new0(Session, 1);
    s->v = v;
    s->end[CLIENT] = c;
    s->reader.limited = true;
    connection_own(c, v->guest.tenant);
    connection_attend(c, changed, s);
    g_ptr_array_add(relay->sessions, s);
    relay->n_sessions++;
    call(s);
}

static void leave(Session *s, bool abort) {
    Relay *relay = s->v->state;
    ready_remove(&relay->ready, &s->ready);
    for (unsigned i = 0; i < 2; i++)
        if (s->end[i]) connection_leave(s->end[i], abort);
    g_ptr_array_remove(relay->sessions, s);
    g_free(s);
}

static const Tcp *tcp_of(const Session *s, unsigned end) {
    return connection_tcp(s->end[end]);
}

/* Bytes that can go from an end to the other now. */
static uint32_t through(const Session *s, unsigned from) {
    uint32_t there = tcp_readable(tcp_of(s, from)), room = tcp_writable(tcp_of(s, !from));
    return MIN(MIN(there, room), CHUNK);
}

static uint32_t record_bytes(const Session *s) {
    switch (s->stage) {
    case CONNECTS: return SSH_RECORD_BYTES + SSH_HELLO_BYTES;
    case LOGS_IN: return SSH_RECORD_BYTES + SSH_AUTH_BYTES;
    default: return SSH_RECORD_BYTES;
    }
}

/* Whether the stage's record is to be sent, and can be. */
static bool sends(const Session *s) {
    if (s->stage == CONNECTS) return tcp_state(tcp_of(s, SERVER)) == TCP_ESTABLISHED;
    return s->stage == LOGS_IN && !s->answer ? s->reader.whole : s->stage == TELLS;
}

static SimTime relay_next(Vserver *v) {
    Relay *relay = v->state;
    const GpeCosts *c = &v->gpe->cost;
    Session *s = relay->current = (Session *)(void *)ready_take(&relay->ready);
    uint32_t written = 0;
    if (!s) return SIM_NEVER;
    relay->wakeups++;
    relay->reads = 0;
    relay->writes = sends(s);
    if (s->stage == FORWARDS) {
        if (!through(s, s->turn)) s->turn = !s->turn;
        written = relay->reads = through(s, s->turn);
    } else if (relay->writes) {
        written = record_bytes(s);
    } else if (s->stage != NEW) {
        relay->reads = MIN(tcp_readable(tcp_of(s, SERVER)), CHUNK);
    }
    return vserver_stream_cost(v, 2 * relay->sessions->len, relay->reads, written) +
           c->cipher_byte * ((uint64_t)relay->reads + written) +
           (s->stage == NEW ? c->send_call : 0);
}

static const char *login_of(const Vserver *v) {
    return *v->login ? v->login : v->base.name;
}

static const SliceRecord *row_of(const Vserver *v) {
    return manager_record(v->base.network, v->gpe->base.name, login_of(v));
}

/* The server that the slice is on now; NULL: none. */
static Gpe *place_of(const Vserver *v) {
    const Relay *relay = v->state;
    const SliceRecord *row = relay->to ? NULL : row_of(v);
    Component *box = row && *row->gpe ? network_find(v->base.network, row->gpe) : NULL;
    return relay->to ? relay->to : box ? gpe_of(box) : NULL;
}

static void open_second(Session *s) {
    Vserver *v = s->v;
    Gpe *to = place_of(v);
    if (!to) {
        s->answer = SSH_DENIED;
        s->stage = TELLS;
        return;
    }
    StackWay way = gpe_control_way(v->gpe, &v->guest, to);
    s->end[SERVER] = stack_connect(gpe_stack(v->gpe), &way, v->gpe->control.address, 0,
                                   to->control.address, SSH_PORT, changed, s);
    s->stage = CONNECTS;
}

static void send_record(Session *s) {
    const Vserver *v = s->v;
    const SliceRecord *row;
    uint8_t auth[SSH_AUTH_BYTES];
    switch (s->stage) {
    case CONNECTS:
        ssh_send(s->end[SERVER], SSH_HELLO, NULL, SSH_HELLO_BYTES);
        s->stage = GREETS;
        break;
    case LOGS_IN:
        row = row_of(v);
        ssh_put_auth(auth, login_of(v), row ? row->keys : v->key);
        ssh_send(s->end[SERVER], SSH_AUTH, auth, sizeof auth);
        s->reader.whole = false;
        s->reader.have = 0;
        break;
    default:
        ssh_send(s->end[CLIENT], s->answer, NULL, 0);
        s->stage = s->answer == SSH_OPEN ? FORWARDS : OVER;
        break;
    }
}

static void read_record(Session *s, uint32_t may) {
    SshRecord r;
    s->reader.may = may;
    if (!ssh_next(&s->reader, s->end[SERVER], &r)) return;
    if (s->stage == GREETS && r.type == SSH_HELLO) {
        s->stage = LOGS_IN; /* `whole` says that AUTH is to be sent */
    } else if (s->stage == LOGS_IN && (r.type == SSH_OPEN || r.type == SSH_DENIED)) {
        s->answer = r.type;
        s->stage = TELLS;
    } else {
        s->reader.bad = true;
    }
}

static void forward(Session *s, uint32_t n) {
    Relay *relay = s->v->state;
    uint8_t bytes[CHUNK];
    n = connection_read(s->end[s->turn], bytes, MIN(n, through(s, s->turn)));
    connection_write(s->end[!s->turn], bytes, n);
    relay->forwarded[s->turn] += n;
    s->turn = !s->turn;
}

/* An end is over, and nothing of it is left to be forwarded. */
static bool is_over(const Session *s) {
    for (unsigned i = 0; i < (s->stage == TELLS ? 1 : 2); i++)
        if (s->end[i] && tcp_ended(tcp_of(s, i))) return true;
    return s->stage == OVER || s->reader.bad || (s->stage == CONNECTS && !s->end[SERVER]);
}

static bool has_work(const Session *s) {
    if (s->stage == FORWARDS) return through(s, CLIENT) || through(s, SERVER);
    return sends(s) || tcp_readable(tcp_of(s, SERVER));
}

static void relay_step(Vserver *v) {
    Relay *relay = v->state;
    Session *s = relay->current;
    if (s->stage == NEW)
        open_second(s);
    else if (s->stage == FORWARDS)
        forward(s, relay->reads);
    else if (relay->writes)
        send_record(s);
    else
        read_record(s, relay->reads);
    if (is_over(s)) {
        relay->failed += s->stage != FORWARDS;
        leave(s, s->stage < FORWARDS);
    } else if (has_work(s)) {
        call(s);
    }
}

/* Life -------------------------------------------------------------------------------------- */

static bool relay_check(Vserver *v, GError **error) {
    Relay *relay = v->state;
    Component *to = *v->to ? network_find(v->base.network, v->to) : NULL;
    relay->to = to ? gpe_of(to) : NULL;
    if (v->gpe->base.class != &cp_class)
        return input_error(error,
                           "gpe: found %s, expected a control processor: no other vServer is to "
                           "reach the control switch",
                           v->gpe->base.name);
    if (!relay->to && !manager_at(v->base.network, v->gpe->base.name))
        return input_error(error,
                           "to: found nothing, expected the server that %s is on, or a "
                           "global_manager on %s, which knows that",
                           login_of(v), v->gpe->base.name);
    if (relay->to == v->gpe)
        return input_error(error, "to: found %s, on which the relay is; expected another server",
                           v->to);
    return true;
}

static bool relay_start(Vserver *v, GError **error) {
    Relay *relay = v->state;
    if (!relay_check(v, error)) return false;
    if (!relay->sessions) relay->sessions = g_ptr_array_new();
    return true;
}

static void relay_stop(Vserver *v) {
    Relay *relay = v->state;
    while (relay->sessions && relay->sessions->len) leave(relay->sessions->pdata[0], true);
    relay->current = NULL;
}

static void relay_report(const Vserver *v, Report *report) {
    const Relay *relay = v->state;
    report_scalar(report, "relayed", (double)relay->n_sessions, "sessions");
    report_scalar(report, "relay_failed", (double)relay->failed, "sessions");
    report_scalar(report, "relayed_in", (double)relay->forwarded[CLIENT], "bytes");
    report_scalar(report, "relayed_out", (double)relay->forwarded[SERVER], "bytes");
    report_scalar(report, "relay_steps", (double)relay->wakeups, "steps");
}

static void relay_free(Vserver *v) {
    Relay *relay = v->state;
    for (unsigned i = 0; relay->sessions && i < relay->sessions->len; i++)
        g_free(relay->sessions->pdata[i]);
    if (relay->sessions) g_ptr_array_unref(relay->sessions);
}

static const Scalar relay_scalars[] = {
    {"relayed", "sessions", "that it was given"},
    {"relay_failed", "sessions", "of these, that found no way in at the slice's server"},
    {"relayed_in", "bytes", "forwarded from users"},
    {"relayed_out", "bytes", "forwarded to users"},
    {"relay_steps", "steps", "of its process: a select() and what it found"},
    {0}};

static const char *const relay_keys[] = {"login", "key", "to", NULL};

extern const App relay_app;
const App relay_app = {.name = "relay",
                       .text = "forwards SSH sessions of the slice to the server that it is on",
                       .size = sizeof(Relay),
                       .keys = relay_keys,
                       .check = relay_check,
                       .start = relay_start,
                       .next = relay_next,
                       .step = relay_step,
                       .session = relay_session,
                       .stop = relay_stop,
                       .report = relay_report,
                       .scalars = relay_scalars,
                       .free = relay_free};
