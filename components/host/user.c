/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A user of a slice, far away: SSH sessions to the node, one after the other beginning `gap` later.
 * A session logs in, types `keystrokes` characters, one every `typing` whether the one before has
 * come back or not, waits for the echo of the last, uploads `upload` bytes and leaves. */
#include "components/host/host.h"

#include <math.h>

#include "components/host/ssh.h"
#include "emu/core/histogram.h"
#include "emu/core/report.h"
#include "emu/scenario/compose.h"

enum { MAX_SESSIONS = 1000 };

typedef struct User User;

typedef enum { BEGINS, OPENS, SAYS_HELLO, LOGS_IN, TYPES, UPLOADS, DONE } Stage;

typedef struct {
    User *user;
    Connection *connection;
    Stage stage;
    SshReader reader;
    SimEvent event; /* its beginning; the next keystroke */
    SimTime since;  /* of its beginning */
    SimTime *typed; /* when each keystroke was */
    uint64_t n_typed, n_echoed, uploaded;
    bool ended; /* END is sent */
} Session;

struct User {
    Host host;
    /* settings */
    char *slice, *key;
    uint64_t n_sessions, keystrokes, upload, port;
    SimTime begin, gap, typing;
    /* state */
    Session *sessions;
    /* counters */
    uint64_t logins, denied, failed, done;
    Histogram login, echo; /* ps */
    uint64_t upload_bytes;
    SimTime upload_from, upload_until; /* all of them together */
};

static SimTime now(const Session *s) {
    return sim_now(s->user->host.base.sim);
}

static void end(Session *s, uint64_t *counter) {
    ++*counter;
    s->stage = DONE;
    sim_cancel(s->user->host.base.sim, &s->event);
    if (s->connection) connection_leave(s->connection, counter == &s->user->failed);
    s->connection = NULL;
    network_busy(s->user->host.base.network, -1);
}

static void upload(Session *s) {
    User *u = s->user;
    while (s->uploaded < u->upload) {
        uint32_t n = (uint32_t)MIN(u->upload - s->uploaded, SSH_MAX_PAYLOAD);
        if (!ssh_send(s->connection, SSH_DATA, NULL, n)) return;
        s->uploaded += n;
    }
    if (!s->ended) s->ended = ssh_send(s->connection, SSH_END, NULL, 0);
}

static void begin_upload(Session *s) {
    if (!s->user->upload) {
        end(s, &s->user->done);
        return;
    }
    s->stage = UPLOADS;
    if (!s->user->upload_from) s->user->upload_from = now(s);
    upload(s);
}

static void type(Session *s) {
    User *u = s->user;
    uint8_t character = 'x';
    if (s->n_typed == u->keystrokes) {
        if (!u->keystrokes) begin_upload(s);
        return;
    }
    s->typed[s->n_typed] = now(s);
    if (!ssh_send(s->connection, SSH_KEY, &character,
                  1)) { /* who types into a full terminal waits */
        sim_schedule(u->host.base.sim, &s->event, u->typing);
        return;
    }
    s->n_typed++;
    sim_schedule(u->host.base.sim, &s->event, u->typing);
}

static void logged_in(Session *s) {
    User *u = s->user;
    u->logins++;
    histogram_add(&u->login, now(s) - s->since);
    s->stage = TYPES;
    type(s);
}

static void take(Session *s, const SshRecord *r) {
    User *u = s->user;
    uint8_t auth[SSH_AUTH_BYTES];
    if (s->stage == SAYS_HELLO && r->type == SSH_HELLO) {
        ssh_put_auth(auth, u->slice, u->key);
        ssh_send(s->connection, SSH_AUTH, auth, sizeof auth);
        s->stage = LOGS_IN;
    } else if (s->stage == LOGS_IN && r->type == SSH_OPEN) {
        logged_in(s);
    } else if (s->stage == LOGS_IN && r->type == SSH_DENIED) {
        end(s, &u->denied);
    } else if (s->stage == TYPES && r->type == SSH_KEY && s->n_echoed < s->n_typed) {
        histogram_add(&u->echo, now(s) - s->typed[s->n_echoed++]);
        if (s->n_echoed == u->keystrokes) begin_upload(s);
    } else if (s->stage == UPLOADS && r->type == SSH_END && s->ended) {
        u->upload_bytes += s->uploaded;
        u->upload_until = now(s);
        end(s, &u->done);
    } else {
        end(s, &u->failed);
    }
}

