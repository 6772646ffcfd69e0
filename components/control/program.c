/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A program carried out: one request at a time, answers in between, a clock for `sleep` and one for
 * `counters`. Where there is no LRM its requests go to the server's kernel, which knows bind() and
 * nothing of fast paths. What a request costs is the LRM's matter and the kernel's; the program's
 * own instructions are free. */
#include "components/control/program.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "emu/core/report.h"
#include "emu/scenario/compose.h"
#include "fastpath/headers.h"

enum { FIRST_EXCEPTION_PORT = 30100 };
#define LOOK_EVERY SIM_MS
#define BY_PLC (2000 * SIM_S) /* what `start = plc` stands for */

struct SliceProgram {
    Component base;
    /* settings */
    char *slice_name, *steps_text, *vserver_name, *np_name;
    SimTime start;
    /* what the settings say */
    GArray *steps; /* Step */
    Vserver *v;
    Slice *np; /* NULL: it asks for none */
    /* state */
    SliceProgramAsk *ask;
    Lrm *lrm;
    bool running, counting; /* a request for counters waits */
    unsigned at, left;      /* the next step; rounds of the repeat */
    SimTime every;          /* 0: counters are not read */
    SimEvent begin, wake, poll, look;
    GQueue wishes;         /* Wish: what the manager wants; the first has been asked for */
    GHashTable *positions; /* of the filters that it has: key and mask -> position */
    /* counters */
    unsigned done, refused, polls, starts;
    int error;        /* errno of the step that ended it, or of the last that was tried */
    SimTime ready_at; /* its last step was over; SIM_NEVER: not yet */
    SimTime row;      /* when it came to PLC */
    GArray *story;    /* Told */
};

typedef struct {
    SimTime time;
    char *text;
} Told;

SliceProgram *slice_program_find(const Network *net, const char *slice) {
    Component *c;
    for (unsigned i = 0; (c = network_nth(net, i)); i++)
        if (c->class == &slice_program_class && !strcmp(((SliceProgram *)c)->slice_name, slice))
            return (SliceProgram *)c;
    return NULL;
}

Vserver *slice_program_vserver(const SliceProgram *p) {
    return p->v;
}

Slice *slice_program_slice(const SliceProgram *p) {
    return p->np;
}

/* Story ----------------------------------------------------------------------------------- */

static void told_clear(void *told) {
    g_free(((Told *)told)->text);
}

