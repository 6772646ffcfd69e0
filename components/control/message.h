/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/control/message.h: what the control plane says, as bytes. SPP's own messages were
 * never published: types, tags and layout are ours.
 *
 *   magic 2, version 1, flags 1 (0), type 2, request id 8, slice id 4, length 2, then `length`
 *   bytes of TLVs: tag 2, length 2, value                              all in network byte order
 *
 * A tag has a type: u32, u64, text (ends with its only NUL), bytes, or a group of further TLVs, one
 * level deep. A message travels alone in a frame: Ethernet, IPv4, UDP with its checksum. Decoding
 * is strict: a message that is not whole is none, and neither is one with a tag that nobody knows,
 * unless the tag's bit TAG_OPTIONAL says that it may be passed over. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Symbol, number, name, what it says. Those with "answer" answer. A type that is answered with no
 * more than that is answered by DONE; any may be by REFUSED, which has ERROR and TEXT. */
#define MESSAGE_TYPES(X)                                                                           \
    X(GET_SLIVERS, 1, "GetSlivers", "which slices a node has to have")                             \
    X(SLIVERS, 2, "Slivers", "answer: records, from CURSOR on")                                    \
    X(SLIVER_STATE, 3, "SliverState", "what became of a sliver on a node")                         \
    X(PORT_RESERVE, 4, "PortReserve", "an externally visible port is wanted")                      \
    X(PORT_RELEASE, 5, "PortRelease", "and is given back")                                         \
    X(NP_SLICE_REQUEST, 6, "NpSliceRequest", "a part of an NPE is wanted")                         \
    X(NP_SLICE_GRANT, 7, "NpSliceGrant", "answer: it is on that NPE")                              \
    X(NP_SLICE_REFUSE, 8, "NpSliceRefuse", "answer: there is none")                                \
    X(NP_SLICE_FREE, 9, "NpSliceFree", "and is given back")                                        \
    X(MP_CONFIGURE, 10, "MpConfigure", "items for a management processor of an NPE")               \
    X(LC_CLAIM, 11, "LcClaim", "a line card is to lead a port somewhere")                          \
    X(LC_RELEASE, 12, "LcRelease", "and no longer")                                                \
    X(LC_SHARE, 13, "LcShare", "a share of an interface, one way")                                 \
    X(RATE_REPORT, 14, "RateReport", "how much waits for an interface on an NPE")                  \
    X(RATE_SET, 15, "RateSet", "what rate the NPE's scheduler gets")                               \
    X(LOG, 16, "Log", "a line for the log")                                                        \
    X(ALIVE, 17, "Alive", "whether somebody is there")                                             \
    X(DONE, 18, "Done", "answer: it is done")                                                      \
    X(REFUSED, 19, "Refused", "answer: it is not done, and why")                                   \
    X(GET_LEASES, 20, "GetLeases", "what is held, asked by one who has forgotten")                 \
    X(LEASES, 21, "Leases", "answer: leases, from CURSOR on")

typedef enum {
#define X(symbol, number, name, text) MESSAGE_##symbol = number,
    MESSAGE_TYPES(X)
#undef X
} MessageType;

typedef enum { TAG_TYPE_U32, TAG_TYPE_U64, TAG_TYPE_TEXT, TAG_TYPE_BYTES, TAG_TYPE_GROUP } TagType;

