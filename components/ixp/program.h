/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/ixp/program.h: what runs on a chip. A program is a table of blocks in the order of
 * the packets' way, each with its microengines and the ring it reads:
 *
 *   static const ProgramBlock blocks[] = {
 *       BLOCK_RX(Box, settings),
 *       BLOCK_STAGE("count", Box, me_count, "rx-count", settings.rxtx.ring_rx, 0, count),
 *       BLOCK_TX(Box, settings, "count-tx"),
 *       {0}};
 *
 * Every block puts into the ring of the next one, Rx and stages in order (ordered sections), the
 * queue manager by scheduler, Tx as `tx_order` says. Statistics stands behind Tx and reads what Tx
 * and the stages that `tell` it say. What a stage does costs what its sites cost
 * (fastpath/sites.h), which the owner's rows give: settings.instructions.
 *
 * The owner is a component whose struct has a ProgramSettings, a Program for each of its chips, and
 * CHIP_DROPS at the head of its reasons. */
#pragma once

#include "components/ixp/fast.h"
#include "components/ixp/stage.h"

#define PROGRAM_MAX_STAGES 8u

enum { TIMING_DETAILED, TIMING_FAST };

typedef struct {
    ChipSettings chip;
    RxTxSettings rxtx;
    QmBlockSettings qm;
    int timing;
    uint64_t instructions[FP_N_SITES];
} ProgramSettings;

/* The rows of all of that but the instructions, for a component whose struct S has a
 * ProgramSettings `field`. A program without a queue manager lists CHIP_PARAMS and RXTX_PARAMS
 * alone. */
#define PROGRAM_PARAMS(S, field, each_way, tx_order)                                               \
    CHIP_PARAMS(S, field.chip), RXTX_PARAMS(S, field.rxtx, each_way, tx_order),                    \
        QM_BLOCK_PARAMS(S, field.qm, each_way),                                                    \
        PARAM_SCENARIO_ENUM("timing", S, field.timing, "detailed", "detailed|fast",                \
                            "how times are found inside the chip: detailed, by events of every "   \
                            "context and channel; fast, by recurrences over the same code",        \
                            "the model's own")

typedef enum { PROGRAM_RX = 1, PROGRAM_STAGE, PROGRAM_QM, PROGRAM_TX, PROGRAM_STATS } ProgramKind;

typedef struct {
    ProgramKind kind;
    const char *name;
    size_t mes;       /* where the owner has the number of its microengines */
    const char *ring; /* that it reads; the queue manager's have names of their own */
    size_t ring_size; /* where the owner has the number of messages of that, or of each of those */
    unsigned words; /* of a message, if next-neighbour registers may hold the ring: they do between
                     * single microengines; 0: it is in the scratchpad */
    StageWork *work;
    bool tells; /* Statistics of each packet that goes on */
} ProgramBlock;

#define BLOCK(kind, name, S, me_field, ring, size_field, ...)                                      \
    { kind, name, offsetof(S, me_field), ring, offsetof(S, size_field), __VA_ARGS__ }
#define BLOCK_RX(S, f) BLOCK(PROGRAM_RX, "rx", S, f.rxtx.me_rx, NULL, f.rxtx.ring_rx, 0)
/* name, S, field of MEs, ring, field of its size, words, work; .tells = true may follow. */
#define BLOCK_STAGE(...) BLOCK(PROGRAM_STAGE, __VA_ARGS__)
#define BLOCK_QM(S, f) BLOCK(PROGRAM_QM, "qm", S, f.qm.me_qm, NULL, f.qm.ring_qm, 0)
#define BLOCK_TX(S, f, ring) BLOCK(PROGRAM_TX, "tx", S, f.rxtx.me_tx, ring, f.rxtx.ring_tx, 0)
#define BLOCK_STATS(S, me_field, size_field)                                                       \
    BLOCK(PROGRAM_STATS, "stats", S, me_field, "stats", size_field, 0)

struct Program {
    /* set before program_build */
    const ProgramBlock *blocks; /* ends with {0} */
    const ProgramSettings *settings;
    const char
        *label;   /* of the chip, goes before the names of its scalars; NULL: it is the only one */
    void *user;   /* whose program it is, for stages, `port` and `whose` */
    TxPort *port; /* where packets leave; NULL: by the interface of their result */
    ChipWhose *whose;
    /* with a queue manager: at least so many schedulers, so many queues, each scheduler's rate */
    unsigned n_schedulers, n_queues;
    uint64_t rate_bps;
    unsigned drop_detached; /* the owner's reason for packets of a tenant that has left */
    FpTables *tables;       /* whose counters Statistics adds to */
    /* built */
    Chip chip;
    RxTx rxtx;
    Stage stages[PROGRAM_MAX_STAGES];
    unsigned n_stages;
    QmBlock qm_block;
    StatsBlock stats;
    Qm *qm; /* NULL: none */
    uint16_t cost[FP_N_SITES];
    Fast *fast; /* NULL: its timing is detailed */
};

/* In the owner's create, when its number of ports is known. */
bool program_build(Program *p, Component *owner, GError **error);
/* In its start: contexts begin, and gauges watch what the chip and its queues hold. */
bool program_start(Program *p, GError **error);
/* Take a frame from a link, of at most `most` bytes, or drop it as too long or for lack of room. */
void program_receive(Program *p, unsigned port, Packet *pkt, uint32_t most);
/* A packet from outside the MEs into the ring of a stage; false: it is full. */
bool program_inject(Program *p, unsigned stage, ChipPacket *cp, SimTime now);
/* For the code of a stage, while it runs: so many messages wait in the ring of one. */
bool program_behind(const Program *p, unsigned stage, unsigned messages);
/* Why a key of the owner has no effect on the program; NULL: it has, or is not the program's. */
const char *program_unused(const Program *p, const char *key);
/* Times, buffers and queues add up. (What there is to report is the chip's: chip_report.) */
bool program_check(Program *p, GError **error);
void program_free(Program *p);
