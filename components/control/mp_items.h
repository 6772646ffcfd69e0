/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/control/mp_items.h: how a client of a management processor writes MpConfigure and
 * reads what is answered: an ITEM for each item, in their order, up to the first that is refused,
 * which has ERROR and TEXT. */
#pragma once

#include "components/control/lrm.h"
#include "components/control/message.h"

/* About the NP slice of that component. Items follow. */
void mp_begin(MessageWriter *w, uint32_t slice, const char *name);
void mp_put_attach(MessageWriter *w, const LrmQuota *quota);
void mp_put_detach(MessageWriter *w);
void mp_put_port(MessageWriter *w, bool open, unsigned interface, uint16_t port);
/* Whose scheduler serves the queue, its share (0: as it is) and its limit (0: none). */
void mp_put_queue(MessageWriter *w, unsigned queue, unsigned interface, double share,
                  uint32_t packets);
void mp_put_filter(MessageWriter *w, const SliceFilter *filter);
void mp_put_filter_remove(MessageWriter *w, uint32_t position);
void mp_put_sram_write(MessageWriter *w, uint32_t offset, const uint8_t *bytes, uint32_t n);
void mp_put_sram_read(MessageWriter *w, uint32_t offset, uint32_t n);
void mp_put_counters(MessageWriter *w);

/* errno of the item that was refused, 0: none; *last (or NULL) is the last item. */
int mp_answer(const Message *m, Message *last);
/* What was said about it, or about the whole; NULL: nothing. */
const char *mp_answer_text(const Message *m);
/* COUNTERS: how many, packets in and out, bytes in and out. */
void mp_sum_counters(const Message *item, uint32_t *values);
