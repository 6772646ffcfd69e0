/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/slice/slice.h: a slice's part of an NPE, and what can be asked of the management
 * processor on its behalf. Every request takes effect when the processor has served it
 * (components/ixp/mp.h). Queues, counters and SRAM offsets are in the slice's own numbering, and
 * bounded. */
#pragma once

#include <stdio.h>

#include "components/npe/npe.h"
#include "emu/core/account.h"
#include "emu/core/tenant.h"
#include "fastpath/options/options.h"

#define SLICE_MAX_QUEUES 256u

/* What an I3 slice needs beside routes: its place in the ring, the other nodes, and triggers. SPP
 * set these by hand too (SPP paper 7.2). */
typedef struct {
    Hex id;
    char *ring, *triggers;
} SliceI3;

#define SLICE_I3_PARAMS(S, field)                                                                  \
    PARAM_HEX("i3_id", S, field.id, "80", 20,                                                      \
              "i3: the node's id, leading hexadecimal digits of 40", "assumed"),                   \
        PARAM_TEXT("i3_ring", S, field.ring, "",                                                   \
                   "i3: the other nodes, ID INTERFACE NEXT-HOP:PORT; ..., of which fingers and "   \
                   "predecessor follow; none: it owns every id",                                   \
                   "scenario"),                                                                    \
        PARAM_TEXT("i3_triggers", S, field.triggers, "",                                           \
                   "i3: triggers that this node keeps, ID INTERFACE HOST:PORT; ..., leading "      \
                   "hexadecimal digits of 64",                                                     \
                   "scenario")

/* One filter as a scenario writes it. */
typedef struct {
    FpFilterKey match;
    unsigned bits, order; /* that the mask looks at; in the text */
    bool data;            /* given */
    FpResult result;
} SliceFilter;

/* What its manager wants of the management processor. */
typedef struct {
    enum { WISH_FILTER_ADD, WISH_FILTER_REMOVE, WISH_SRAM_WRITE } what;
    SliceFilter filter;   /* to go: its key and mask */
    uint32_t offset, n;   /* of SRAM */
    const uint8_t *bytes; /* borrowed for the call */
} SliceWish;

typedef struct {
    Component base;
    /* settings */
    char *npe_name, *routes, *routes_file, *queues, *exception_host;
    uint32_t exception_address;
    uint64_t udp_port, vlan, queue_packets, queue_bytes, quantum, exception_port, buffers, sram,
        filter_quota, max_queues;
    int code_option; /* its place in fp_code_options */
    double share;
    bool attached_at_start;
    SliceI3 i3;
    /* what the settings say */
    Npe *npe;
    GArray *filters;                            /* SliceFilter, the narrowest first */
    unsigned n_queues;                          /* at first, without that of the exceptions */
    unsigned room;                              /* for so many at a time, ditto */
    uint8_t interface_of[SLICE_MAX_QUEUES + 1]; /* FP_NO_INTERFACE: none, or the exceptions' */
    double queue_share[SLICE_MAX_QUEUES];
    bool queue_rests[SLICE_MAX_QUEUES];        /* until no packet inside carries its number */
    uint8_t interface_after[SLICE_MAX_QUEUES]; /* where it opens then; FP_NO_INTERFACE: not */
    /* state */
    bool attached;
    NpeSlice asked;
    MpClient *mp;      /* its requests */
    Tenant *tenant;    /* while it is attached */
    GPtrArray *former; /* tenants of which something is, or was, still inside */
    void (*voice)(void *user, const SliceWish *wish); /* who asks for it; NULL: it does itself */
    void *voice_user;
    bool granted;        /* the settings below are of a SliceGrant: ports come one by one */
    GHashTable *clients; /* of the management processors of the NPEs where it was */
    unsigned number;     /* slice id on the NPE */
    int class;           /* the traffic class on the line card */
    FpCounter counted;   /* while it was attached before */
    Account account;
    char *replies_path; /* NULL: not wanted */
    FILE *replies;      /* opened by the first */
    int replies_error;  /* errno of its opening */
    uint32_t memory;    /* of its SRAM that filters of `routes` take, in bytes */
    /* counters */
    unsigned n_filters, mp_done, mp_refused, attachments;
} Slice;

extern const ComponentClass slice_class;

/* What its settings say: where it will be, its queues, what filters may say. Once; programs call it
 * too, because they may start before their slice. */
bool slice_settle(Slice *s, GError **error);

/* "KEY INTERFACE NEXT-HOP:PORT [DATA] [queue N] [from PREFIX/LENGTH]", "KEY local", "KEY many",
 * "KEY deny"; KEY in the code option's own words, or "key HEX[/MASK]". DATA is for Format. */
