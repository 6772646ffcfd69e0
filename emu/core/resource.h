/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/core/resource.h: what the packets of a run need, how much of it there is, and who waited for
 * it: what `explain` decides from (emu/study/explain.h).
 *
 * A component tells its resources in ComponentClass.resources, which is called while the sources'
 * window is open, each time with what has come together since the start. A run that nobody wants
 * to be explained is not asked. Links are the network's own, of every component. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "emu/core/sim.h"

typedef enum {
    RESOURCE_SERVES,  /* works: `used` and `of` are so far, in one unit, such as ps of time */
    RESOURCE_HOLDS,   /* keeps what waits for others: `used` and `of` are of this moment */
    RESOURCE_OFFERS,  /* makes the packets: without it there is nothing to be done */
    RESOURCE_MISSING, /* is not there, and was asked for */
    RESOURCE_KINDS
} ResourceDoes;

typedef struct {
    const char *kind; /* "link": what it is, static */
    ResourceDoes does;
    int port;       /* of the component, by which packets leave that it served; -1: none */
    unsigned place; /* among its component's for that port: larger is further on their way */
    double used, of;
    double waited;  /* ps that packets, or what works on them, waited for it so far, in all */
    double refused; /* packets or requests that were turned away so far */
    /* Keys that make more of it, the most direct first, separated by blanks: "rate" of the
     * component, "host0.cores" of another, "@2.rate" of the link at port 2. Copied. */
    const char *levers;
    const char *note; /* what more there is to say, half a sentence; copied; NULL: nothing */
} Resource;

/* The window is closed: what came together in it. */
typedef struct {
    char *component, *name; /* "switch0", "port 3 buffer" */
    const char *kind;
    ResourceDoes does;
    double order;  /* larger is further on the packets' way through the network */
    double used;   /* share of what there is */
    double waited; /* of them at a time, mean */
    double refused;
    char *levers, *note;
} ResourceResult;

typedef struct Resources Resources;
Resources *resources_new(void);
void resources_free(Resources *r);
/* What is told from now on is at this time, of this component, which is so far on the way. */
void resources_begin(Resources *r, SimTime now);
void resources_component(Resources *r, const char *name, double order_out, double order_back,
                         const bool *back, unsigned n_ports);
void resources_tell(Resources *r, const Resource *resource, const char *name, ...)
    G_GNUC_PRINTF(3, 4);
unsigned resources_looks(const Resources *r);
/* Forget what was told: the next time is the only one, and counts from the start of the run. */
void resources_restart(Resources *r);
/* ResourceResult of all, in the order of their first; lives as long as `r`. */
const GArray *resources_results(Resources *r);
