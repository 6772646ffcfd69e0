/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/control/transaction.h: several things at several places, all of them or none. Steps go
 * forth one after another. When one is refused, or nobody answers, those that were done, and the
 * one of which nobody knows, go back in reverse order; what is to go back and is not answered is
 * asked again after `retry`, for as long as it takes. When all steps are done the transaction is
 * what is held, and giving it up is its steps going back.
 *
 * Each step is a call or something that is done here. What a step says is written when it is its
 * turn, so it may depend on the answers of those before it. The list of steps is taken to be on
 * disk: a daemon that is started again takes back what it was in the middle of. */
#pragma once

#include "components/control/site.h"

typedef struct Transaction Transaction;

typedef struct {
    unsigned kind, of; /* the owner's own words for it */
    /* A call: what it says. False: there is nothing to say, in this direction. */
    bool (*write)(void *user, unsigned of, bool forth, MessageWriter *w, StationPlace *peer,
                  Service *service);
    /* What was answered on the way forth; errno, if that was no. Or NULL. */
    int (*answered)(void *user, unsigned of, const Message *answer);
    /* Not a call: done here; errno. */
    int (*act)(void *user, unsigned of, bool forth);
} TransactionStep;

typedef enum { GOING_FORTH, HELD, GOING_BACK, GONE } TransactionState;

/* All steps are done (error 0), or what was is undone, or at least waits for somebody who does not
 * answer. text: what was refused, of an error. Once. */
typedef void TransactionDone(void *user, int error, const char *text);
/* Everything has gone back. The transaction may be freed. */
typedef void TransactionGone(void *user);

Transaction *transaction_new(Agent *d, const SimTime *retry, TransactionDone *done,
                             TransactionGone *gone, void *user);
void transaction_free(Transaction *t);
/* Behind those that there are; before it runs. */
void transaction_add(Transaction *t, const TransactionStep *step);
void transaction_run(Transaction *t);
/* As if it had run: only the way back is wanted. */
void transaction_hold(Transaction *t);
/* Give it up, whatever it is doing. `done` is not called any more. */
void transaction_undo(Transaction *t);
TransactionState transaction_state(const Transaction *t);
/* The daemon was stopped, and is there again. */
void transaction_stop(Transaction *t);
void transaction_resume(Transaction *t);
