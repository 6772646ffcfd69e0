/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The store. study.json is written last when a study is made, so that a folder without it is a
 * study that never began. */
#include "emu/study/store.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "emu/study/build.h"
#include "emu/study/file.h"

#define SCHEMA "sppemu-study-1"
#define LOCK "study.lock"

struct Store {
    const Scenario *scenario;
    Scenario *own; /* the scenario, if it was read from study.ini */
    uint64_t seed;
    unsigned repeat;
    char *folder, *build, *identity;
    Lock *lock;
    bool stale;
};

enum { RUN_DIGITS = 32 };

/* Identities ------------------------------------------------------------------------------ */

static char *run_identity(const Scenario *s, uint64_t seed, const char *build, unsigned point,
                          unsigned repetition) {
    g_autofree char *scenario = scenario_identity(s, point);
    g_autofree char *text = g_strdup_printf("%s seed %" G_GUINT64_FORMAT " repetition %u build %s",
                                            scenario, seed, repetition, build);
    char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
    sum[RUN_DIGITS] = 0;
    return sum;
}

static char *study_identity(const Scenario *s, uint64_t seed, const char *build) {
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(sum, (const guchar *)scenario_name(s), -1);
    for (unsigned i = 0; i < scenario_n_points(s); i++) {
        g_autofree char *run = run_identity(s, seed, build, i, 0);
        g_checksum_update(sum, (const guchar *)run, -1);
    }
    return g_strdup(g_checksum_get_string(sum));
}

char *store_run(const Store *store, unsigned point, unsigned repetition) {
    return run_identity(store->scenario, store->seed, store->build, point, repetition);
}

/* study.json ------------------------------------------------------------------------------ */

static char *in(const char *folder, const char *name) {
    return g_build_filename(folder, name, NULL);
}

static json_t *read_study(const char *folder) {
    g_autofree char *path = in(folder, "study.json");
    json_t *study = json_load_file(path, 0, NULL);
    const char *schema = json_string_value(json_object_get(study, "schema"));
    if (schema && !strcmp(schema, SCHEMA)) return study;
    json_decref(study);
    return NULL;
}

static const char *text_of(const json_t *study, const char *key) {
    const char *text = json_string_value(json_object_get(study, key));
    return text ? text : "";
}

/* Paths that parameters take, and how they were written: study.ini has them absolute. */
static json_t *spelling(const Scenario *s) {
    json_t *files = json_object();
    for (unsigned i = 0; i < scenario_n_parameters(s); i++)
        for (unsigned p = 0; p < scenario_n_points(s); p++) {
            g_autofree char *path = scenario_parameter_path(s, p, i);
            if (!path) break;
            json_object_set_new(files, path, json_string(scenario_parameter(s, p, i).value));
        }
    return files;
}

static bool write_study(const Store *store, GError **error) {
    const char *version = SPPEMU_VERSION;
    json_t *study = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:i, s:i}", "schema", SCHEMA,
                              "scenario", scenario_name(store->scenario), "identity",
                              store->identity, "build", store->build, "version", version, "seed",
                              (json_int_t)store->seed, "repeat", (int)store->repeat, "runs",
                              (int)(scenario_n_points(store->scenario) * store->repeat));
    json_t *parameters = json_array();
    for (unsigned i = 0; i < scenario_n_parameters(store->scenario); i++)
        json_array_append_new(parameters,
                              json_string(scenario_parameter(store->scenario, 0, i).name));
    json_object_set_new(study, "parameters", parameters);
    const char *timing = scenario_timing(store->scenario);
    json_object_set_new(study, "timing", timing ? json_string(timing) : json_null());
    json_object_set_new(study, "files", spelling(store->scenario));
    json_t *plots = json_array();
    for (unsigned i = 0; i < scenario_n_plots(store->scenario); i++)
        json_array_append_new(plots, json_string(scenario_plot(store->scenario, i)->name));
    json_object_set_new(study, "plots", plots);
    char *text = json_dumps(study, JSON_INDENT(1) | JSON_SORT_KEYS);
    if (!text) { /* jansson holds UTF-8 only */
        json_decref(study);
        return input_error(error, "%s: found a name that is not UTF-8 among parameters and files",
                           store->folder);
    }
    g_autofree char *json = in(store->folder, "study.json"), *ini = in(store->folder, "study.ini"),
                    *values = in(store->folder, "resolved.ini"),
                    *flat = scenario_flat(store->scenario),
                    *resolved = scenario_resolved(store->scenario, 0);
    bool ok = file_replace(ini, flat, strlen(flat), error) &&
              file_replace(values, resolved, strlen(resolved), error) &&
              file_replace(json, text, strlen(text), error);
    free(text);
    json_decref(study);
    return ok;
}

