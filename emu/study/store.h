/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/study/store.h: where the runs of a study are kept.
 *
 *   FOLDER/study.json    which study this is: its identity, the build of its runs, seed, scenario
 *   FOLDER/study.ini     its scenario, whole, in one file; resolved.ini: its first point's values
 *   FOLDER/records/ID/   one record for each finished run (emu/study/record.h)
 *   FOLDER/records/ID.claim   who is computing it (emu/study/lock.h)
 *   FOLDER/study.lock    who is changing anything else
 *   and what is drawn from the records (emu/study/results.h)
 *
 * A run's identity is a hash of the resolved parameters, the contents of input files, the seed, the
 * repetition and the program's build-id. A study's identity is a hash of its scenario's name and of
 * the identities of its points; the number of repetitions, pictures and claims may change. A folder
 * belongs to one study. */
#pragma once

#include "emu/study/lock.h"
#include "emu/scenario/scenario.h"

typedef struct Store Store;

typedef struct {
    unsigned point, repetition;
    bool wanted; /* to be computed if there is no record */
} RunKey;

/* Join the study in `folder`, or make it there, holding the folder's lock. `force`: discard another
 * study's results that are there. Fails if somebody holds the lock; if the folder holds another
 * study (G_FILE_ERROR_EXIST), results of 0.1.0, or anything that is not ours. Borrows `scenario`.
 */
Store *store_open(const Scenario *scenario, uint64_t seed, unsigned repeat, const char *folder,
                  bool force, GError **error);
/* The same without lock, writing nothing: to see what is there. */
Store *store_look(const Scenario *scenario, uint64_t seed, unsigned repeat, const char *folder);
/* Whether `folder` holds another study, so that a default name must say how this one differs:
 * "build=1a2b3c4d" or "scenario=1a2b3c4d"; NULL if it is free or this study's. Caller frees. */
char *store_difference(const Scenario *scenario, uint64_t seed, const char *folder);
/* The study that is in `folder`, from what is written there. With the lock if `lock`. */
Store *store_load(const char *folder, const ComponentClass *const *classes, bool lock,
                  GError **error);
/* Gives up the lock. */
void store_close(Store *store);
/* In a forked child: the parent keeps the lock. */
void store_forget_lock(Store *store);

const Scenario *store_scenario(const Store *store);
uint64_t store_seed(const Store *store);
unsigned store_repeat(const Store *store);
const char *store_folder(const Store *store);
const char *store_build(const Store *store);    /* build-id of the runs */
const char *store_identity(const Store *store); /* of the study */
bool store_was_stale(const Store *store);       /* its lock was left by a process that died */

/* Identity of a run, 32 hexadecimal digits, and the folder of its record; callers free. */
char *store_run(const Store *store, unsigned point, unsigned repetition);
char *store_record(const Store *store, const char *identity);
/* Claim a run for this process; see lock_take. */
Lock *store_claim(const Store *store, const char *identity, const char *as, GError **error);
/* A fresh folder to compute a run in; caller frees. */
char *store_workspace(const Store *store, const char *identity, GError **error);
/* Whether a folder holds results of sppemu, of whatever build. */
bool store_is_one(const char *folder);
/* Remove results of sppemu, and nothing else: false and an error if somebody holds the folder or
 * computes one of its runs, if they are not ours, or if anything else lies among them. */
bool store_remove(const char *folder, GError **error);
/* Remove what processes left that died in the middle of a run. */
void store_sweep(const Store *store);
