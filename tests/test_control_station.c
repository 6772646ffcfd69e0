/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Stations over a wire that loses, doubles and delays frames. The oracle knows what became of every
 * frame, and nothing of stations: from that it says for each call how often and when it is sent,
 * whether it is carried out, and when and how it ends. */
#include "components/control/station.h"

#include <errno.h>

#include "tests/check.h"
#include "tests/dice.h"

enum { STATIONS = 3, CALLS = 3000, SENDINGS = 6 };
#define TIMEOUT (200 * SIM_MS)

/* The wire, and all that happened ------------------------------------------------------------- */

typedef struct {
    SimTime made, sent[SENDINGS], reached; /* reached: the first request to arrive */
    SimTime answered;                      /* the first answer to arrive */
    SimTime worked_until;
    unsigned n_sent, n_done, n_carried_out, n_answers;
    unsigned again, late; /* requests that arrive when it is answered, within memory and later */
    int error;
    uint32_t result;
} Log;

typedef struct {
    SimEvent event;
    struct Wire *wire;
    Packet *pkt;
    unsigned to;
} Flight;

typedef struct Work {
    SimEvent event;
    struct Wire *wire;
    StationRequest *request;
    uint64_t number;
} Work;

typedef struct Wire {
    Component base;
    Station *station[STATIONS];
    SimEvent next;
    unsigned made, lose, twice; /* of 100 */
    SimTime latest;             /* a frame takes 0 to so long */
    bool refuse;                /* every seventh */
    Log log[CALLS];
    GPtrArray *pending; /* flights and works, to free at the end */
} Wire;

static StationPlace place(unsigned n) {
    return (StationPlace){{2, 0, 0, 2, 0, (uint8_t)n}, 0x0a008000 + n};
}

/* What the frame is about: the number of the call. */
static uint32_t number_in(const Packet *pkt, bool *request) {
    MessageEnd from, to;
    Message m;
    g_assert(message_frame_read(pkt->data, pkt->length, &from, &to, &m, NULL));
    *request = to.port != SERVICE_CLIENT;
    return message_u32(&m, TAG_NUMBER, 0);
}

static void arrive(Sim *sim, SimEvent *event) {
    Flight *f = (Flight *)(void *)event;
    bool request;
    Log *log = &f->wire->log[number_in(f->pkt, &request)];
    SimTime *first = request ? &log->reached : &log->answered, now = sim_now(sim);
    if (!*first) *first = now;
    if (request && log->worked_until && now > log->worked_until)
        *(now < log->reached + SENDINGS * TIMEOUT ? &log->again : &log->late) += 1;
    station_receive(f->wire->station[f->to], f->pkt);
}

static void fly(Wire *w, Packet *pkt, unsigned to) {
    Flight *f = g_new0(Flight, 1);
    g_ptr_array_add(w->pending, f);
    f->wire = w;
    f->pkt = pkt;
    f->to = to;
    sim_event_init(&f->event, arrive, &w->base.owner);
    sim_schedule(w->base.sim, &f->event, 1 + dice(w->latest));
}

static void wire_send(void *user, Packet *pkt) {
    Wire *w = user;
    bool request;
    unsigned to = pkt->data[5];
    Log *log = &w->log[number_in(pkt, &request)];
    if (request)
        log->sent[log->n_sent++] = sim_now(w->base.sim);
    else
        log->n_answers++;
    if (dice(100) < w->twice) {
        Packet *copy = packet_new(w->base.packets, &w->base.owner, pkt->length);
        memcpy(copy->data, pkt->data, pkt->length);
        fly(w, copy, to);
    }
    if (dice(100) < w->lose)
        packet_deliver(pkt);
    else
        fly(w, pkt, to);
}

static uint32_t result_of(uint64_t number) {
    return (uint32_t)(number * 7919 + 1);
}