static void changed(void *user, Connection *c) {
    Session *s = user;
    SshRecord record;
    if (s->stage == OPENS && tcp_state(connection_tcp(c)) == TCP_ESTABLISHED) {
        ssh_send(c, SSH_HELLO, NULL, SSH_HELLO_BYTES);
        s->stage = SAYS_HELLO;
    }
    while (s->stage != DONE && ssh_next(&s->reader, c, &record)) take(s, &record);
    if (s->stage == UPLOADS) upload(s);
    if (s->stage != DONE && (s->reader.bad || tcp_ended(connection_tcp(c))))
        end(s, &s->user->failed);
}

static void on_event(Sim *sim, SimEvent *event) {
    Session *s = (Session *)(void *)((char *)event - offsetof(Session, event));
    User *u = s->user;
    if (s->stage != BEGINS) {
        type(s);
        return;
    }
    StackWay way = host_way(&u->host);
    s->stage = OPENS;
    s->since = sim_now(sim);
    s->connection = stack_connect(u->host.stack, &way, u->host.peer_address, 0,
                                  u->host.node_address, (uint16_t)u->port, changed, s);
    if (!s->connection) end(s, &u->failed);
}

/* Life -------------------------------------------------------------------------------------- */

static bool user_create(Component *c, GError **error) {
    User *u = (User *)c;
    (void)error;
    host_create(&u->host);
    histogram_init(&u->login);
    histogram_init(&u->echo);
    u->sessions = g_new0(Session, u->n_sessions);
    for (uint64_t i = 0; i < u->n_sessions; i++) {
        Session *s = &u->sessions[i];
        s->user = u;
        s->typed = g_new(SimTime, u->keystrokes + 1);
        sim_event_init(&s->event, on_event, &c->owner);
    }
    return true;
}

static bool user_start(Component *c, GError **error) {
    User *u = (User *)c;
    (void)error;
    SimTime first = u->begin + component_phase(c, u->gap);
    for (uint64_t i = 0; i < u->n_sessions; i++) {
        sim_schedule_at(c->sim, &u->sessions[i].event, first + i * u->gap);
        network_busy(c->network, 1);
    }
    return true;
}

static bool user_sends(const Component *c, unsigned port) {
    (void)c;
    (void)port;
    return true;
}

static void user_report(Component *c, Report *report) {
    const User *u = (const User *)c;
    report_scalar(report, "logins", (double)u->logins, "sessions");
    report_scalar(report, "denied", (double)u->denied, "sessions");
    report_scalar(report, "failed", (double)u->failed, "sessions");
    report_scalar(report, "done", (double)u->done, "sessions");
    report_scalar(report, "login_ms", histogram_mean(&u->login) / 1e9, "ms");
    report_scalar(report, "login_max_ms", histogram_at(&u->login, 1) / 1e9, "ms");
    report_scalar(report, "echoes", (double)u->echo.count, "keystrokes");
    report_scalar(report, "rtt_ms", histogram_mean(&u->echo) / 1e9, "ms");
    report_scalar(report, "rtt_p50_ms", histogram_at(&u->echo, 0.5) / 1e9, "ms");
    report_scalar(report, "rtt_p99_ms", histogram_at(&u->echo, 0.99) / 1e9, "ms");
    report_scalar(report, "rtt_max_ms", histogram_at(&u->echo, 1) / 1e9, "ms");
    report_scalar(report, "upload_mbit_s",
                  u->upload_bytes
                      ? (double)u->upload_bytes * 8e6 / (double)(u->upload_until - u->upload_from)
                      : NAN,
                  "Mbit/s");
    stack_report(u->host.stack, report);
    uint64_t over = u->denied + u->failed + u->done;
    if (over < u->n_sessions)
        report_warning(report,
                       "%" G_GUINT64_FORMAT " of its %" G_GUINT64_FORMAT
                       " sessions were not over when the run ended, and what they had not done is "
                       "in no number; a longer `duration` lets them end",
                       u->n_sessions - over, u->n_sessions);
    if (u->failed)
        report_warning(
            report,
            "%" G_GUINT64_FORMAT " of its %" G_GUINT64_FORMAT
            " sessions failed: does an sshd with `claims` have TCP port %" G_GUINT64_FORMAT
            " of the interface?",
            u->failed, u->n_sessions, u->port);
}