/* The folder ------------------------------------------------------------------------------ */

/* What a folder holds before any study began in it, or was killed at it. */
static bool is_empty(const char *folder) {
    g_autoptr(GPtrArray) names = folder_names(folder);
    for (unsigned i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];
        if (strcmp(name, LOCK) != 0 && strcmp(name, "study.ini") != 0 &&
            strcmp(name, "resolved.ini") != 0 && !g_str_has_suffix(name, ".tmp"))
            return false;
    }
    return true;
}

static bool holds_old_results(const char *folder) {
    g_autofree char *path = in(folder, "manifest.json");
    json_t *manifest = json_load_file(path, 0, NULL);
    bool old = g_str_has_prefix(text_of(manifest, "schema"), "sppemu-run");
    json_decref(manifest);
    return old;
}

/* What a study owns ----------------------------------------------------------------------- */

static bool is_link_to(const char *folder, const char *name, const char *prefix) {
    g_autofree char *path = in(folder, name), *target = g_file_read_link(path, NULL);
    return target && g_str_has_prefix(target, prefix);
}

/* Pictures and their data: NAME.tsv, .gp, .svg, .png, .pdf of the plots that study.json lists. */
static bool is_plot(const json_t *study, const char *name) {
    const json_t *plots = json_object_get(study, "plots");
    for (size_t i = 0; i < json_array_size(plots); i++) {
        const char *plot = json_string_value(json_array_get(plots, i));
        size_t n = plot ? strlen(plot) : 0;
        static const char *const ends[] = {".tsv", ".gp", ".svg", ".png", ".pdf", NULL};
        if (n && !strncmp(name, plot, n) && g_strv_contains(ends, name + n)) return true;
    }
    return false;
}

/* 0.1.0 kept no list of what it wrote. */
static bool is_old(const char *name) {
    static const char *const ends[] = {".tsv", ".gp", ".svg", ".png", ".pcap", ".txt"};
    for (unsigned i = 0; i < G_N_ELEMENTS(ends); i++)
        if (g_str_has_suffix(name, ends[i])) return true;
    return false;
}

static bool is_ours(const char *folder, const json_t *study, const char *name) {
    static const char *const names[] = {
        "records",         "study.json",  "study.ini",      "resolved.ini",
        "runs.tsv",        "columns.tsv", "runs.units.tsv", /* of earlier builds */
        "summary.tsv",     "claims.tsv",  "manifest.json",  LOCK,
        "sensitivity.tsv", "choices.tsv", "compare.tsv",    NULL};
    if (g_strv_contains(names, name) || is_plot(study, name)) return true;
    if (g_str_has_prefix(name, "tornado-")) return true;
    if (g_str_has_suffix(name, ".tmp") || g_str_has_prefix(name, "slurm-")) return true;
    if (!study && (is_old(name) || !strcmp(name, "runs"))) return true;
    if (strcmp(name, "runs") != 0) return is_link_to(folder, name, "records/");
    g_autofree char *runs = in(folder, name);
    g_autoptr(GPtrArray) links = folder_names(runs);
    for (unsigned i = 0; i < links->len; i++)
        if (!is_link_to(runs, links->pdata[i], "../records/")) return false;
    return true;
}

