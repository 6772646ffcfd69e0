/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/control/program.h: what the owner of a slice runs in its vServer: steps that ask the
 * local resource manager for what the slice needs, one after another, as a shell script would.
 *
 *   [program router]
 *   slice = wustl_router
 *   steps = np_slice filters=64 queues=10 bandwidth=2Gbit/s; port udp 30000 interfaces=0-4 in=10%;
 *           queue 0 scheduler=0 share=30% limit=512; filter 10.0.0.0/16 0 192.168.0.1:30000 queue 0
 *
 * A step that fails ends the program, with the errno that a program on Linux would find; what it
 * has done stays. With `try` in front the next step follows even so. steps.c reads them, all before
 * the run; program.c carries them out.
 *
 * A program without a step that reserves is a stock PlanetLab application. The library that stands
 * in for bind() asks for its port on its behalf (SPP paper 6): the same program runs on a server
 * that has no LRM, where bind() is the kernel's, and finds the same errno when the port is taken.
 *
 * [program] brings the components that it needs, not attached: the vServer, by the slice's name,
 * and with an np_slice step a slice, by that name and `_np`. */
#pragma once

#include "components/control/lrm.h"

typedef struct SliceProgram SliceProgram;

extern const ComponentClass slice_program_class;

/* What to do about a request: lrm_call. NULL: there is no LRM, only the server's kernel. */
typedef void SliceProgramAsk(Lrm *lrm, Vserver *v, const LrmRequest *request, LrmDone *done,
                             void *user);

/* The program of the slice of that name in PLC; NULL: it has none here, its vServer does nothing.
 */
SliceProgram *slice_program_find(const Network *net, const char *slice);
Vserver *slice_program_vserver(const SliceProgram *p);
Slice *slice_program_slice(const SliceProgram *p); /* NULL: it asks for no NP slice */
/* Its row came to PLC at that time; without this it was there from the start. */
void slice_program_row(SliceProgram *p, SimTime at);
/* The sliver is made on this server: its vServer is attached, and the steps begin. The LRM answers
 * for as long as the program runs. False: the server has no room. */
bool slice_program_start(SliceProgram *p, Gpe *gpe, SliceProgramAsk *ask, Lrm *lrm, GError **error);
/* The sliver goes: no more steps, and the vServer is detached. What the LRM has given goes back by
 * lrm_release, before. */
void slice_program_stop(SliceProgram *p);

/* steps.c --------------------------------------------------------------------------------- */

typedef enum {
    STEP_ASK, /* `request` */
    STEP_COUNTERS,
    STEP_MANAGER,
    STEP_SLEEP,
    STEP_REPEAT,
    STEP_END,
} StepKind;

typedef struct {
    StepKind kind;
    char *text; /* as it is written */
    bool try;
    LrmRequest request;
    uint8_t *bytes;    /* owned; the request's */
    unsigned of;       /* LRM_FILTER_REMOVE: the step that adds it; STEP_END: its STEP_REPEAT */
    SimTime time;      /* STEP_COUNTERS, STEP_SLEEP */
    unsigned times;    /* STEP_REPEAT */
    uint32_t position; /* of a filter, while it runs */
} Step;

void step_clear(void *step);
/* `slice` may be NULL where no np_slice is asked for. False: the first step that makes no sense. */
bool steps_read(const char *text, Slice *slice, unsigned n_interfaces, GArray *steps,
                GError **error);
/* Before there are components: whether there is a step of that name; its options, as text. */
bool steps_have(const char *text, const char *verb, char **options);
/* The first UDP port that is asked for; 0: none. */
unsigned steps_udp_port(const char *text);
bool steps_choice(unsigned n, Choice *choice);
