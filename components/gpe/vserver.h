/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/gpe/vserver.h: a vServer, a server's guest with sockets and routes, and what an
 * application in it is. Applications know vServers; vServers know none but by its App. */
#pragma once

#include "components/gpe/server.h"
#include "emu/core/account.h"
#include "fastpath/options/options.h"

enum { VSERVER_MAX_SOCKETS = 17, VSERVER_SRAM_BYTES = 16384 };

typedef struct Vserver Vserver;

/* What runs in a vServer. */
typedef struct {
    const char *name, *text;
    unsigned sockets; /* of UDP that it opens; 0: none, and it has no UDP port */
    bool listens;     /* it has the TCP port of the setting */
    size_t size;      /* of its own state, v->state, zero at first */
    /* Settings of the vServer that it uses and others do not, ends with NULL; may be NULL. */
    const char *const *keys;
    /* Put its filters and code option in place; NULL: those of `routes`. */
    bool (*filters)(Vserver *v, GError **error);
    /* Whether the settings make sense, of a vServer that comes later; or NULL. */
    bool (*check)(Vserver *v, GError **error);
    /* Everything that the vServer has is there. May be NULL. */
    bool (*start)(Vserver *v, GError **error);
    /* Begin the next step: its cost, or SIM_NEVER if it blocks until a packet comes. A step of
     * unbounded length is PROCESS_FOREVER. */
    SimTime (*next)(Vserver *v);
    /* A packet, as recvfrom() gives it, whose step is over; takes it. */
    void (*handle)(Vserver *v, Packet *pkt);
    /* A step is over in which no packet was handled: of TCP, and of poll(). Or NULL. */
    void (*step)(Vserver *v);
    /* sshd has let somebody in, and hands over the connection. NULL: nobody can log in to it. */
    void (*session)(Vserver *v, Connection *c);
    /* The vServer is detached, and may be started again; also after a start that failed. Or NULL.
     */
    void (*stop)(Vserver *v);
    void (*report)(const Vserver *v, Report *report); /* may be NULL */
    const Scalar *scalars;                            /* of it, ends with {0}; may be NULL */
    void (*free)(Vserver *v);                         /* also of one that did not start; or NULL */
} App;

typedef struct {
    PacketQueue waiting;
    uint32_t truesize; /* bytes charged to the buffer */
    uint64_t received, dropped;
} Socket;

struct Vserver {
    Component base;
    /* settings */
    char *gpe_name, *routes, *triggers, *slice_name;
    char *login, *key, *to; /* shell, relay */
    uint32_t router;
    int application, code_option; /* its place in fp_code_options */
    uint64_t udp_port, own_port, vlan, n_sockets, icmp_rate, icmp_burst, i3_min_prefix;
    uint64_t listen;
    uint64_t server_port, from_port, interface, connections, requests, request; /* client */
    uint32_t server;
    SimTime pause;
    SimTime i3_lifetime;
    double lc_share;
    SchedShare share;
    bool attached_at_start;
    /* state */
    bool attached;
    bool placed;       /* by vserver_attach, on a server that its settings do not name */
    int class;         /* on the line card */
    GPtrArray *former; /* tenants of which something is, or was, still inside */
    Guest guest;
    Gpe *gpe;
    const App *app;
    void *state;                        /* the application's */
    Socket socket[VSERVER_MAX_SOCKETS]; /* one per interface, and one for own_port */
    uint32_t ready;                     /* sockets that the last poll found */
    unsigned stage;
    Packet *packet;
    uint32_t memory; /* of its SRAM that filters take, in bytes */
    /* counters */
    uint64_t forwarded, consumed, polls;
    Account account;
};

extern const ComponentClass vserver_class;

/* On a server and its line card from now on, or no longer, at any simulated time; without a server,
 * on that of its settings, and its ports are bound. On one that somebody has chosen it has no port
 * and no share of the line card until they are asked for. What of it packets may carry is in
 * quarantine as long as one is inside (emu/core/tenant.h). */
bool vserver_attach(Vserver *v, Gpe *gpe, GError **error);
void vserver_detach(Vserver *v);
/* It is detached, and nothing of it is inside or in quarantine any more. */
bool vserver_gone(const Vserver *v);
/* A UDP port of one interface, on the server alone, as bind() would: the line card's part is a
 * claim. False: another vServer has it, or there is no room. */
bool vserver_bind(Vserver *v, unsigned interface, uint16_t port);
bool vserver_unbind(Vserver *v, unsigned interface, uint16_t port);

/* For an application's `next`: the loop of poll() or select() over the sockets and packets, of
 * which `all` are taken that a call finds, one of each ready socket, or only one. The application's
 * own work on a packet costs `process`; it `sends` one for each. */
SimTime vserver_poll(Vserver *v, bool all, SimTime process, bool sends);
/* For a step of an application that reads and writes so many bytes of TCP connections behind a
 * select() over `n` of them: its cost, without what the application does with them itself. */
SimTime vserver_stream_cost(const Vserver *v, unsigned n, uint32_t read, uint32_t written);
/* The vServer that is there on the server and to which somebody logs in by this name; or NULL. */
Vserver *vserver_of_login(const Gpe *g, const char *login);
/* For an application's `filters`: those of a setting, separated by `;`, each behind the `prefix`.
 * Of a vServer that is not on its server yet they are only read. */
bool vserver_routes(Vserver *v, const char *key, const char *text, const char *prefix,
                    GError **error);