/* Whether nobody computes one of its runs. */
static bool unclaimed(const char *folder, GError **error) {
    g_autofree char *records = in(folder, "records");
    g_autoptr(GPtrArray) names = folder_names(records);
    for (unsigned i = 0; i < names->len; i++) {
        if (!g_str_has_suffix(names->pdata[i], ".claim")) continue;
        g_autofree char *path = in(records, names->pdata[i]);
        Lock *claim = lock_take(path, "being computed", NULL, error);
        if (!claim) return false;
        lock_release(claim);
    }
    return true;
}

/* Everything that is ours, study.json last, so that what a death in between leaves is still seen
 * to be ours; holding the lock. */
static bool discard(const char *folder, GError **error) {
    json_t *study = read_study(folder);
    g_autoptr(GPtrArray) names = folder_names(folder);
    bool ok = unclaimed(folder, error);
    for (unsigned i = 0; ok && i < names->len; i++) {
        ok = is_ours(folder, study, names->pdata[i]);
        if (!ok)
            g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_EXIST,
                        "%s: holds %s, which is not sppemu's; move it away, or use -o for another "
                        "folder",
                        folder, (char *)names->pdata[i]);
    }
    const char *last = study ? "study.json" : "manifest.json"; /* of 0.1.0 */
    for (unsigned i = 0; ok && i < names->len; i++) {
        if (!strcmp(names->pdata[i], LOCK) || !strcmp(names->pdata[i], last)) continue;
        g_autofree char *path = in(folder, names->pdata[i]);
        folder_remove(path);
    }
    g_autofree char *path = in(folder, last);
    if (ok) folder_remove(path);
    json_decref(study);
    return ok;
}

bool store_is_one(const char *folder) {
    json_t *study = read_study(folder);
    json_decref(study);
    return study || holds_old_results(folder);
}

bool store_remove(const char *folder, GError **error) {
    if (!store_is_one(folder)) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_EXIST, "%s: holds no results of sppemu",
                    folder);
        return false;
    }
    g_autofree char *path = in(folder, LOCK);
    Lock *lock = lock_take(path, "held", NULL, error);
    bool ok = lock && discard(folder, error);
    lock_release(lock);
    return ok && (rmdir(folder) == 0 || file_error(error, folder, "cannot be removed"));
}

/* Joining --------------------------------------------------------------------------------- */

static bool other_study(const char *folder, const json_t *study, const Store *mine,
                        GError **error) {
    bool build = strcmp(text_of(study, "build"), mine->build) != 0,
         name = strcmp(text_of(study, "scenario"), scenario_name(mine->scenario)) != 0;
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_EXIST,
                "%s: holds %s%s; use --force to replace them, or -o for another folder", folder,
                name    ? "results of scenario "
                : build ? "results of another build of sppemu"
                        : "results of another study of this scenario (other parameters, input "
                          "files or seed)",
                name ? text_of(study, "scenario") : "");
    return false;
}

/* Whether this study may have the folder; holding the lock. *joined: its results are there. */
static bool admit(const Store *store, bool force, bool *joined, GError **error) {
    const char *folder = store->folder;
    json_t *study = read_study(folder);
    bool ok = true;
    *joined = study && !strcmp(text_of(study, "identity"), store->identity);
    if (study && !*joined && !force) ok = other_study(folder, study, store, error);
    if (!study && !is_empty(folder)) {
        bool old = holds_old_results(folder);
        ok = old && force;
        if (old && !force)
            g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_EXIST,
                        "%s: holds results of sppemu 0.1.0, which cannot be continued; use --force "
                        "to replace them, or -o for another folder",
                        folder);
        else if (!old)
            g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_EXIST,
                        "%s: exists and holds no results of sppemu; it is left alone", folder);
    }
    json_decref(study);
    return ok;
}

static bool take_lock(Store *store, GError **error) {
    g_autofree char *path = in(store->folder, LOCK);
    store->lock = lock_take(path, "held", NULL, error);
    store->stale = store->lock && lock_was_stale(store->lock);
    return store->lock != NULL;
}

