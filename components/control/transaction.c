/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `at` is the step that goes forth or back now. */
#include "components/control/transaction.h"

#include <errno.h>

struct Transaction {
    Agent *agent;
    const SimTime *retry;
    TransactionDone *done;
    TransactionGone *gone;
    void *user;
    GArray *steps;
    TransactionState state;
    unsigned at;
    bool given_up; /* while it goes forth: it is to go back at the next answer */
    int error;     /* why it goes back */
    char *text;
    SimEvent again;
};

static void forth(Transaction *t);
static void back(Transaction *t);

static void go_on(Sim *sim, SimEvent *event) {
    Transaction *t = (Transaction *)(void *)((char *)event - offsetof(Transaction, again));
    (void)sim;
    if (t->agent->alive) back(t);
}

Transaction *transaction_new(Agent *d, const SimTime *retry, TransactionDone *done,
                             TransactionGone *gone, void *user) {
    Transaction *t = g_new0(Transaction, 1);
    *t = (Transaction){.agent = d, .retry = retry, .done = done, .gone = gone, .user = user};
    t->steps = g_array_new(FALSE, TRUE, sizeof(TransactionStep));
    sim_event_init(&t->again, go_on, &agent_component(d)->owner);
    return t;
}

void transaction_free(Transaction *t) {
    if (!t) return;
    sim_cancel(agent_sim(t->agent), &t->again);
    g_array_unref(t->steps);
    g_free(t->text);
    g_free(t);
}

void transaction_add(Transaction *t, const TransactionStep *step) {
    g_array_append_vals(t->steps, step, 1);
}

TransactionState transaction_state(const Transaction *t) {
    return t->state;
}

static const TransactionStep *step_of(const Transaction *t) {
    return &g_array_index(t->steps, TransactionStep, t->at);
}

static void tell(Transaction *t, int error) {
    TransactionDone *done = t->done;
    t->done = NULL;
    if (done) done(t->user, error, error ? t->text : NULL);
}

/* Forth ----------------------------------------------------------------------------------- */

/* `known`: the step was not done, so that it need not go back. */
static void fail(Transaction *t, int error, const char *text, bool known) {
    t->error = error;
    t->text = g_strdup(text ? text : g_strerror(error));
    t->state = GOING_BACK;
    if (!known) t->at++;
    back(t);
}

static void step_answered(void *user, int error, const Message *answer) {
    Transaction *t = user;
    const TransactionStep *s = step_of(t);
    bool refused = error && answer;
    if (!error && s->answered) error = s->answered(t->user, s->of, answer);
    if (error)
        fail(t, error, answer ? message_text(answer, TAG_TEXT) : "nobody answered", refused);
    else if (t->given_up)
        fail(t, ECANCELED, NULL, false);
    else {
        t->at++;
        forth(t);
    }
}

static void forth(Transaction *t) {
    for (; t->at < t->steps->len; t->at++) {
        const TransactionStep *s = step_of(t);
        MessageWriter w;
        StationPlace peer;
        Service service;
        if (s->act) {
            int error = s->act(t->user, s->of, true);
            if (error) {
                fail(t, error, NULL, true);
                return;
            }
        } else if (s->write(t->user, s->of, true, &w, &peer, &service)) {
            agent_call(t->agent, &peer, service, &w, step_answered, t);
            return;
        }
    }
    t->state = HELD;
    tell(t, 0);
}

void transaction_run(Transaction *t) {
    forth(t);
}

/* Back ------------------------------------------------------------------------------------ */

/* A refusal to take back means that there is nothing to take back. */
static void step_went_back(void *user, int error, const Message *answer) {
    Transaction *t = user;
    (void)answer;
    if (error == ETIMEDOUT) {
        sim_schedule(agent_sim(t->agent), &t->again, *t->retry);
        tell(t, t->error);
        return;
    }
    t->at--;
    back(t);
}

static void back(Transaction *t) {
    for (; t->at > 0; t->at--) {
        const TransactionStep *s = &g_array_index(t->steps, TransactionStep, t->at - 1);
        MessageWriter w;
        StationPlace peer;
        Service service;
        if (s->act) {
            s->act(t->user, s->of, false);
        } else if (s->write(t->user, s->of, false, &w, &peer, &service)) {
            agent_call(t->agent, &peer, service, &w, step_went_back, t);
            return;
        }
    }
    t->state = GONE;
    tell(t, t->error);
    t->gone(t->user);
}

void transaction_undo(Transaction *t) {
    t->done = NULL;
    if (t->state == GOING_FORTH) {
        t->given_up = true;
    } else if (t->state == HELD) {
        t->state = GOING_BACK;
        if (t->agent->alive) back(t);
    }
}

void transaction_hold(Transaction *t) {
    t->at = t->steps->len;
    t->state = HELD;
}

void transaction_stop(Transaction *t) {
    sim_cancel(agent_sim(t->agent), &t->again);
}

void transaction_resume(Transaction *t) {
    if (t->state == GOING_FORTH) {
        t->error = ECANCELED;
        t->state = GOING_BACK;
        t->at++; /* of the step that it was in nobody knows */
        back(t);
    } else if (t->state == GOING_BACK) {
        back(t);
    }
}
