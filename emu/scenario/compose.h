/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/scenario/compose.h: sections that follow from others. A scenario says what it has and what is
 * attached to it; the classes write out the rest, as sections and values that `show` and
 * resolved.ini have like all others. What the scenario says itself always holds: nothing here
 * replaces a value that is written.
 *
 * It happens once, between the arrays' being written out and the study's being read, so what
 * decides it cannot iterate.
 *
 *   attach = [from|to] NAME interfaces A..B   links of 1 Gbit/s to those interfaces of NAME; the
 *                                             class of NAME may say whose ports they are
 *   attach = [from|to] NAME [ports A..B]      links without a rate to its ports, a bench's wires
 *   attach = A.0 -> B.1                       its port 0 into that link, of a class that is in
 *                                             between: the link ends at it, and a wire goes on
 *
 * The attached component's ports count up from 0. Several that send to one port share it by a
 * component of a class that merges. The links are [link wire_ATTACHED], or wire_ATTACHED0, ...
 * where its ports lead to several places; keys of theirs may be written like any others. */
#pragma once

#include "emu/core/component.h"

typedef struct Composer Composer;

/* Which way packets go between an attached component and what it is attached to. */
typedef enum { ATTACH_NOT, ATTACH_SENDS, ATTACH_RECEIVES, ATTACH_BOTH, ATTACH_BETWEEN } AttachWay;

/* A class's part; each function may be NULL. Errors are made by composer_refuse. */
typedef struct Composition {
    /* Bring components that this one needs: before any others are composed, which count them. */
    bool (*bring)(Composer *c, const char *name, GError **error);
    /* Write the sections and values that follow from this component's. */
    bool (*compose)(Composer *c, const char *name, GError **error);
    /* The component and port that its n-th interface is. */
    bool (*interface)(Composer *c, const char *name, unsigned n, const char **component,
                      unsigned *port);
    /* Write what follows for `other`, whose first port has been attached to this port of it. */
    void (*attached)(Composer *c, const char *name, unsigned port, const char *other);
    /* As an attached component: */
    AttachWay way;
    const char *ports; /* its key for how many ports it has; NULL: it has one */
    /* It merges: its keys for how many senders, and for how many ports of each. Input port
     * sender * lanes + lane leaves by port lane. */
    const char *inputs, *lanes;
} Composition;

/* The row of `attach`, of a class that is attached; none of others. Ends with {0}. */
const Param *attach_params(const ComponentClass *class);

/* The n-th component of a class, in the order of the scenario; NULL past the last. */
const char *composer_nth(const Composer *c, const char *class, unsigned n);
/* The name of its class; NULL: there is no such component. */
const char *composer_class(const Composer *c, const char *name);
/* A component's value: as written, "${...}" and all, else the default. NULL: it has no such key. */
const char *composer_value(const Composer *c, const char *name, const char *key);
bool composer_is_written(const Composer *c, const char *name, const char *key);
/* The same, of a key that is a whole number and does not iterate. */
bool composer_number(const Composer *c, const char *name, const char *key, unsigned *number,
                     GError **error);
/* The section, behind the last one that was made; one that is written further on moves there, so
 * that the order of what is made is the same whatever of it is written. */
void composer_section(Composer *c, const char *head, const char *name);
/* The value of a key of a section that is there, unless it is written or there is no such key. */
void composer_set(Composer *c, const char *head, const char *name, const char *key,
                  const char *format, ...) G_GNUC_PRINTF(5, 6);
/* Always false: what is wrong with a component's value, behind its place. */
bool composer_refuse(const Composer *c, const char *name, const char *key, GError **error,
                     const char *format, ...) G_GNUC_PRINTF(5, 6);
