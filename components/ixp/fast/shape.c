/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Shapes: made when a log is seen that is like none before. */
#include "components/ixp/fast/shape.h"

_Static_assert(offsetof(FpReference, address) == sizeof(uint64_t), "an entry but for its address");

static bool in_dram(const FpReference *r) {
    return r->unit == FP_DRAM || r->unit == OP_DRAM_TO_TBUF;
}

static Load *load_of(Shape *s, Bus *bus) {
    unsigned i = 0;
    while (i < s->n_loads && s->load[i].bus != bus) i++;
    if (i == s->n_loads) s->load[s->n_loads++].bus = bus;
    return &s->load[i];
}

/* A reference over a bus of its own, or over one of DRAM's; `work` was before it. */
static void add_reference(Shape *s, Memory *m, const FpReference *r, unsigned entry, uint32_t *work,
                          uint32_t swap) {
    Step step = {.work = *work, .cause = chip_unit_cause[r->unit], .entry = (uint8_t)entry};
    step.posted = r->posted;
    if (!in_dram(r)) {
        Bus *bus = memory_bus(m, r->unit);
        step.to = memory_reference(m, bus, r->write, r->bytes);
        bool asks = step.to.bus == bus;
        Load *load = load_of(s, bus);
        load->references++;
        load->used += step.to.hold;
        load->asks += asks;
        load->taken += asks ? step.to.hold : 0;
        if (r->posted && !asks) return;
    }
    s->step[s->n_steps++] = step;
    s->waits += !r->posted;
    *work = r->posted ? 0 : swap;
}

/* The same for an engine that is quiet: what goes to buses that are, too, are cycles. */
static void look(Shape *s) {
    uint32_t rest = 128, work = 0; /* rest: of a cycle, to the next */
    s->n_quiet = s->n_parts = s->asks = 0;
    for (const Step *step = s->step, *end = step + s->n_steps; step < end; step++) {
        s->asks += step->work > 0 || step == s->step;
        work += step->work;
        if (!step->to.bus || !step->to.bus->server.quiet) {
            s->quiet[s->n_quiet] = *step;
            s->quiet[s->n_quiet++].work = work;
            work = 0;
        } else if (!step->posted) {
            rest += step->to.bus->server.wait;
            uint32_t takes = rest / 256 + step->to.latency;
            rest %= 256;
            work += takes;
            unsigned i = 0;
            while (i < s->n_parts && s->part[i].cause != step->cause) i++;
            if (i == s->n_parts) s->part[s->n_parts++] = (Part){step->cause, 0};
            s->part[i].cycles += takes;
        }
    }
    s->last_quiet = work + s->last;
    s->asks += s->last > 0;
}

static Shape *compile(Memory *m, const FpLog *log, uint32_t swap) {
    g_assert(log->n <= FP_LOG_LENGTH);
    Shape *s = g_new0(Shape, 1);
    uint32_t work = 0;
    unsigned steps = UINT_MAX; /* when an element is freed or valid */
    const FpReference bytes = {.bytes = UINT16_MAX};
    s->n_entries = log->n;
    for (unsigned i = 0; i < log->n; i++) {
        const FpReference *r = &log->reference[i];
        s->entry[i] = shape_entry(r);
        s->mask[i] = in_dram(r) ? ~shape_entry(&bytes) : UINT64_MAX;
        s->instructions += r->instructions;
        s->unmarked += r->instructions;
        work += r->instructions;
        if (r->unit == OP_RBUF_FREE || r->unit == OP_TBUF_VALID) {
            s->unmarked = 0;
            steps = s->n_steps;
        } else if (r->unit != FP_NONE) {
            add_reference(s, m, r, i, &work, swap);
            g_assert(s->n_steps <= steps);
        }
    }
    s->last = work;
    look(s);
    return s;
}

static void settle(Shape *s) {
    for (const Load *l = s->load, *end = l + s->n_loads; l < end; l++) {
        l->bus->references += s->played * l->references;
        l->bus->asks += s->played * l->asks;
        l->bus->used += s->played * l->used;
        l->bus->taken += s->played * l->taken;
    }
    s->played = 0;
}

Shape *shapes_find(Shapes *shapes, Memory *m, const FpLog *log, uint32_t swap) {
    Shape **at = &shapes->first, *s;
    for (unsigned i = 0; (s = *at) && !shape_is(s, log); i++) {
        if (i == SHAPES_MOST) {
            settle(s);
            g_free(s);
            *at = s = NULL;
            break;
        }
        at = &s->next;
    }
    if (s)
        *at = s->next;
    else
        s = compile(m, log, swap);
    s->next = shapes->first;
    return shapes->first = s;
}

void shapes_settle(const Shapes *shapes) {
    for (Shape *s = shapes->first; s; s = s->next)
        if (s->played) settle(s);
}

void shapes_look(const Shapes *shapes) {
    for (Shape *s = shapes->first; s; s = s->next) look(s);
}

void shapes_clear(Shapes *shapes) {
    for (Shape *s = shapes->first, *next; s; s = next) {
        next = s->next;
        g_free(s);
    }
}
