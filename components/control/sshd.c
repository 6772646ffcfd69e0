/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sshd. A login is freed when it is over and no work is submitted for it. */
#include "components/control/sshd.h"

#include <string.h>

#include "components/control/manager.h"
#include "components/gpe/daemon.h"
#include "components/gpe/vserver.h"
#include "components/host/ssh.h"
#include "components/linecard/linecard.h"
#include "emu/core/report.h"
#include "fastpath/headers.h"

typedef struct {
    Component base;
    /* settings */
    char *server;
    bool claims;
    uint64_t vlan;
    SimTime auth_cost;
    /* state */
    Gpe *gpe;
    Daemon *daemon;
    GPtrArray *logins;
    /* counters */
    uint64_t connections, let_in, denied, lost;
} Sshd;

typedef struct {
    Sshd *sshd;
    Connection *connection; /* NULL: it is over */
    SshReader reader;
    bool greeted, submitted;
    char slice[SSH_NAME_BYTES], key[SSH_AUTH_BYTES];
} Login;

static void forget(Login *l) {
    if (l->connection || l->submitted) return;
    g_ptr_array_remove(l->sshd->logins, l);
    g_free(l);
}

static void lose(Login *l) {
    l->sshd->lost++;
    connection_leave(l->connection, true);
    l->connection = NULL;
}

static void authenticated(void *user, void *data) {
    Sshd *sshd = user;
    Login *l = data;
    l->submitted = false;
    if (l->connection) {
        Vserver *v = vserver_of_login(sshd->gpe, l->slice);
        const SliceRecord *row = manager_record(sshd->base.network, sshd->server, l->slice);
        bool known = v && !strcmp(row ? row->keys : v->key, l->key);
        if (known) {
            sshd->let_in++;
            v->app->session(v, l->connection);
        } else {
            sshd->denied++;
            ssh_send(l->connection, SSH_DENIED, NULL, 0);
            connection_leave(l->connection, false);
        }
        l->connection = NULL;
    }
    forget(l);
}

static void dropped(void *data) {
    Login *l = data;
    l->submitted = false;
    forget(l);
}

static void changed(void *user, Connection *c) {
    Login *l = user;
    SshRecord r;
    const char *slice, *key;
    while (!l->submitted && ssh_next(&l->reader, c, &r)) {
        if (!l->greeted && r.type == SSH_HELLO) {
            l->greeted = ssh_send(c, SSH_HELLO, NULL, SSH_HELLO_BYTES);
        } else if (l->greeted && ssh_get_auth(&r, &slice, &key)) {
            g_strlcpy(l->slice, slice, sizeof l->slice);
            g_strlcpy(l->key, key, sizeof l->key);
            l->submitted = true;
            daemon_submit(l->sshd->daemon, l->sshd->auth_cost, authenticated, l, dropped);
        } else {
            l->reader.bad = true;
        }
    }
    if (!l->reader.bad && !tcp_ended(connection_tcp(c))) return;
    lose(l);
    forget(l);
}

static void accepted(void *user, Connection *c) {
    Sshd *sshd = user;
    Login *l = g_new0(Login, 1);
    l->sshd = sshd;
    l->connection = c;
    sshd->connections++;
    g_ptr_array_add(sshd->logins, l);
    connection_attend(c, changed, l);
    changed(l, c);
}

/* Life -------------------------------------------------------------------------------------- */

static void stopped(void *user) {
    Sshd *sshd = user;
    stack_unlisten(gpe_stack(sshd->gpe), SSH_PORT);
    for (unsigned i = sshd->logins->len; i-- > 0;) {
        Login *l = sshd->logins->pdata[i];
        if (l->connection) lose(l);
        forget(l);
    }
}

static void started(void *user) {
    Sshd *sshd = user;
    stack_listen(gpe_stack(sshd->gpe), SSH_PORT, accepted, sshd);
}

static bool claim(Sshd *sshd, LineCard *lc, GError **error) {
    const uint8_t *mac = fp_interface(sshd->gpe->tables, 0)->mac;
    int class = linecard_attach(lc, NULL, mac, (uint16_t)sshd->vlan, 0, error);
    if (class < 0) return false;
    for (unsigned i = 0; i < linecard_interfaces(lc); i++)
        if (!linecard_bind(lc, class, NULL, i, IP_PROTOCOL_TCP, SSH_PORT, error)) return false;
    return true;
}

static bool sshd_start(Component *c, GError **error) {
    static const DaemonOps ops = {stopped, started};
    Sshd *sshd = (Sshd *)c;
    Component *other;
    sshd->gpe = gpe_of(network_find(c->network, sshd->server));
    sshd->logins = g_ptr_array_new();
    if (!(sshd->daemon = daemon_new(sshd->gpe, "sshd", &ops, sshd, error))) return false;
    started(sshd);
    for (unsigned i = 0; sshd->claims && (other = network_nth(c->network, i)); i++)
        if (other->class == &linecard_class && !claim(sshd, (LineCard *)other, error)) return false;
    return true;
}

static bool sshd_create(Component *c, GError **error) {
    (void)error;
    c->n_ports = 0;
    return true;
}

static void sshd_report(Component *c, Report *report) {
    const Sshd *sshd = (const Sshd *)c;
    report_scalar(report, "connections", (double)sshd->connections, "connections");
    report_scalar(report, "let_in", (double)sshd->let_in, "sessions");
    report_scalar(report, "denied", (double)sshd->denied, "sessions");
    report_scalar(report, "lost", (double)sshd->lost, "connections");
}

static void sshd_free(Component *c) {
    Sshd *sshd = (Sshd *)c;
    for (unsigned i = 0; sshd->logins && i < sshd->logins->len; i++) g_free(sshd->logins->pdata[i]);
    if (sshd->logins) g_ptr_array_unref(sshd->logins);
}

static const char *sshd_unused(const Component *c, const char *key) {
    return !strcmp(key, "vlan") && !((const Sshd *)c)->claims ? "claims = yes uses it" : NULL;
}

static const Param sshd_params[] = {
    PARAM_NAME("server", Sshd, server, "gpe0", "gpe|cp", "the server whose daemon it is",
               "scenario"),
    PARAM_BOOL("claims", Sshd, claims, "no",
               "it is the control processor's, and has TCP port 22 of every interface",
               "SPP paper 6"),
    PARAM_WHICH("vlan", Sshd, vlan, "3", "1", "4094", "VLAN of SSH to and from the line cards",
                "assumed"),
    PARAM_TIME("auth_cost", Sshd, auth_cost, "30ms", "0", "10s",
               "processor time of a key exchange and an authentication",
               "assumed: two operations with RSA keys of 1,024 and 2,048 bits at 2 GHz"),
    {0}};

static const Scalar sshd_scalars[] = {
    {"connections", "connections", "that were opened to it"},
    {"let_in", "sessions", "that were let in, and handed on"},
    {"denied", "sessions", "whose slice it did not know, or whose key was another"},
    {"lost", "connections", "that ended before, or spoke something else than SSH"},
    {0}};

const ComponentClass sshd_class = {
    .name = "sshd",
    .text = "a server's sshd: authenticates, and hands sessions to the slice's vServer",
    .ports = "none",
    .size = sizeof(Sshd),
    .params = sshd_params,
    .create = sshd_create,
    .start = sshd_start,
    .unused = sshd_unused,
    .scalars = sshd_scalars,
    .report = sshd_report,
    .free = sshd_free,
};