static void work_over(Sim *sim, SimEvent *event) {
    Work *work = (Work *)(void *)event;
    Station *st = work->wire->station[0];
    MessageWriter m;
    bool refused = work->wire->refuse && work->number % 7 == 0;
    (void)sim;
    message_begin(&m, refused ? MESSAGE_REFUSED : MESSAGE_DONE, 0);
    message_put_u32(&m, TAG_NUMBER, (uint32_t)work->number);
    message_put_u32(&m, TAG_COUNT, result_of(work->number));
    if (refused) message_put_u32(&m, TAG_ERROR, ENOSPC);
    station_answer(st, work->request, &m);
}

/* Works on it for a while, up to twice the timeout. */
static void serve(void *user, StationRequest *request) {
    Wire *w = user;
    Work *work = g_new0(Work, 1);
    g_ptr_array_add(w->pending, work);
    work->wire = w;
    work->request = request;
    work->number = message_u32(&request->message, TAG_NUMBER, 0);
    Log *log = &w->log[work->number];
    log->n_carried_out++;
    sim_event_init(&work->event, work_over, &w->base.owner);
    SimTime takes = dice(4) ? dice(SIM_MS) : dice(2 * TIMEOUT);
    log->worked_until = sim_now(w->base.sim) + takes;
    sim_schedule(w->base.sim, &work->event, takes);
}

static void done(void *user, int error, const Message *answer) {
    Log *log = user;
    log->n_done++;
    log->error = error;
    log->result = answer ? message_u32(answer, TAG_COUNT, 0) : 0;
}

static void make_call(Sim *sim, SimEvent *event) {
    Wire *w = (Wire *)(void *)((char *)event - offsetof(Wire, next));
    StationPlace server = place(0);
    MessageWriter m;
    Log *log = &w->log[w->made];
    message_begin(&m, MESSAGE_PORT_RESERVE, 1);
    message_put_u32(&m, TAG_NUMBER, w->made);
    log->made = sim_now(sim);
    station_call(w->station[1 + w->made % 2], &server, SERVICE_GRM, &m, done, log);
    if (++w->made < CALLS) sim_schedule(sim, event, dice(20 * SIM_MS) + 1);
}

static bool wire_create(Component *c, GError **error) {
    Wire *w = (Wire *)c;
    const StationSettings settings = {.timeout = TIMEOUT, .resends = SENDINGS - 1};
    (void)error;
    c->n_ports = 0;
    w->pending = g_ptr_array_new_with_free_func(g_free);
    for (unsigned i = 0; i < STATIONS; i++) {
        StationPlace at = place(i);
        w->station[i] = station_new(c, &at, &settings, wire_send, w);
    }
    station_serve(w->station[0], SERVICE_GRM, serve, w);
    sim_event_init(&w->next, make_call, &c->owner);
    return true;
}

static void wire_free(Component *c) {
    Wire *w = (Wire *)c;
    for (unsigned i = 0; i < STATIONS; i++) station_free(w->station[i]);
    g_ptr_array_unref(w->pending);
}

static void wire_receive(Component *c, unsigned port, Packet *pkt) {
    (void)c, (void)port;
    packet_deliver(pkt);
}

static const Param no_params[] = {{0}};
static const ComponentClass wire_class = {.name = "wire",
                                          .text = "stations, and what is between them",
                                          .ports = "none",
                                          .size = sizeof(Wire),
                                          .params = no_params,
                                          .create = wire_create,
                                          .receive = wire_receive,
                                          .free = wire_free};

typedef struct {
    Network *net;
    Wire *wire;
    NetworkOptions options;
} World;

static World world_new(unsigned lose, unsigned twice, SimTime latest) {
    World world = {.options = {.seed = 1}};
    const Component *failed;
    world.net = network_new(&world.options);
    world.wire = (Wire *)(void *)network_add(world.net, &wire_class, "wire");
    world.wire->lose = lose;
    world.wire->twice = twice;
    world.wire->latest = latest;
    g_assert(network_create(world.net, NULL) && network_start(world.net, &failed, NULL));
    return world;
}

static void world_end(World *world) {
    g_autoptr(GError) error = NULL;
    CHECK(network_stop(world->net, &error));
    if (error) printf("  %s\n", error->message);
    network_free(world->net);
}

