/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Items of MpConfigure. */
#include "components/control/mp_items.h"

#include <math.h>

enum { MILLION = 1000000 };

void mp_begin(MessageWriter *w, uint32_t slice, const char *name) {
    message_begin(w, MESSAGE_MP_CONFIGURE, slice);
    message_put_text(w, TAG_NAME, name);
}

static void open_item(MessageWriter *w, MpVerb verb) {
    message_open(w, TAG_ITEM);
    message_put_u32(w, TAG_VERB, verb);
}

void mp_put_attach(MessageWriter *w, const LrmQuota *q) {
    open_item(w, MP_ATTACH);
    message_put_text(w, TAG_CODE_OPTION, fp_code_options[q->code_option]->name);
    message_put_u32(w, TAG_FILTERS, q->filters);
    message_put_u32(w, TAG_QUEUES, q->queues);
    message_put_u32(w, TAG_BUFFERS, q->buffers);
    message_put_u32(w, TAG_SRAM, q->sram_bytes);
    message_put_u64(w, TAG_RATE, q->rate_bps);
    message_close(w);
}

void mp_put_detach(MessageWriter *w) {
    open_item(w, MP_DETACH);
    message_close(w);
}

void mp_put_port(MessageWriter *w, bool open, unsigned interface, uint16_t port) {
    open_item(w, open ? MP_PORT_OPEN : MP_PORT_CLOSE);
    message_put_u32(w, TAG_INTERFACE, interface);
    message_put_u32(w, TAG_PORT, port);
    message_close(w);
}

void mp_put_queue(MessageWriter *w, unsigned queue, unsigned interface, double share,
                  uint32_t packets) {
    open_item(w, MP_QUEUE_SCHEDULER);
    message_put_u32(w, TAG_QUEUE, queue);
    message_put_u32(w, TAG_INTERFACE, interface);
    if (share > 0) message_put_u32(w, TAG_SHARE, (uint32_t)lround(share * MILLION));
    message_put_u32(w, TAG_LIMIT, packets);
    message_close(w);
}

void mp_put_filter(MessageWriter *w, const SliceFilter *f) {
    open_item(w, MP_FILTER_ADD);
    message_put_bytes(w, TAG_KEY, f->match.key, FP_KEY_BYTES);
    message_put_bytes(w, TAG_MASK, f->match.mask, FP_KEY_BYTES);
    message_put_u32(w, TAG_VERDICT, f->result.verdict);
    message_put_u32(w, TAG_REASON, f->result.reason);
    message_put_u32(w, TAG_INTERFACE, f->result.interface);
    message_put_u32(w, TAG_QUEUE, f->result.queue);
    message_put_u32(w, TAG_ADDRESS, f->result.next_hop);
    message_put_u32(w, TAG_PORT, f->result.next_port);
    if (f->data) message_put_u32(w, TAG_DATA, f->result.data);
    if (f->match.n_memory) message_put_bytes(w, TAG_MEMORY, f->match.memory, f->match.n_memory);
    message_close(w);
}

void mp_put_filter_remove(MessageWriter *w, uint32_t position) {
    open_item(w, MP_FILTER_REMOVE);
    message_put_u32(w, TAG_POSITION, position);
    message_close(w);
}

void mp_put_sram_write(MessageWriter *w, uint32_t offset, const uint8_t *bytes, uint32_t n) {
    open_item(w, MP_SRAM_WRITE);
    message_put_u32(w, TAG_OFFSET, offset);
    message_put_bytes(w, TAG_BYTES, bytes, n);
    message_close(w);
}

void mp_put_sram_read(MessageWriter *w, uint32_t offset, uint32_t n) {
    open_item(w, MP_SRAM_READ);
    message_put_u32(w, TAG_OFFSET, offset);
    message_put_u32(w, TAG_COUNT, n);
    message_close(w);
}

void mp_put_counters(MessageWriter *w) {
    open_item(w, MP_COUNTERS);
    message_close(w);
}

int mp_answer(const Message *m, Message *last) {
    Message item;
    int error = 0;
    if (last) *last = *m;
    for (unsigned n = 0; !error && message_group(m, TAG_ITEM, n, &item); n++) {
        error = (int)message_u32(&item, TAG_ERROR, 0);
        if (last) *last = item;
    }
    return error;
}

const char *mp_answer_text(const Message *m) {
    Message last;
    const char *text = m && mp_answer(m, &last) ? message_text(&last, TAG_TEXT) : NULL;
    return text ? text : m ? message_text(m, TAG_TEXT) : NULL;
}

void mp_sum_counters(const Message *item, uint32_t *values) {
    values[0] = message_u32(item, TAG_COUNT, 0);
    values[1] = (uint32_t)message_u64(item, TAG_PACKETS_IN, 0);
    values[2] = (uint32_t)message_u64(item, TAG_PACKETS_OUT, 0);
    values[3] = (uint32_t)message_u64(item, TAG_BYTES_IN, 0);
    values[4] = (uint32_t)message_u64(item, TAG_BYTES_OUT, 0);
}