/* Nothing of somebody else's gets so much as a lock. */
static bool may_be_ours(const char *folder, GError **error) {
    if (!g_file_test(folder, G_FILE_TEST_EXISTS) || is_empty(folder) || holds_old_results(folder))
        return true;
    json_t *study = read_study(folder);
    json_decref(study);
    if (study) return true;
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_EXIST,
                "%s: exists and holds no results of sppemu; it is left alone", folder);
    return false;
}

Store *store_look(const Scenario *s, uint64_t seed, unsigned repeat, const char *folder) {
    Store *store = g_new0(Store, 1);
    *store = (Store){.scenario = s,
                     .seed = seed,
                     .repeat = repeat,
                     .folder = g_strdup(folder),
                     .build = g_strdup(build_id())};
    store->identity = study_identity(s, seed, store->build);
    return store;
}

Store *store_open(const Scenario *s, uint64_t seed, unsigned repeat, const char *folder, bool force,
                  GError **error) {
    Store *store = store_look(s, seed, repeat, folder);
    g_autofree char *records = in(folder, "records");
    bool joined = false;
    if (may_be_ours(folder, error) && folder_make(folder, error) && take_lock(store, error) &&
        admit(store, force, &joined, error)) {
        /* study.json also of a study that goes on: its pictures and claims may have changed. */
        if ((joined || discard(folder, error)) && write_study(store, error) &&
            folder_make(records, error)) {
            store_sweep(store);
            return store;
        }
    }
    store_close(store);
    return NULL;
}

char *store_difference(const Scenario *s, uint64_t seed, const char *folder) {
    json_t *study = read_study(folder);
    char *how = NULL;
    if (!study && !is_empty(folder))
        how = g_strdup("version=" SPPEMU_VERSION);
    else if (study && strcmp(text_of(study, "build"), build_id()) != 0)
        how = g_strdup_printf("build=%.8s", build_id());
    else if (study) {
        g_autofree char *mine = study_identity(s, seed, build_id());
        if (strcmp(mine, text_of(study, "identity")) != 0)
            how = g_strdup_printf("scenario=%.8s", mine);
    }
    json_decref(study);
    return how;
}

/* Columns follow from what was on the command line, which study.ini no longer shows. */
static void set_parameters(Scenario *s, const json_t *names, const json_t *files) {
    g_autoptr(GPtrArray) list = g_ptr_array_new();
    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));
        if (name) g_ptr_array_add(list, (char *)name);
    }
    g_ptr_array_add(list, NULL);
    scenario_set_parameters(s, (const char *const *)list->pdata);
    void *iter = json_object_iter((json_t *)files);
    for (; iter; iter = json_object_iter_next((json_t *)files, iter))
        scenario_spell(s, json_object_iter_key(iter),
                       json_string_value(json_object_iter_value(iter)));
}

Store *store_load(const char *folder, const ComponentClass *const *classes, bool lock,
                  GError **error) {
    json_t *study = read_study(folder);
    Lock *held = NULL;
    if (study && lock) { /* and read it again: what was there before may be another's by now */
        g_autofree char *path = in(folder, LOCK);
        json_decref(study);
        held = lock_take(path, "held", NULL, error);
        if (!held) return NULL;
        study = read_study(folder);
    }
    if (!study) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
                    "%s: found no study, expected a folder of results%s", folder,
                    holds_old_results(folder) ? "; those of sppemu 0.1.0 cannot be continued" : "");
        lock_release(held);
        return NULL;
    }
    g_autofree char *ini = in(folder, "study.ini");
    Scenario *s = scenario_load(ini, NULL, classes, error);
    Store *store = NULL;
    if (s) {
        scenario_rename(s, text_of(study, "scenario"));
        set_parameters(s, json_object_get(study, "parameters"), json_object_get(study, "files"));
        store = g_new0(Store, 1);
        *store = (Store){.scenario = s,
                         .own = s,
                         .seed = (uint64_t)json_integer_value(json_object_get(study, "seed")),
                         .repeat = (unsigned)json_integer_value(json_object_get(study, "repeat")),
                         .folder = g_strdup(folder),
                         .build = g_strdup(text_of(study, "build")),
                         .lock = g_steal_pointer(&held)};
        store->identity = study_identity(s, store->seed, store->build);
        bool same = !strcmp(store->identity, text_of(study, "identity"));
        if (!same && strcmp(store->build, build_id()) != 0)
            g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                        "%s: was made by build %.8s of sppemu, which names its runs otherwise than "
                        "this one, %.8s; use that build",
                        folder, store->build, build_id());
        else if (!same)
            g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                        "%s: its input files or study.ini have changed since it was made; run the "
                        "scenario again",
                        folder);
        if (!same) g_clear_pointer(&store, store_close);
    }
    lock_release(held);
    json_decref(study);
    return store;
}

