/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/control/lrm.h: the local resource manager, a daemon on every server, through which all
 * that a vServer wants of the node goes (SPP paper 6: "All these control interactions take place
 * through the LRM").
 *
 *   NP_SLICE            LRM -> GRM, which chooses the NPE -> LRM -> MP
 *   NP_FREE             LRM -> MP -> LRM -> GRM; ports that lead to the NP slice go with it
 *   PORT                LRM -> GRM -> LRM -> line card, and the MP of a port of the fast path
 *   PORT_FREE           the same way back
 *   all others          LRM -> MP
 *
 * A request is carried out as a whole or not at all: what fails at a later step is given back at
 * those before it, and the answer says which it was and why. A vServer's requests are answered in
 * their order, one at a time. */
#pragma once

#include "components/gpe/vserver.h"
#include "components/slice/slice.h"

typedef struct Lrm Lrm;

/* X(symbol, name as programs and logs have it) */
#define LRM_VERBS(X)                                                                               \
    X(LRM_NP_SLICE, "np_slice")                                                                    \
    X(LRM_NP_FREE, "np_free")                                                                      \
    X(LRM_PORT, "port")                                                                            \
    X(LRM_PORT_FREE, "port_free")                                                                  \
    X(LRM_QUEUE, "queue")                                                                          \
    X(LRM_FILTER, "filter")                                                                        \
    X(LRM_FILTER_REMOVE, "filter_remove")                                                          \
    X(LRM_SRAM_WRITE, "sram_write")                                                                \
    X(LRM_SRAM_READ, "sram_read")                                                                  \
    X(LRM_COUNTERS, "counters")                                                                    \
    X(LRM_SHARE, "share")

typedef enum {
#define X(symbol, name) symbol,
    LRM_VERBS(X)
#undef X
        LRM_N_VERBS
} LrmVerb;

/* What a slice may hold on an NPE. */
typedef struct {
    int code_option; /* its place in fp_code_options */
    uint32_t filters, queues, buffers, sram_bytes;
    uint64_t rate_bps; /* reserved of the NPE, both ways */
} LrmQuota;

typedef struct {
    LrmVerb verb;
    Slice *slice;         /* whose NP slice it is about; NULL: a port of the vServer's own */
    LrmQuota quota;       /* NP_SLICE */
    uint8_t protocol;     /* PORT, PORT_FREE: 17, 6 */
    uint16_t port;        /* ditto */
    uint32_t interfaces;  /* ditto: bit n is interface n */
    double in, out;       /* PORT: what is reserved of each of them, 0 to 1 */
    bool fast_path;       /* PORT: it leads to the NP slice, otherwise to the vServer */
    unsigned queue;       /* QUEUE */
    unsigned interface;   /* QUEUE: whose scheduler; SHARE */
    double share;         /* QUEUE; SHARE: of the interface, 0 to 1 */
    bool outgoing;        /* SHARE: out of the node, otherwise in */
    uint32_t limit;       /* QUEUE: packets */
    SliceFilter filter;   /* FILTER */
    uint32_t position;    /* FILTER_REMOVE */
    uint32_t offset, n;   /* SRAM: where, and how many bytes, at most LRM_SRAM_BYTES */
    const uint8_t *bytes; /* SRAM_WRITE; borrowed for the call */
} LrmRequest;

/* What of SRAM goes into one message. */
enum { LRM_SRAM_BYTES = 1024, LRM_VALUES = 8 };

/* Errors are those of Linux, as a program would find them in errno:
 *
 *   EADDRINUSE    another has the port at one of the interfaces
 *   ENOSPC        no NPE has so much left; the interface has not so much bandwidth left; quota used
 *   EINVAL        what makes no sense: no such interface, queue or position
 *   EBADF         the vServer has no NP slice
 *   EEXIST        it has one already
 *   ETIMEDOUT     somebody on the way did not answer, however often asked
 *   EHOSTUNREACH  the server's LRM or control port is down
 *   ECANCELED     the vServer's slice was destroyed meanwhile */
typedef struct {
    int error;        /* 0: done */
    const char *text; /* of an error: one sentence; else NULL. Borrowed for the call */
    /* NP_SLICE: NPE's index, slice's number on it. PORT: the port. FILTER: its position.
     * COUNTERS: how many there are; packets in, out, and bytes in, out of all, each modulo 2^32. */
    uint32_t values[LRM_VALUES];
    const uint8_t *bytes; /* SRAM_READ: values[0] of them; borrowed for the call */
} LrmAnswer;

typedef void LrmDone(void *user, const LrmAnswer *answer);

const char *lrm_verb_name(LrmVerb verb);

/* Ask on behalf of what runs in the vServer; `done` is called once, later, whatever happens. Costs
 * the vServer a system call and a switch to the daemon, and the daemon its service time. */
void lrm_call(Lrm *lrm, Vserver *v, const LrmRequest *request, LrmDone *done, void *user);
/* The vServer is gone: nothing that it has asked is answered any more, and all that it holds here,
 * at the GRM, on the line card and on the NPE goes back. */
void lrm_release(Lrm *lrm, Vserver *v);
