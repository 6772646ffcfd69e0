/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/control/station.h: one end of the control network, in a box: it calls services at
 * other stations, and answers those that are its own.
 *
 * A call that is not answered is sent again after `control_timeout`, up to `control_resends` times,
 * and then is over with ETIMEDOUT. A station carries out each call at most once: it keeps its
 * answers, by (client, request id), for as long as a client may repeat itself, and answers a
 * repetition by the same bytes; one that comes while the first is still worked on is dropped, and
 * so is one that is older than all that it remembers of the client. So `done` says what happened,
 * but for ETIMEDOUT, after which it may have been done or not. All stations of a network have the
 * same timeout and resends.
 *
 * A call to a service of the same station does not leave the box.
 *
 * Not modelled: congestion control (one call is one frame), clients that forge addresses, services
 * that move. */
#pragma once

#include "components/control/message.h"
#include "emu/core/component.h"

/* Services are UDP ports; ours. Symbol, port, name. */
#define SERVICES(X)                                                                                \
    X(PLC, 7001, "plc")                                                                            \
    X(MYPLC, 7002, "myplc")                                                                        \
    X(GNM, 7003, "gnm")                                                                            \
    X(GRM, 7004, "grm")                                                                            \
    X(LNM, 7005, "lnm")                                                                            \
    X(LRM, 7006, "lrm")                                                                            \
    X(MP, 7007, "mp")                                                                              \
    X(LC, 7008, "lc")                                                                              \
    X(LOG, 7009, "log")                                                                            \
    X(RATES, 7010, "rates")

typedef enum {
#define X(symbol, port, name) SERVICE_##symbol = port,
    SERVICES(X)
#undef X
        SERVICE_CLIENT = 7000 /* where answers go */
} Service;
const char *service_name(uint32_t port); /* NULL: none */

typedef struct Station Station;

/* Where a station is. */
typedef struct {
    uint8_t mac[6];
    uint32_t address;
} StationPlace;

/* How it is set; the rows are those of the box it is in. */
typedef struct {
    SimTime timeout;
    uint64_t resends;
} StationSettings;
#define STATION_PARAMS(S, field)                                                                   \
    PARAM_TIME("control_timeout", S, field.timeout, "200ms", "1us", "100s",                        \
               "a call on the control network that is not answered is sent again after this",      \
               "assumed"),                                                                         \
        PARAM_COUNT("control_resends", S, field.resends, "5", "0", "100",                          \
                    "and so many times, before it is given up", "assumed")

/* Of a component, which creates its packets; `send` takes a frame to where it leaves the box. */
Station *station_new(Component *c, const StationPlace *place, const StationSettings *settings,
                     void (*send)(void *user, Packet *pkt), void *user);
/* Calls that are under way are forgotten, and `done` is not called. NULL: nothing. */
void station_free(Station *st);
/* A frame has come for the station; takes it. */
void station_receive(Station *st, Packet *pkt);
StationPlace station_place(const Station *st);

/* Calling ---------------------------------------------------------------------------------- */

/* error 0: `answer` is what was said, for as long as this runs. Otherwise the errno that a REFUSED
 * or NP_SLICE_REFUSE brought, or ETIMEDOUT, with which there is no answer (NULL). */
typedef void StationDone(void *user, int error, const Message *answer);
/* Ask the service at `peer` what has been written, up to message_end, which is done here. The
 * number is for station_cancel. done: NULL: nobody waits, but it is sent again all the same. */
uint64_t station_call(Station *st, const StationPlace *peer, Service service, MessageWriter *w,
                      StationDone *done, void *user);
/* Forget the call: whoever waited is gone. */
void station_cancel(Station *st, uint64_t call);
/* A daemon has died: its calls, by `user`, are forgotten, and it serves no longer. What it was
 * asked and has not answered is never answered, nor carried out when it is asked again. */
void station_forget(Station *st, const void *user);

/* Serving ---------------------------------------------------------------------------------- */

/* What somebody has asked. The handler has it until it gives an answer, at once or later. */
typedef struct {
    Message message; /* its bytes are the request's own */
    StationPlace from;
    Service service;
    void *user; /* free for the handler */
} StationRequest;
typedef void StationHandler(void *user, StationRequest *request);
/* From now on; NULL: no longer, and nobody answers there. */
void station_serve(Station *st, Service service, StationHandler *handler, void *user);
/* `w` is written up to message_end, which is done here. Ends the request. */
void station_answer(Station *st, StationRequest *request, MessageWriter *w);
/* DONE without more, and REFUSED with an errno and a sentence (NULL: none). */
void station_done(Station *st, StationRequest *request);
void station_refuse(Station *st, StationRequest *request, int error, const char *text);
/* Ends the request without an answer; a repetition is neither carried out nor answered. */
void station_drop(Station *st, StationRequest *request);

/* Accounts --------------------------------------------------------------------------------- */

typedef struct {
    uint64_t calls, resent, lost; /* lost: given up */
    uint64_t served, repeated;    /* requests; of which an answer or work was there already */
    uint64_t bytes;               /* of frames sent */
    uint64_t bad, unknown;        /* frames: without a message; that nobody waits for or serves */
} StationCounts;
StationCounts station_counts(const Station *st);