static void user_free(Component *c) {
    User *u = (User *)c;
    host_free(&u->host);
    histogram_clear(&u->login);
    histogram_clear(&u->echo);
    for (uint64_t i = 0; u->sessions && i < u->n_sessions; i++) g_free(u->sessions[i].typed);
    g_free(u->sessions);
}

static const Param user_params[] = {
    HOST_PARAMS(User, host),
    PARAM_WHICH("port", User, port, "22", "1", "65535", "the node's TCP port for SSH", "RFC 4253"),
    PARAM_TEXT("slice", User, slice, NULL, "the slice that it logs in to", "scenario"),
    PARAM_TEXT("key", User, key, "", "its key, as text", "scenario"),
    PARAM_COUNT("sessions", User, n_sessions, "1", "1", "1000", "sessions that it opens",
                "scenario"),
    PARAM_TIME("begin", User, begin, "0", "0", "100000s", "when the first one begins", "scenario"),
    PARAM_TIME("gap", User, gap, "10ms", "0", "1000s", "from one session's beginning to the next's",
               "scenario"),
    PARAM_COUNT("keystrokes", User, keystrokes, "10", "0", "100000",
                "characters that each session types", "scenario"),
    PARAM_TIME("typing", User, typing, "200ms", "1us", "1000s", "from one of these to the next",
               "assumed: five characters a second"),
    PARAM_SIZE("upload", User, upload, "0B", "0B", "10GB",
               "bytes that each session uploads when it has typed", "scenario"),
    {0}};

static const Scalar user_scalars[] = {
    {"logins", "sessions", "that were let in"},
    {"denied", "sessions", "that were not"},
    {"failed", "sessions", "whose connection ended, or that got something else than SSH"},
    {"done", "sessions", "that did all that they came for"},
    {"login_ms", "ms", "from the first segment to the open session, mean"},
    {"login_max_ms", "ms", "the same, the longest"},
    {"echoes", "keystrokes", "that came back"},
    {"rtt_ms", "ms", "from a keystroke to its echo, mean"},
    {"rtt_p50_ms", "ms", "the same, half are shorter"},
    {"rtt_p99_ms", "ms", "the same, 99 percent are shorter"},
    {"rtt_max_ms", "ms", "the same, the longest"},
    {"upload_mbit_s", "Mbit/s",
     "bytes of all uploads that were done, from the beginning of the first to the end of the last"},
    STACK_SCALARS(NULL),
    {0}};

static const Composition user_composition = {.way = ATTACH_BOTH};

const ComponentClass user_class = {
    .name = "user",
    .text = "a remote user of a slice: SSH sessions that type and upload",
    .ports = "0: Ethernet, both ways",
    .size = sizeof(User),
    .params = user_params,
    .composition = &user_composition,
    .drops = host_drops,
    .create = user_create,
    .start = user_start,
    .receive = host_receive,
    .sends = user_sends,
    .scalars = user_scalars,
    .report = user_report,
    .free = user_free,
};