static void world_run(World *world) {
    network_run(world->net, SIM_NEVER, 100 * SIM_S, SIM_S, NULL, NULL);
}

/* The oracle --------------------------------------------------------------------------------- */

static void compare_call(const Log *log, uint64_t number, bool refuses, SimTime limit) {
    /* It ends with the first answer, or after the last timeout. An answer that arrives at the very
     * time at which it is given up is a tie that the dice do not throw. */
    SimTime given_up = log->made + SENDINGS * TIMEOUT;
    bool in_time = log->answered && log->answered < given_up;
    SimTime end = in_time ? log->answered : given_up;
    unsigned sendings = 0;
    while (sendings < SENDINGS && log->made + sendings * TIMEOUT < end) sendings++;
    CHECK_U64(log->n_sent, sendings);
    for (unsigned i = 0; i < log->n_sent; i++) CHECK_U64(log->sent[i], log->made + i * TIMEOUT);
    CHECK_U64(log->n_done, 1);
    /* Once, if one of its requests got there while the server still remembered its client. */
    CHECK(log->n_carried_out <= 1);
    if (log->reached && log->reached < log->made + limit) CHECK_U64(log->n_carried_out, 1);
    if (!log->reached) CHECK_U64(log->n_carried_out, 0);
    /* And answered, to everybody who asks in time. */
    unsigned answers = log->n_carried_out + log->again;
    CHECK(answers <= log->n_answers && log->n_answers <= answers + log->late);
    int error = in_time ? (refuses && number % 7 == 0 ? ENOSPC : 0) : ETIMEDOUT;
    CHECK_U64(log->error, error);
    CHECK_U64(log->result, in_time ? result_of(number) : 0);
    if (in_time) CHECK(log->n_carried_out == 1 && log->worked_until <= log->answered);
}

static void trial(unsigned lose, unsigned twice, SimTime latest, bool refuse, bool *lost_some) {
    World world = world_new(lose, twice, latest);
    Wire *w = world.wire;
    unsigned gave_up = 0, resent = 0;
    w->refuse = refuse;
    sim_schedule(w->base.sim, &w->next, 1);
    network_busy(world.net, 1); /* until the last call was made */
    network_run(world.net, SIM_S, 0, SIM_S, NULL, NULL);
    while (w->made < CALLS)
        network_run(world.net, sim_now(w->base.sim) + SIM_S, 0, SIM_S, NULL, NULL);
    network_busy(world.net, -1);
    world_run(&world);
    for (unsigned i = 0; i < CALLS; i++) {
        compare_call(&w->log[i], i, refuse, SENDINGS * TIMEOUT);
        gave_up += w->log[i].error == ETIMEDOUT;
        resent += w->log[i].n_sent - 1;
    }
    StationCounts n = {0};
    for (unsigned i = 1; i < STATIONS; i++) {
        StationCounts one = station_counts(w->station[i]);
        n.calls += one.calls, n.resent += one.resent, n.lost += one.lost;
    }
    CHECK_U64(n.calls, CALLS);
    CHECK_U64(n.lost, gave_up);
    CHECK_U64(n.resent, resent);
    *lost_some = gave_up > 0;
    world_end(&world);
}

static void calls_on_a_good_wire_are_answered_once(void) {
    bool lost;
    trial(0, 0, SIM_MS, true, &lost);
    CHECK(!lost);
}

static void calls_on_a_bad_wire_do_as_the_oracle_says(void) {
    static const struct {
        unsigned lose, twice;
        SimTime latest;
    } wires[] = {{20, 0, SIM_MS},
                 {0, 50, SIM_MS},
                 {0, 30, 3 * TIMEOUT},
                 {60, 30, 2 * TIMEOUT},
                 {40, 60, 20 * TIMEOUT}};
    unsigned with_losses = 0;
    for (unsigned i = 0; i < G_N_ELEMENTS(wires); i++) {
        bool lost;
        dice_seed(i);
        trial(wires[i].lose, wires[i].twice, wires[i].latest, i % 2, &lost);
        with_losses += lost;
    }
    CHECK(with_losses >= 2);
}