void store_close(Store *store) {
    if (!store) return;
    /* When this took over from the dead, a worker of theirs may not have been quite dead yet. */
    if (store->lock && store->stale) store_sweep(store);
    lock_release(store->lock);
    scenario_free(store->own);
    g_free(store->folder);
    g_free(store->build);
    g_free(store->identity);
    g_free(store);
}

void store_forget_lock(Store *store) {
    lock_forget(store->lock);
    store->lock = NULL;
}

const Scenario *store_scenario(const Store *store) {
    return store->scenario;
}
uint64_t store_seed(const Store *store) {
    return store->seed;
}
unsigned store_repeat(const Store *store) {
    return store->repeat;
}
const char *store_folder(const Store *store) {
    return store->folder;
}
const char *store_build(const Store *store) {
    return store->build;
}
const char *store_identity(const Store *store) {
    return store->identity;
}
bool store_was_stale(const Store *store) {
    return store->stale;
}

/* Runs ------------------------------------------------------------------------------------ */

char *store_record(const Store *store, const char *identity) {
    return g_build_filename(store->folder, "records", identity, NULL);
}

enum { DYING_TRIES = 500, DYING_US = 10000 };

Lock *store_claim(const Store *store, const char *identity, const char *as, GError **error) {
    g_autofree char *path = g_strdup_printf("%s/records/%s.claim", store->folder, identity);
    Lock *claim = lock_take(path, "being computed", as, error);
    /* Workers die with whoever held the study, but not at the same moment. */
    for (unsigned i = 0; !claim && store->stale && i < DYING_TRIES &&
                         g_error_matches(*error, G_FILE_ERROR, G_FILE_ERROR_AGAIN);
         i++) {
        g_clear_error(error);
        g_usleep(DYING_US);
        claim = lock_take(path, "being computed", as, error);
    }
    json_t *study = claim && !store->lock ? read_study(store->folder) : NULL;
    if (study && strcmp(text_of(study, "identity"), store->identity) != 0) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_EXIST, "%s: is another study by now",
                    store->folder);
        lock_release(claim);
        claim = NULL;
    }
    json_decref(study);
    return claim;
}

char *store_workspace(const Store *store, const char *identity, GError **error) {
    g_autofree char *path =
        g_strdup_printf("%s/records/.%s.%s", store->folder, identity, file_me());
    folder_remove(path);
    return folder_make(path, error) ? g_steal_pointer(&path) : NULL;
}

void store_sweep(const Store *store) {
    g_autoptr(GPtrArray) tables = folder_names(store->folder);
    for (unsigned i = 0; i < tables->len; i++) { /* only who has the lock writes there */
        if (*(char *)tables->pdata[i] != '.' || !g_str_has_suffix(tables->pdata[i], ".tmp"))
            continue;
        g_autofree char *path = in(store->folder, tables->pdata[i]);
        folder_remove(path);
    }
    g_autofree char *records = in(store->folder, "records");
    g_autoptr(GPtrArray) names = folder_names(records);
    for (unsigned i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];     /* .IDENTITY.HOST.PID */
        if (g_str_has_suffix(name, ".claim")) { /* lock_take removes what the dead left */
            g_autofree char *path = in(records, name);
            lock_release(lock_take(path, "being computed", NULL, NULL));
            continue;
        }
        if (*name != '.' || strlen(name) < RUN_DIGITS + 3 ||
            file_owner_lives(name + RUN_DIGITS + 2))
            continue;
        g_autofree char *path = in(records, name);
        folder_remove(path);
    }
}