/* Symbol, number, type, name. */
#define MESSAGE_TAGS(X)                                                                            \
    X(ERROR, 1, U32, "error") /* errno, as Linux numbers them */                                   \
    X(TEXT, 2, TEXT, "text")  /* a sentence */                                                     \
    X(NAME, 3, TEXT, "name")  /* of a slice */                                                     \
    X(NODE, 4, TEXT, "node")  /* a server */                                                       \
    X(NPE, 5, TEXT, "npe")                                                                         \
    X(CODE_OPTION, 6, TEXT, "code_option")                                                         \
    X(INTERFACE, 7, U32, "interface")                                                              \
    X(PROTOCOL, 8, U32, "protocol") /* as in IPv4 */                                               \
    X(PORT, 9, U32, "port")                                                                        \
    X(ADDRESS, 10, U32, "address") /* IPv4 */                                                      \
    X(MAC, 11, BYTES, "mac")                                                                       \
    X(VLAN, 12, U32, "vlan")                                                                       \
    X(DIRECTION, 13, U32, "direction") /* 0: in, 1: out */                                         \
    X(SHARE, 14, U32, "share")         /* in millionths */                                         \
    X(RATE, 15, U64, "rate")           /* bit/s */                                                 \
    X(RATE_IN, 16, U64, "rate_in")     /* bit/s */                                                 \
    X(RATE_OUT, 17, U64, "rate_out")   /* bit/s */                                                 \
    X(FILTERS, 18, U32, "filters")     /* a quota, as the next ones */                             \
    X(QUEUES, 19, U32, "queues")                                                                   \
    X(BUFFERS, 20, U32, "buffers")                                                                 \
    X(SRAM, 21, U32, "sram")   /* bytes */                                                         \
    X(ITEM, 22, GROUP, "item") /* of MpConfigure: VERB and what it needs; of lists */              \
    X(VERB, 23, U32, "verb")   /* MpVerb */                                                        \
    X(QUEUE, 24, U32, "queue")                                                                     \
    X(LIMIT, 25, U32, "limit")       /* packets; 0: none */                                        \
    X(VERDICT, 26, U32, "verdict")   /* of a filter: FpVerdict, as REASON is FpReason */           \
    X(POSITION, 27, U32, "position") /* of a filter */                                             \
    X(KEY, 28, BYTES, "key")                                                                       \
    X(MASK, 29, BYTES, "mask")                                                                     \
    X(OFFSET, 30, U32, "offset")                                                                   \
    X(COUNT, 31, U32, "count")                                                                     \
    X(BYTES, 32, BYTES, "bytes")                                                                   \
    X(INDEX, 33, U32, "index")                                                                     \
    X(PACKETS_IN, 34, U64, "packets_in")                                                           \
    X(BYTES_IN, 35, U64, "bytes_in")                                                               \
    X(PACKETS_OUT, 36, U64, "packets_out")                                                         \
    X(BYTES_OUT, 37, U64, "bytes_out")                                                             \
    X(CURSOR, 38, U32, "cursor")  /* where a list goes on; 0: at its beginning */                  \
    X(MORE, 39, U32, "more")      /* 1: there is more, from CURSOR on */                           \
    X(RECORD, 40, TEXT, "record") /* JSON */                                                       \
    X(STATE, 41, U32, "state")                                                                     \
    X(TIME, 42, U64, "time")       /* ps */                                                        \
    X(EXPIRES, 43, U64, "expires") /* ps */                                                        \
    X(BACKLOG, 44, U64, "backlog") /* wire bytes */                                                \
    X(LEVEL, 45, U32, "level")                                                                     \
    X(LEASE, 46, U64, "lease")                                                                     \
    X(DAEMON, 47, TEXT, "daemon")                                                                  \
    X(INTERFACES, 48, U32, "interfaces") /* a bit for each */                                      \
    X(NUMBER, 49, U32, "number")                                                                   \
    X(VALUE, 50, U64, "value")                                                                     \
    X(REASON, 51, U32, "reason")                                                                   \
    X(DATA, 52, U32, "data")         /* of a filter: the slice's own */                            \
    X(MEMORY, 53, BYTES, "memory")   /* what Format finds in SRAM at DATA */                       \
    X(SHARE_IN, 54, U32, "share_in") /* of each interface, in millionths */                        \
    X(SHARE_OUT, 55, U32, "share_out")

typedef enum {
#define X(symbol, number, type, name) TAG_##symbol = number,
    MESSAGE_TAGS(X)
#undef X
        TAG_OPTIONAL = 0x8000 /* with a tag: whoever does not know it passes it over */
} MessageTag;

/* TAG_VERB: what an item of MpConfigure asks of the management processor, and its other tags. */
#define MP_VERBS(X)                                                                                \
    X(ATTACH, 1, "attach") /* CODE_OPTION RATE? FILTERS? QUEUES? BUFFERS? SRAM?: its               \
                              quota; answer NUMBER */                                              \
    X(DETACH, 2, "detach")                                                                         \
    X(PORT_OPEN, 3, "port_open")          /* INTERFACE PORT */                                     \
    X(PORT_CLOSE, 4, "port_close")        /* INTERFACE PORT */                                     \
    X(QUEUE_OPEN, 5, "queue_open")        /* INTERFACE SHARE?; answer QUEUE */                     \
    X(QUEUE_CLOSE, 6, "queue_close")      /* QUEUE */                                              \
    X(QUEUE_SCHEDULER, 7, "scheduler")    /* QUEUE INTERFACE SHARE? LIMIT?; it opens if need be */ \
    X(QUEUE_SHARE, 8, "share")            /* QUEUE SHARE */                                        \
    X(QUEUE_LIMIT, 9, "limit")            /* QUEUE LIMIT */                                        \
    X(FILTER_ADD, 10, "filter_add")       /* KEY MASK VERDICT REASON? INTERFACE? QUEUE? ADDRESS?   \
                                             PORT? DATA? MEMORY?; answer POSITION */               \
    X(FILTER_REMOVE, 11, "filter_remove") /* POSITION */                                           \
    X(FILTER_LIST, 12, "filter_list")     /* CURSOR?; answer COUNT, of all, and of the next one at \
                                             CURSOR or behind POSITION KEY MASK */                 \
    X(SRAM_WRITE, 13, "sram_write")       /* OFFSET BYTES */                                       \
    X(SRAM_READ, 14, "sram_read")         /* OFFSET COUNT; answer BYTES */                         \
    X(COUNTERS, 15, "counters")           /* INDEX?, none: all; answer COUNT, of all, PACKETS_IN   \
                                             BYTES_IN PACKETS_OUT BYTES_OUT */