/* Single cases ------------------------------------------------------------------------------- */

static uint64_t call_now(World *world, unsigned from, unsigned number, Service service) {
    StationPlace server = place(0);
    MessageWriter m;
    message_begin(&m, MESSAGE_PORT_RESERVE, 1);
    message_put_u32(&m, TAG_NUMBER, number);
    Log *log = &world->wire->log[number];
    log->made = sim_now(world->wire->base.sim);
    return station_call(world->wire->station[from], &server, service, &m, done, log);
}

static void nobody_answers_for_a_service_that_is_not_there(void) {
    World world = world_new(0, 0, SIM_MS);
    call_now(&world, 1, 0, SERVICE_LRM);
    world_run(&world);
    CHECK_U64(world.wire->log[0].error, ETIMEDOUT);
    CHECK_U64(station_counts(world.wire->station[0]).unknown, SENDINGS);
    world_end(&world);
}

static void a_call_to_itself_stays_inside(void) {
    World world = world_new(100, 0, SIM_MS);
    call_now(&world, 0, 1, SERVICE_GRM);
    world_run(&world);
    CHECK_U64(world.wire->log[1].error, 0);
    CHECK_U64(world.wire->log[1].n_carried_out, 1);
    CHECK_U64(station_counts(world.wire->station[0]).bytes, 0);
    world_end(&world);
}

static void who_has_cancelled_hears_nothing(void) {
    World world = world_new(0, 0, SIM_MS);
    station_cancel(world.wire->station[1], call_now(&world, 1, 1, SERVICE_GRM));
    world_run(&world);
    CHECK_U64(world.wire->log[1].n_done, 0);
    CHECK_U64(world.wire->log[1].n_carried_out, 1);
    world_end(&world);
}

/* A daemon dies over a request, and comes back: the request, sent again, is not carried out twice;
 * another one is. */
static void what_died_with_a_daemon_is_not_carried_out_again(void) {
    World world = world_new(0, 0, 2);
    Wire *w = world.wire;
    call_now(&world, 1, 1, SERVICE_GRM);
    while (!w->log[1].n_carried_out) sim_run_until(w->base.sim, sim_next_time(w->base.sim));
    for (unsigned i = 0; i < w->pending->len; i++) /* a flight, or the work: never done */
        sim_cancel(w->base.sim, w->pending->pdata[i]);
    station_forget(w->station[0], w);
    call_now(&world, 1, 2, SERVICE_GRM); /* nobody is there */
    sim_run_until(w->base.sim, sim_now(w->base.sim) + TIMEOUT / 2);
    CHECK_U64(w->log[2].n_carried_out, 0);
    station_serve(w->station[0], SERVICE_GRM, serve, w);
    world_run(&world);
    CHECK_U64(w->log[1].n_carried_out, 1);
    CHECK_U64(w->log[1].error, ETIMEDOUT);
    CHECK_U64(w->log[2].n_carried_out, 1);
    CHECK_U64(w->log[2].error, 0);
    world_end(&world);
}

static void frames_without_a_message_are_counted(void) {
    World world = world_new(0, 0, SIM_MS);
    Component *c = &world.wire->base;
    for (unsigned i = 0; i < 3; i++) {
        Packet *pkt = packet_new(c->packets, &c->owner, 60 + i);
        memset(pkt->data, (int)i, pkt->length);
        station_receive(world.wire->station[0], pkt);
    }
    CHECK_U64(station_counts(world.wire->station[0]).bad, 3);
    world_end(&world);
}

int main(void) {
    static const Test tests[] = {TEST(calls_on_a_good_wire_are_answered_once),
                                 TEST(calls_on_a_bad_wire_do_as_the_oracle_says),
                                 TEST(nobody_answers_for_a_service_that_is_not_there),
                                 TEST(a_call_to_itself_stays_inside),
                                 TEST(who_has_cancelled_hears_nothing),
                                 TEST(what_died_with_a_daemon_is_not_carried_out_again),
                                 TEST(frames_without_a_message_are_counted),
                                 {0}};
    return run_tests("control_station", tests);
}