bool slice_parse_filter(const Slice *s, const char *text, SliceFilter *filter, GError **error);

/* The first of its queues at an interface, its room if it has none there. */
unsigned slice_first_queue(const Slice *s, unsigned interface);
/* Whether the filter's queue is the slice's and at the filter's interface; a script's filter of a
 * slice that may have more queues than at first is judged when it is added. */
bool slice_check_filter(const Slice *s, const SliceFilter *filter, bool script, GError **error);
/* Put its queues' shares in force, as quanta. `share` is divided among its queues of an interface
 * by their own shares (one without counts as 10%), so that more queues are no more share, and
 * guaranteed. Without `share`, a queue's own is a weight beside other slices', and no guarantee:
 * nobody has counted that those are at most the whole interface. */
void slice_set_quanta(const Slice *s);

/* What somebody has granted it at run time: where, and how much of everything. Queues are one per
 * interface at first, as far as there are so many, and up to `queues` in all. Ports, shares of the
 * line card and filters are not in it: they are asked for one by one, and `routes` is not used. */
typedef struct {
    Npe *npe;
    int code_option; /* its place in fp_code_options */
    uint32_t filters, queues, buffers, sram_bytes;
    double share; /* of each interface of the NPE */
} SliceGrant;

/* Take, or give back, all that it holds on an NPE and its line card, at any simulated time; without
 * a grant, where and what its settings say. What of it packets may carry is in quarantine as long
 * as one is inside (emu/core/tenant.h). False: nothing is taken, and the error says what there is
 * too little of. */
bool slice_attach(Slice *s, const SliceGrant *grant, GError **error);
void slice_detach(Slice *s);
/* As which a management processor serves it: one on each NPE where it is, was or will be. */
MpClient *slice_client(Slice *s, Npe *npe);
/* It is detached, and nothing of it is inside or in quarantine any more. */
bool slice_gone(const Slice *s);
/* Its exceptions go to (address, port) at this station of the data switch, while it is attached and
 * whenever it is again. False: another host was asked for. */
bool slice_set_exception_host(Slice *s, const Component *host, const uint8_t mac[6],
                              GError **error);
/* One more queue, closed again, or with another interface's scheduler. */
bool slice_queue_open(Slice *s, unsigned interface, double share, unsigned *queue, GError **error);
bool slice_queue_close(Slice *s, unsigned queue, GError **error);
bool slice_queue_move(Slice *s, unsigned queue, unsigned interface, GError **error);
/* What a queue that is open gets of its interface, and how much it holds. */
bool slice_queue_share(Slice *s, unsigned queue, double share, GError **error);
bool slice_queue_limit(Slice *s, unsigned queue, uint32_t packets, GError **error);
/* All of it: whose scheduler serves it, its share (0: none) and limit (0: none), open or not. */
bool slice_queue_set(Slice *s, unsigned queue, unsigned interface, double share, uint32_t packets,
                     GError **error);

/* A filter in front of its others; away with that of a position; its SRAM; counter n, false: past
 * the last. At once, while it is attached: who serves requests calls them. */
bool slice_filter_insert(Slice *s, const SliceFilter *filter, uint32_t *position, GError **error);
bool slice_filter_take(Slice *s, uint32_t position, GError **error);
bool slice_sram_put(Slice *s, uint32_t offset, const uint8_t *bytes, uint32_t n, GError **error);
bool slice_sram_get(const Slice *s, uint32_t offset, uint8_t *bytes, uint32_t n, GError **error);
bool slice_counter(const Slice *s, unsigned n, FpCounter *counter);

/* A UDP port of one interface, on the NPE alone: the line card's part is a claim. */
bool slice_bind(Slice *s, unsigned interface, uint16_t port, GError **error);
bool slice_unbind(Slice *s, unsigned interface, uint16_t port, GError **error);
/* Another UDP port of its own at every interface, and no more. */
bool slice_port_open(Slice *s, uint16_t port, GError **error);
bool slice_port_close(Slice *s, uint16_t port, GError **error);

/* i3.c: whether its settings make sense; and fill its SRAM block with a node's state and triggers,
 * and insert their filters. */
bool slice_i3_check(const Slice *s, GError **error);
bool slice_i3_start(Slice *s, GError **error);

/* requests.c: one request of the scenario's script. */
extern const Verb slice_verbs[];
bool slice_understands(const Component *c, const char *verb, const char *args, GError **error);
bool slice_command(Component *c, const char *verb, const char *args, GError **error);
/* The same from other components. */
void slice_filter_add(Slice *s, const SliceFilter *filter);
void slice_filter_remove(Slice *s, const SliceFilter *filter); /* by its key and mask */
void slice_sram_write(Slice *s, uint32_t offset, const uint8_t *bytes, uint32_t n); /* copies */