static void tell(SliceProgram *p, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void tell(SliceProgram *p, const char *format, ...) {
    va_list args;
    va_start(args, format);
    Told told = {sim_now(p->base.sim), g_strdup_vprintf(format, args)};
    va_end(args);
    g_array_append_val(p->story, told);
}

static void tell_step(SliceProgram *p, const Step *s, const LrmAnswer *answer) {
    if (answer->error)
        tell(p, "%s: refused, %s%s%s", s->text, g_strerror(answer->error), answer->text ? ": " : "",
             answer->text ? answer->text : "");
    else if (s->request.verb == LRM_NP_SLICE)
        tell(p, "%s: slice %u on %s", s->text, p->np->number,
             ((const Component *)p->np->npe)->name);
    else if (s->request.verb == LRM_FILTER)
        tell(p, "%s: at position %u", s->text, answer->values[0]);
    else
        tell(p, "%s: done", s->text);
}

/* The kernel ------------------------------------------------------------------------------ */

static void unbind(Vserver *v, uint32_t interfaces, uint16_t port) {
    for (unsigned i = 0; i < v->gpe->n_interfaces; i++)
        if (interfaces >> i & 1) vserver_unbind(v, i, port);
}

/* bind() at each of the addresses, or at none. */
static int bind_ports(Vserver *v, const LrmRequest *q) {
    uint32_t bound = 0;
    for (unsigned i = 0; i < v->gpe->n_interfaces; i++) {
        if (!(q->interfaces >> i & 1)) continue;
        if (!vserver_bind(v, i, q->port)) {
            unbind(v, bound, q->port);
            return EADDRINUSE;
        }
        bound |= 1u << i;
    }
    return 0;
}

/* A server without LRM. */
static void ask_kernel(Lrm *lrm, Vserver *v, const LrmRequest *q, LrmDone *done, void *user) {
    LrmAnswer answer = {.error = ENOSYS, .text = "there is no local resource manager"};
    (void)lrm;
    if (q->fast_path || (q->verb != LRM_PORT && q->verb != LRM_PORT_FREE)) {
        done(user, &answer);
        return;
    }
    answer = (LrmAnswer){.text = NULL};
    if (q->verb == LRM_PORT_FREE)
        unbind(v, q->interfaces, q->port);
    else if ((answer.error = bind_ports(v, q)))
        answer.text = "another vServer has the port";
    answer.values[0] = q->port;
    done(user, &answer);
}

/* Steps ----------------------------------------------------------------------------------- */

static Step *step(const SliceProgram *p, unsigned n) {
    return &g_array_index(p->steps, Step, n);
}

static void go_on(SliceProgram *p, SimTime in) {
    sim_schedule(p->base.sim, &p->wake, in);
}

static void refuse(SliceProgram *p, const LrmAnswer *answer) {
    p->refused++;
    p->error = answer->error;
}

/* The step's answer: the next one follows, unless it was refused. */
static void answered(void *user, const LrmAnswer *answer) {
    SliceProgram *p = user;
    if (!p->running) return;
    Step *s = step(p, p->at);
    tell_step(p, s, answer);
    if (answer->error)
        refuse(p, answer);
    else
        p->done++;
    if (s->request.verb == LRM_FILTER) s->position = answer->values[0];
    p->at = answer->error && !s->try ? p->steps->len : p->at + 1;
    if (p->at == p->steps->len) p->ready_at = sim_now(p->base.sim);
    go_on(p, 0);
}

static void put(SliceProgram *p, Step *s) {
    if (s->request.verb == LRM_FILTER_REMOVE) s->request.position = step(p, s->of)->position;
    p->ask(p->lrm, p->v, &s->request, answered, p);
}

/* The ends of steps that ask nobody; true: the next follows at once. */
static bool pass(SliceProgram *p, const Step *s) {
    p->at++;
    p->done++;
    switch (s->kind) {
    case STEP_SLEEP: go_on(p, s->time); return false;
    case STEP_COUNTERS:
        p->every = s->time;
        sim_cancel(p->base.sim, &p->poll);
        sim_schedule(p->base.sim, &p->poll, p->every);
        return true;
    case STEP_REPEAT: p->left = s->times; return true;
    case STEP_END:
        if (--p->left) p->at = s->of + 1;
        return true;
    default: return true; /* the manager is there */
    }
}

static void run(Sim *sim, SimEvent *event) {
    SliceProgram *p = (SliceProgram *)(void *)((char *)event - offsetof(SliceProgram, wake));
    (void)sim;
    while (p->at < p->steps->len) {
        Step *s = step(p, p->at);
        if (s->kind == STEP_ASK) {
            put(p, s);
            return;
        }
        if (!pass(p, s)) return;
    }
    if (p->ready_at == SIM_NEVER) p->ready_at = sim_now(p->base.sim);
}

static void counted(void *user, const LrmAnswer *answer) {
    SliceProgram *p = user;
    if (!p->running) return;
    p->counting = false;
    p->polls += !answer->error;
    if (answer->error) refuse(p, answer);
}

static void poll_counters(Sim *sim, SimEvent *event) {
    SliceProgram *p = (SliceProgram *)(void *)((char *)event - offsetof(SliceProgram, poll));
    const LrmRequest request = {.verb = LRM_COUNTERS, .slice = p->np};
    if (!p->counting) {
        p->counting = true;
        p->ask(p->lrm, p->v, &request, counted, p);
    }
    sim_schedule(sim, event, p->every);
}

/* The manager's wishes --------------------------------------------------------------------- */

typedef struct {
    LrmRequest request;
    GBytes *match;
    uint8_t *bytes;
} Wish;

static void wish_free(void *data) {
    Wish *w = data;
    if (w->match) g_bytes_unref(w->match);
    g_free(w->bytes);
    g_free(w);
}

static void ask_for_wish(SliceProgram *p);

static void heard(void *user, const LrmAnswer *answer) {
    SliceProgram *p = user;
    if (!p->running) return;
    Wish *w = g_queue_pop_head(&p->wishes);
    if (answer->error)
        refuse(p, answer);
    else if (w->request.verb == LRM_FILTER)
        g_hash_table_insert(p->positions, g_bytes_ref(w->match),
                            GUINT_TO_POINTER(answer->values[0]));
    else if (w->request.verb == LRM_FILTER_REMOVE)
        g_hash_table_remove(p->positions, w->match);
    wish_free(w);
    ask_for_wish(p);
}

/* One after another: where a filter is, is in the answer of who put it there. */
static void ask_for_wish(SliceProgram *p) {
    Wish *w = g_queue_peek_head(&p->wishes);
    void *position;
    if (!w) return;
    if (w->request.verb == LRM_FILTER_REMOVE &&
        g_hash_table_lookup_extended(p->positions, w->match, NULL, &position))
        w->request.position = GPOINTER_TO_UINT(position);
    p->ask(p->lrm, p->v, &w->request, heard, p);
}

static void wish(void *user, const SliceWish *what) {
    static const LrmVerb verbs[] = {[WISH_FILTER_ADD] = LRM_FILTER,
                                    [WISH_FILTER_REMOVE] = LRM_FILTER_REMOVE,
                                    [WISH_SRAM_WRITE] = LRM_SRAM_WRITE};
    SliceProgram *p = user;
    if (!p->running) return;
    Wish *w = g_new0(Wish, 1);
    w->request = (LrmRequest){.verb = verbs[what->what],
                              .slice = p->np,
                              .protocol = IP_PROTOCOL_UDP,
                              .filter = what->filter,
                              .position = UINT32_MAX, /* nobody's */
                              .offset = what->offset,
                              .n = what->n};
    w->match = g_bytes_new(&what->filter.match, 2 * FP_KEY_BYTES); /* key, mask */
    w->request.bytes = w->bytes = g_memdup2(what->bytes, what->n);
    g_queue_push_tail(&p->wishes, w);
    if (p->wishes.length == 1) ask_for_wish(p);
}

/* Life ------------------------------------------------------------------------------------ */

bool slice_program_start(SliceProgram *p, Gpe *gpe, SliceProgramAsk *ask, Lrm *lrm,
                         GError **error) {
    if (!vserver_attach(p->v, gpe, error)) return false;
    sim_cancel(p->base.sim, &p->look);
    p->ask = ask ? ask : ask_kernel;
    p->lrm = lrm;
    p->running = true;
    p->counting = false;
    p->at = p->left = 0;
    p->every = 0;
    p->error = 0;
    p->starts++;
    p->ready_at = SIM_NEVER;
    tell(p, "its vServer runs on %s", gpe->base.name);
    go_on(p, 0);
    return true;
}

void slice_program_row(SliceProgram *p, SimTime at) {
    p->row = at;
    tell(p, "its row is in PlanetLab Central");
}

void slice_program_stop(SliceProgram *p) {
    if (!p->running) return;
    p->running = false;
    g_queue_clear_full(&p->wishes, wish_free);
    g_hash_table_remove_all(p->positions);
    sim_cancel(p->base.sim, &p->wake);
    sim_cancel(p->base.sim, &p->poll);
    vserver_detach(p->v);
    tell(p, "its vServer is gone");
    sim_schedule(p->base.sim, &p->look, LOOK_EVERY);
}

/* Whether all of it has come back; for the story alone. */
static void look(Sim *sim, SimEvent *event) {
    SliceProgram *p = (SliceProgram *)(void *)((char *)event - offsetof(SliceProgram, look));
    if (p->running) return;
    if (vserver_gone(p->v) && (!p->np || slice_gone(p->np)))
        tell(p, "nothing of it is inside any more");
    else
        sim_schedule(sim, event, LOOK_EVERY);
}

/* By itself, on the server of its vServer's settings. */
static void start_here(Sim *sim, SimEvent *event) {
    SliceProgram *p = (SliceProgram *)(void *)((char *)event - offsetof(SliceProgram, begin));
    g_autoptr(GError) error = NULL;
    (void)sim;
    if (!slice_program_start(p, p->v->gpe, NULL, NULL, &error)) {
        p->error = ENOSPC;
        tell(p, "no vServer: %s", error->message);
    }
}

/* Composition ------------------------------------------------------------------------------ */

/* The manager's options are settings of the vServer that it runs in. */
static void set_manager(Composer *c, const char *vserver, const char *np, const char *rest) {
    g_auto(GStrv) words = g_strsplit(rest, " ", -1);
    composer_set(c, "vserver", vserver, "application", "manager");
    composer_set(c, "vserver", vserver, "slice", "%s", np);
    for (unsigned i = 0; words[i]; i++) {
        g_auto(GStrv) parts = g_strsplit(words[i], "=", 2);
        if (parts[0] && parts[1]) composer_set(c, "vserver", vserver, parts[0], "%s", parts[1]);
    }
}

static unsigned number_of(const Composer *c, const char *name) {
    const char *other;
    unsigned n = 0;
    while ((other = composer_nth(c, "program", n)) && strcmp(other, name) != 0) n++;
    return n;
}

static void bring_slice(Composer *c, const char *name, const char *np, const char *rest) {
    g_auto(GStrv) words = g_strsplit(rest, " ", -1);
    composer_section(c, "slice", np);
    composer_set(c, "slice", np, "attached", "no");
    composer_set(c, "slice", np, "exception_port", "%u", FIRST_EXCEPTION_PORT + number_of(c, name));
    for (unsigned i = 0; words[i]; i++)
        if (g_str_has_prefix(words[i], "option="))
            composer_set(c, "slice", np, "code_option", "%s", words[i] + strlen("option="));
}

static bool bring(Composer *c, const char *name, GError **error) {
    const char *slice = composer_value(c, name, "slice"), *steps = composer_value(c, name, "steps");
    g_autofree char *np = g_strconcat(slice, "_np", NULL), *np_rest = NULL, *rest = NULL;
    bool has_np = steps_have(steps, "np_slice", &np_rest),
         manager = steps_have(steps, "manager", &rest);
    unsigned port = steps_udp_port(steps);
    if (!*slice || strstr(slice, "${"))
        return composer_refuse(c, name, "slice", error,
                               "found \"%s\", expected the name of a slice in PLC", slice);
    if (manager && !has_np)
        return composer_refuse(c, name, "steps", error,
                               "found manager without np_slice, expected an NP slice to manage");
    composer_set(c, "program", name, "vserver", "%s", slice);
    slice = composer_value(c, name, "vserver");
    if (has_np) {
        composer_set(c, "program", name, "np_slice", "%s", np);
        bring_slice(c, name, composer_value(c, name, "np_slice"), np_rest);
    }
    bool written = composer_class(c, slice) != NULL;
    composer_section(c, "vserver", slice);
    composer_set(c, "vserver", slice, "attached", "no");
    if (manager) set_manager(c, slice, composer_value(c, name, "np_slice"), rest);
    if (port && !has_np) composer_set(c, "vserver", slice, "udp_port", "%u", port);
    if (!written) composer_set(c, "vserver", slice, "application", "sink");
    return true;
}

static const Composition slice_program_composition = {.bring = bring};

/* Component ------------------------------------------------------------------------------- */

static bool slice_program_create(Component *c, GError **error) {
    SliceProgram *p = (SliceProgram *)c;
    (void)error;
    c->n_ports = 0;
    p->steps = g_array_new(FALSE, TRUE, sizeof(Step));
    g_array_set_clear_func(p->steps, step_clear);
    p->ready_at = SIM_NEVER;
    p->story = g_array_new(FALSE, FALSE, sizeof(Told));
    g_array_set_clear_func(p->story, told_clear);
    g_queue_init(&p->wishes);
    p->positions =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    return true;
}

/* A stock application: what it binds, its library asks for. */
static void add_bind(SliceProgram *p, unsigned n_interfaces) {
    Step s = {.text = g_strdup_printf("port udp %u", (unsigned)p->v->udp_port),
              .request = {.verb = LRM_PORT,
                          .protocol = IP_PROTOCOL_UDP,
                          .port = (uint16_t)p->v->udp_port,
                          .interfaces = (uint32_t)((UINT64_C(1) << n_interfaces) - 1)}};
    g_array_append_val(p->steps, s);
}

static bool unlike_others(const SliceProgram *p, GError **error) {
    const SliceProgram *first = slice_program_find(p->base.network, p->slice_name);
    return first == p ||
           input_error(error, "slice: found %s, whose program is %s, expected another",
                       p->slice_name, first->base.name);
}

static bool not_attached(bool attached, const char *key, const char *name, GError **error) {
    return !attached || input_error(error,
                                    "%s: found %s, which is attached from the start, "
                                    "expected attached = no: its program brings it",
                                    key, name);
}

/* Only an LRM can claim a line card's ports. */
static bool may_start_here(const SliceProgram *p, const Gpe *gpe, GError **error) {
    return p->start == BY_PLC || !*gpe->linecard ||
           input_error(error,
                       "start: found a time, but %s has a line card, whose ports a local "
                       "resource manager claims, expected plc",
                       gpe->base.name);
}

static bool slice_program_begin(Component *c, GError **error) {
    SliceProgram *p = (SliceProgram *)c;
    p->v = (Vserver *)network_find(c->network, p->vserver_name);
    p->np = *p->np_name ? (Slice *)network_find(c->network, p->np_name) : NULL;
    const Gpe *gpe = (const Gpe *)network_find(c->network, p->v->gpe_name);
    if (!unlike_others(p, error) || !may_start_here(p, gpe, error) ||
        !not_attached(p->v->attached_at_start, "vserver", p->vserver_name, error) ||
        (p->np && (!not_attached(p->np->attached_at_start, "np_slice", p->np_name, error) ||
                   !slice_settle(p->np, error))) ||
        !steps_read(p->steps_text, p->np, (unsigned)gpe->n_interfaces, p->steps, error))
        return false;
    if (p->np) {
        p->np->voice = wish;
        p->np->voice_user = p;
    }
    if (!p->np && !steps_have(p->steps_text, "port", NULL))
        add_bind(p, (unsigned)gpe->n_interfaces);
    sim_event_init(&p->begin, start_here, &c->owner);
    sim_event_init(&p->poll, poll_counters, &c->owner);
    sim_event_init(&p->look, look, &c->owner);
    sim_event_init(&p->wake, run, &c->owner);
    if (p->start != BY_PLC) sim_schedule(c->sim, &p->begin, p->start);
    return true;
}

/* A scenario whose slices come through the front door waits for them; traffic for one that is not
 * there would measure nothing. */
static bool slice_program_check(Component *c, GError **error) {
    const SliceProgram *p = (const SliceProgram *)c;
    SimTime zero = network_zero(c->network);
    if (p->row >= zero || p->start != BY_PLC || p->ready_at <= zero) return true;
    return invariant_error(error,
                           "%s: %s was not in service when the scenario began, %g s after the node "
                           "had booted; what its steps were refused for is in the story; or set a "
                           "longer service_after",
                           c->name, p->slice_name, (double)zero / 1e12);
}

static void slice_program_report(Component *c, Report *report) {
    const SliceProgram *p = (const SliceProgram *)c;
    bool ready = p->starts && p->ready_at != SIM_NEVER;
    const Account *a = p->np ? &p->np->account : &p->v->account;
    for (unsigned i = 0; i < p->story->len; i++) {
        const Told *told = &g_array_index(p->story, Told, i);
        report_story(report, told->time, "%s: %s", p->slice_name, told->text);
    }
    if (a->out) report_story(report, a->first, "%s: its first packet has left", p->slice_name);
    report_scalar(report, "steps_done", p->done, "steps");
    report_scalar(report, "steps_refused", p->refused, "steps");
    report_scalar(report, "errno", p->error, "number");
    report_scalar(report, "ready_s", ready ? (double)p->ready_at / 1e12 : NAN, "s");
    report_scalar(report, "polls", p->polls, "polls");
    report_scalar(report, "time_to_first_packet_s",
                  a->out ? (double)(a->first - p->row) / 1e12 : NAN, "s");
}

static void slice_program_free(Component *c) {
    SliceProgram *p = (SliceProgram *)c;
    if (p->steps) g_array_unref(p->steps);
    if (p->story) g_array_unref(p->story);
    g_queue_clear_full(&p->wishes, wish_free);
    if (p->positions) g_hash_table_unref(p->positions);
}

static const Param slice_program_params[] = {
    PARAM_TEXT("slice", SliceProgram, slice_name, "", "the slice in PLC whose vServer runs it",
               "scenario"),
    PARAM_TEXT("steps", SliceProgram, steps_text, "",
               "what it asks for, STEP; STEP; ..., each with `try` in front if the next is to "
               "follow even when it is refused; empty: a stock application, for which its library "
               "asks for the vServer's udp_port",
               "SPP paper 6"),
    PARAM_NAME("vserver", SliceProgram, vserver_name, "", "vserver",
               "where it runs; made, by the slice's name, unless it is written", "scenario"),
    PARAM_NAME("np_slice", SliceProgram, np_name, "", "slice",
               "what np_slice attaches; made, by the slice's name and _np", "scenario"),
    PARAM_WORDS("start", TIME, SliceProgram, start, "plc", "0", "1000s", "plc=2000s",
                "when it starts by itself, on a server without an LRM; plc: when the node makes "
                "its slice's sliver",
                "scenario"),
    {0}};

static const Scalar slice_program_scalars[] = {
    {"steps_done", "steps", "that were carried out"},
    {"steps_refused", "steps", "that were refused"},
    {"errno", "number", "of the last step that was refused, as Linux numbers errors; 0: none was"},
    {"ready_s", "s", "when its last step was over", "its last step was over"},
    {"polls", "polls", "of counters that were answered"},
    {"time_to_first_packet_s", "s",
     "from its slice's row in PLC to the last bit of the first packet that left the node",
     "a packet left"},
    {0}};

const ComponentClass slice_program_class = {
    .name = "program",
    .text = "what the owner of a slice runs in its vServer, step by step",
    .ports = "none",
    .size = sizeof(SliceProgram),
    .params = slice_program_params,
    .composition = &slice_program_composition,
    .choice = steps_choice,
    .create = slice_program_create,
    .start = slice_program_begin,
    .check = slice_program_check,
    .scalars = slice_program_scalars,
    .report = slice_program_report,
    .free = slice_program_free,
};
