/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/ixp/resources.h: what a chip tells of its resources (emu/core/resource.h), in the
 * order of the packets' way: SPI-4 in, each block with its ring, ordered sections, contexts and
 * microengines, memory, which serves all of them, SPI-4 out. With fast timing only channels and
 * microengines. */
#pragma once

#include "components/ixp/mp.h"
#include "components/ixp/program.h"

/* `port`: one by which its packets leave; `rate`: the key of its schedulers' rate, NULL: none. */
void program_resources(const Program *p, int port, const char *rate, Resources *r);
void mp_resources(const Mp *mp, int port, Resources *r);
/* A queue of a queue manager that holds packets or has refused some; `levers` of its limit. */
void queue_resource(const Qm *qm, unsigned queue, uint64_t limit, int port, const char *levers,
                    Resources *r, const char *name);
/* What queues of a group may hold together; the same. */
void group_resource(const Qm *qm, unsigned group, int port, const char *levers, Resources *r,
                    const char *name);