typedef enum {
#define X(symbol, number, name) MP_##symbol = number,
    MP_VERBS(X)
#undef X
} MpVerb;

/* Names of numbers; NULL: there is none. */
const char *message_type_name(uint32_t type);
const char *message_tag_name(uint32_t tag);
const char *mp_verb_name(uint32_t verb);

/* 20 bytes, and up to as many as IPv4 and UDP leave of a packet of 1,500 bytes. */
#define MESSAGE_HEADER_BYTES 20u
#define MESSAGE_MAX_BYTES 1472u

/* Writing ---------------------------------------------------------------------------------- */

/* A message that is being written. What does not fit is not written, and is remembered. */
typedef struct {
    uint8_t bytes[MESSAGE_MAX_BYTES];
    uint32_t length;
    bool full;
    uint32_t group; /* where the open group's TLV begins; 0: none is open */
} MessageWriter;

void message_begin(MessageWriter *w, MessageType type, uint32_t slice);
void message_put_u32(MessageWriter *w, MessageTag tag, uint32_t value);
void message_put_u64(MessageWriter *w, MessageTag tag, uint64_t value);
void message_put_text(MessageWriter *w, MessageTag tag, const char *text);
void message_put_bytes(MessageWriter *w, MessageTag tag, const void *bytes, uint32_t n);
/* What is put between these is in a group. */
void message_open(MessageWriter *w, MessageTag tag);
void message_close(MessageWriter *w);
/* The id, once all is put. False: it did not all fit. */
bool message_end(MessageWriter *w, uint64_t id);

/* Reading ---------------------------------------------------------------------------------- */

/* A message that has been read, or a group in one: points into the bytes it was read from. */
typedef struct {
    MessageType type;
    uint64_t id;
    uint32_t slice;
    const uint8_t *tlvs;
    uint32_t length;
} Message;

/* Whether n bytes are a message, one and whole. If not, *why is a constant sentence. */
bool message_read(Message *m, const uint8_t *bytes, size_t n, const char **why);
/* The first value of the tag; if it is not there, `missing`, NULL, or false. A tag of another type
 * than asked for is a mistake of the program. */
uint32_t message_u32(const Message *m, MessageTag tag, uint32_t missing);
uint64_t message_u64(const Message *m, MessageTag tag, uint64_t missing);
const char *message_text(const Message *m, MessageTag tag);
const uint8_t *message_bytes(const Message *m, MessageTag tag, uint32_t *n);
bool message_has(const Message *m, MessageTag tag);
/* The n-th group of the tag. */
bool message_group(const Message *m, MessageTag tag, unsigned n, Message *group);

/* Frames ----------------------------------------------------------------------------------- */

#define MESSAGE_FRAME_HEADERS 42u /* Ethernet, IPv4, UDP */

typedef struct {
    uint8_t mac[6];
    uint16_t port;
    uint32_t address;
} MessageEnd;

/* Put the headers in front of the message that stands `MESSAGE_FRAME_HEADERS` behind `frame`, and
 * return the frame's bytes. */
uint32_t message_frame(uint8_t *frame, uint32_t message_bytes, const MessageEnd *from,
                       const MessageEnd *to);
/* Whether n bytes are a frame with a message, of which neither IPv4's nor UDP's checksum is wrong.
 * If not, *why is a constant sentence. */
bool message_frame_read(const uint8_t *frame, uint32_t n, MessageEnd *from, MessageEnd *to,
                        Message *m, const char **why);
