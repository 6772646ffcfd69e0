/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What users of a slice log in to: a process of its vServer that echoes what they type and takes
 * what they upload. The sessions of a slice have one process here, where there would be two a
 * session (sshd's and the shell): what they cost is on the slice's account either way.
 *
 * A step is a select() and a recv() of one session, with decrypting; or a send(), with encrypting.
 */
#include "components/gpe/ready.h"
#include "components/gpe/vserver.h"
#include "components/host/ssh.h"
#include "emu/core/report.h"

enum { CHUNK = 16384 }; /* bytes of one recv() */

typedef struct Login Login;
struct Login {
    Ready ready; /* first */
    Vserver *v;
    Connection *connection;
    SshReader reader;
    uint32_t echoes; /* records that wait to be sent: KEY */
    bool greets, ends;
};

typedef struct {
    GPtrArray *logins; /* those that are there */
    ReadyQueue ready;
    Login *current;
    uint32_t reads;
    SshType writes; /* of the step; 0: it reads */
    uint64_t sessions, keystrokes, uploaded;
} Shell;

/* It has something to do. */
static void call(Login *l) {
    Shell *shell = l->v->state;
    ready_put(&shell->ready, &l->ready);
    process_wake(&l->v->guest.process);
}

static void changed(void *user, Connection *c) {
    (void)c;
    call(user);
}

static void shell_session(Vserver *v, Connection *c) {
    Shell *shell = v->state;
    Login *l = g_new0(Login, 1);
    l->v = v;
    l->connection = c;
    l->greets = true;
    l->reader.limited = true;
    connection_own(c, v->guest.tenant);
    connection_attend(c, changed, l);
    g_ptr_array_add(shell->logins, l);
    shell->sessions++;
    call(l);
}

static SshType to_send(const Login *l) {
    return l->greets ? SSH_OPEN : l->echoes ? SSH_KEY : l->ends ? SSH_END : (SshType)0;
}

static SimTime shell_next(Vserver *v) {
    Shell *shell = v->state;
    Login *l = shell->current = (Login *)(void *)ready_take(&shell->ready);
    if (!l) return SIM_NEVER;
    const Tcp *tcp = connection_tcp(l->connection);
    const GpeCosts *c = &v->gpe->cost;
    uint32_t room = SSH_RECORD_BYTES + 1;
    shell->writes = tcp_writable(tcp) >= room ? to_send(l) : (SshType)0;
    shell->reads = shell->writes ? 0 : MIN(tcp_readable(tcp), CHUNK);
    uint32_t written = shell->writes ? room - (shell->writes != SSH_KEY) : 0;
    SimTime work = shell->writes == SSH_KEY ? c->shell : 0;
    return vserver_stream_cost(v, shell->logins->len, shell->reads, written) + work +
           c->cipher_byte * ((uint64_t)shell->reads + written);
}

static void leave(Login *l, bool abort) {
    Shell *shell = l->v->state;
    ready_remove(&shell->ready, &l->ready);
    connection_leave(l->connection, abort);
    g_ptr_array_remove(shell->logins, l);
    g_free(l);
}

static void send_one(Login *l, SshType type) {
    static const uint8_t character = 'x';
    if (!ssh_send(l->connection, type, &character, type == SSH_KEY)) return;
    if (type == SSH_OPEN) l->greets = false;
    if (type == SSH_KEY) l->echoes--;
    if (type == SSH_END) l->ends = false;
}

static void read_some(Login *l, uint32_t may) {
    Shell *shell = l->v->state;
    SshRecord r;
    l->reader.may = may;
    while (ssh_next(&l->reader, l->connection, &r)) {
        l->echoes += r.type == SSH_KEY;
        l->ends |= r.type == SSH_END;
        shell->keystrokes += r.type == SSH_KEY;
        if (r.type == SSH_DATA) shell->uploaded += r.length;
    }
}

static void shell_step(Vserver *v) {
    Shell *shell = v->state;
    Login *l = shell->current;
    if (shell->writes)
        send_one(l, shell->writes);
    else
        read_some(l, shell->reads);
    const Tcp *tcp = connection_tcp(l->connection);
    if (l->reader.bad || (tcp_ended(tcp) && (!to_send(l) || tcp_error(tcp))))
        leave(l, l->reader.bad);
    else if (to_send(l) ? tcp_writable(tcp) > SSH_RECORD_BYTES : tcp_readable(tcp) > 0)
        call(l);
}

static bool shell_start(Vserver *v, GError **error) {
    Shell *shell = v->state;
    (void)error;
    if (!shell->logins) shell->logins = g_ptr_array_new();
    return true;
}

static void shell_stop(Vserver *v) {
    Shell *shell = v->state;
    while (shell->logins && shell->logins->len) leave(shell->logins->pdata[0], true);
    shell->current = NULL;
}

static void shell_report(const Vserver *v, Report *report) {
    const Shell *shell = v->state;
    report_scalar(report, "sessions", (double)shell->sessions, "sessions");
    report_scalar(report, "keystrokes", (double)shell->keystrokes, "keystrokes");
    report_scalar(report, "uploaded", (double)shell->uploaded, "bytes");
}

static void shell_free(Vserver *v) {
    Shell *shell = v->state;
    for (unsigned i = 0; shell->logins && i < shell->logins->len; i++)
        g_free(shell->logins->pdata[i]);
    if (shell->logins) g_ptr_array_unref(shell->logins);
}

static const Scalar shell_scalars[] = {{"sessions", "sessions", "that sshd has let in"},
                                       {"keystrokes", "keystrokes", "that came"},
                                       {"uploaded", "bytes", "that came in uploads"},
                                       {0}};

static const char *const shell_keys[] = {"login", "key", NULL};

extern const App shell_app;
const App shell_app = {.name = "shell",
                       .text = "a login shell: SSH sessions of the slice end here",
                       .size = sizeof(Shell),
                       .keys = shell_keys,
                       .start = shell_start,
                       .next = shell_next,
                       .step = shell_step,
                       .session = shell_session,
                       .stop = shell_stop,
                       .report = shell_report,
                       .scalars = shell_scalars,
                       .free = shell_free};
