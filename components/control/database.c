/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Records in the order of their names. */
#include "components/control/database.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#include "emu/core/param.h"

struct Database {
    GPtrArray *records; /* SliceRecord, by name */
    SimTime least;      /* of the last full update; what is older is not news */
    uint64_t version;
};

static const char *const instantiations[] = {
#define X(symbol, name) name,
    INSTANTIATIONS(X)
#undef X
        NULL};

static const struct {
    const char *name;
    int64_t amount;
    bool loanable;
} rspecs[] = {
#define X(symbol, attribute, amount, loanable) {attribute, amount, loanable},
    RSPEC(X)
#undef X
};

const char *instantiation_name(Instantiation instantiation) {
    return instantiations[instantiation];
}
const char *rspec_name(Rspec rspec) {
    return rspecs[rspec].name;
}

/* Records --------------------------------------------------------------------------------- */

static void attribute_clear(void *data) {
    SliceAttribute *a = data;
    g_free(a->name);
    g_free(a->value);
}

static void loan_clear(void *data) {
    g_free(((SliceLoan *)data)->to);
}

/* Node Manager: int(attribute), and the default if that fails. */
static void imply_rspec(SliceRecord *r) {
    for (unsigned i = 0; i < N_RSPEC; i++) {
        const char *text = slice_record_attribute(r, rspecs[i].name);
        char *end = NULL;
        int64_t amount = text ? g_ascii_strtoll(text, &end, 10) : 0;
        r->rspec[i] = text && end != text && !*end ? amount : rspecs[i].amount;
        r->effective[i] = r->rspec[i];
    }
}

SliceRecord *slice_record_new(const char *name) {
    SliceRecord *r = g_new0(SliceRecord, 1);
    r->name = g_strdup(name);
    r->expires = SIM_NEVER;
    r->keys = g_strdup("");
    r->gpe = g_strdup("");
    r->nodes = g_ptr_array_new_with_free_func(g_free);
    r->attributes = g_array_new(FALSE, TRUE, sizeof(SliceAttribute));
    g_array_set_clear_func(r->attributes, attribute_clear);
    r->loans = g_array_new(FALSE, TRUE, sizeof(SliceLoan));
    g_array_set_clear_func(r->loans, loan_clear);
    imply_rspec(r);
    return r;
}

void slice_record_free(SliceRecord *r) {
    if (!r) return;
    g_free(r->name);
    g_free(r->keys);
    g_free(r->gpe);
    g_ptr_array_unref(r->nodes);
    g_array_unref(r->attributes);
    g_array_unref(r->loans);
    g_free(r);
}

const char *slice_record_attribute(const SliceRecord *r, const char *name) {
    for (unsigned i = 0; i < r->attributes->len; i++) {
        const SliceAttribute *a = &g_array_index(r->attributes, SliceAttribute, i);
        if (!strcmp(a->name, name)) return a->value;
    }
    return NULL;
}

void slice_record_set(SliceRecord *r, const char *name, const char *value) {
    SliceAttribute a = {g_strdup(name), g_strdup(value)};
    for (unsigned i = 0; i < r->attributes->len; i++)
        if (!strcmp(g_array_index(r->attributes, SliceAttribute, i).name, name))
            g_array_remove_index(r->attributes, i--);
    g_array_append_val(r->attributes, a);
    imply_rspec(r);
}

bool slice_record_at(const SliceRecord *r, const char *node) {
    for (unsigned i = 0; i < r->nodes->len; i++)
        if (!strcmp(r->nodes->pdata[i], node)) return true;
    return r->nodes->len == 0;
}

/* JSON ------------------------------------------------------------------------------------ */

static json_t *seconds(SimTime time) {
    return time % SIM_S ? json_real((double)time / (double)SIM_S)
                        : json_integer((json_int_t)(time / SIM_S));
}

static json_t *record_json(const SliceRecord *r) {
    json_t *o = json_pack("{s:s, s:i, s:s}", "name", r->name, "slice_id", (int)r->slice_id,
                          "instantiation", instantiations[r->instantiation]);
    if (r->timestamp) json_object_set_new(o, "timestamp", seconds(r->timestamp));
    if (r->expires != SIM_NEVER) json_object_set_new(o, "expires", seconds(r->expires));
    if (*r->keys) json_object_set_new(o, "keys", json_string(r->keys));
    if (*r->gpe) json_object_set_new(o, "gpe", json_string(r->gpe));
    json_t *nodes = json_array(), *attributes = json_array(), *loans = json_array();
    for (unsigned i = 0; i < r->nodes->len; i++)
        json_array_append_new(nodes, json_string(r->nodes->pdata[i]));
    for (unsigned i = 0; i < r->attributes->len; i++) {
        const SliceAttribute *a = &g_array_index(r->attributes, SliceAttribute, i);
        json_array_append_new(attributes,
                              json_pack("{s:s, s:s}", "name", a->name, "value", a->value));
    }
    for (unsigned i = 0; i < r->loans->len; i++) {
        const SliceLoan *l = &g_array_index(r->loans, SliceLoan, i);
        json_array_append_new(
            loans, json_pack("[s, s, I]", l->to, rspecs[l->what].name, (json_int_t)l->amount));
    }
    json_object_set_new(o, "nodes", nodes);
    json_object_set_new(o, "attributes", attributes);
    if (json_array_size(loans))
        json_object_set_new(o, "loans", loans);
    else
        json_decref(loans);
    return o;
}

static char *json_text(json_t *o, size_t flags) {
    char *raw = json_dumps(o, flags), *text = g_strdup(raw);
    free(raw);
    json_decref(o);
    return text;
}

char *slice_record_write(const SliceRecord *r) {
    return json_text(record_json(r), JSON_COMPACT | JSON_REAL_PRECISION(15));
}

bool slice_record_same(const SliceRecord *a, const SliceRecord *b) {
    json_t *x = record_json(a), *y = record_json(b);
    json_object_del(x, "timestamp");
    json_object_del(y, "timestamp");
    bool same = json_equal(x, y);
    json_decref(x);
    json_decref(y);
    return same;
}

static bool read_text(const json_t *v, char **to, const char *key, GError **error) {
    if (!json_is_string(v)) return input_error(error, "%s: expected a text in \"\"", key);
    g_free(*to);
    *to = g_strdup(json_string_value(v));
    return true;
}

static bool read_seconds(const json_t *v, SimTime *time, const char *key, GError **error) {
    enum { MOST = 10000000 }; /* a third of a year; what SimTime holds is 213 days */
    if (!json_is_number(v) || !(json_number_value(v) >= 0 && json_number_value(v) <= MOST))
        return input_error(error, "%s: expected seconds of the run, from 0 to %d", key, MOST);
    *time = (SimTime)llround(json_number_value(v) * 1e6) * SIM_US;
    return true;
}

static bool read_nodes(const json_t *v, SliceRecord *r, GError **error) {
    for (size_t i = 0; json_is_array(v) && i < json_array_size(v); i++) {
        const json_t *node = json_array_get(v, i);
        if (!json_is_string(node)) return input_error(error, "nodes: expected texts in \"\"");
        g_ptr_array_add(r->nodes, g_strdup(json_string_value(node)));
    }
    return json_is_array(v) || input_error(error, "nodes: expected a list of names, [\"spp\"]");
}

static bool read_attributes(const json_t *v, SliceRecord *r, GError **error) {
    for (size_t i = 0; json_is_array(v) && i < json_array_size(v); i++) {
        const json_t *a = json_array_get(v, i);
        const char *name = json_string_value(json_object_get(a, "name")),
                   *value = json_string_value(json_object_get(a, "value"));
        if (!name || !value || json_object_size(a) != 2)
            return input_error(error,
                               "attributes: expected {\"name\": ..., \"value\": ...}, both "
                               "texts, as number %zu",
                               i + 1);
        slice_record_set(r, name, value);
    }
    return json_is_array(v) || input_error(error, "attributes: expected a list");
}

static bool loan_named(const char *name, Rspec *what) {
    for (unsigned i = 0; i < N_RSPEC; i++)
        if (rspecs[i].loanable && !strcmp(name, rspecs[i].name)) {
            *what = (Rspec)i;
            return true;
        }
    return false;
}

static bool read_loans(const json_t *v, SliceRecord *r, GError **error) {
    for (size_t i = 0; json_is_array(v) && i < json_array_size(v); i++) {
        json_t *l = json_array_get(v, i);
        const char *to, *what;
        json_int_t amount;
        SliceLoan loan;
        if (json_unpack(l, "[s, s, I!]", &to, &what, &amount) || amount < 0 ||
            !loan_named(what, &loan.what))
            return input_error(error, "loans: expected [SLICE, RESOURCE, AMOUNT] as number %zu",
                               i + 1);
        loan.to = g_strdup(to);
        loan.amount = amount;
        g_array_append_val(r->loans, loan);
    }
    return json_is_array(v) || input_error(error, "loans: expected a list");
}

static bool read_instantiation(const json_t *v, SliceRecord *r, GError **error) {
    const char *found = json_string_value(v);
    for (unsigned i = 0; found && i < N_INSTANTIATIONS; i++)
        if (!strcmp(found, instantiations[i])) {
            r->instantiation = (Instantiation)i;
            return true;
        }
    return input_error(error,
                       "instantiation: found \"%s\", expected plc-instantiated, delegated, "
                       "nm-controller or not-instantiated",
                       found ? found : "");
}

static bool read_slice_id(const json_t *v, SliceRecord *r, GError **error) {
    if (!json_is_integer(v) || json_integer_value(v) < 0 || json_integer_value(v) > INT32_MAX)
        return input_error(error, "slice_id: expected a whole number from 0 to %d", INT32_MAX);
    r->slice_id = (uint32_t)json_integer_value(v);
    return true;
}

static bool read_key(const char *key, const json_t *v, SliceRecord *r, GError **error) {
    static const char *const keys[] = {"name", "slice_id", "instantiation", "timestamp", "expires",
                                       "keys", "nodes",    "attributes",    "gpe",       "loans",
                                       NULL};
    if (!strcmp(key, "name")) return true;
    if (!strcmp(key, "slice_id")) return read_slice_id(v, r, error);
    if (!strcmp(key, "instantiation")) return read_instantiation(v, r, error);
    if (!strcmp(key, "timestamp")) return read_seconds(v, &r->timestamp, key, error);
    if (!strcmp(key, "expires")) return read_seconds(v, &r->expires, key, error);
    if (!strcmp(key, "keys")) return read_text(v, &r->keys, key, error);
    if (!strcmp(key, "gpe")) return read_text(v, &r->gpe, key, error);
    if (!strcmp(key, "nodes")) return read_nodes(v, r, error);
    if (!strcmp(key, "attributes")) return read_attributes(v, r, error);
    if (!strcmp(key, "loans")) return read_loans(v, r, error);
    const char *near = param_nearest(key, keys);
    return input_error(error, "found \"%s\", expected %s%s", key, near ? near : "",
                       near ? ""
                            : "name, slice_id, instantiation, expires, keys, nodes or attributes");
}

/* PLC: a site's login base, `_`, and what the slice is called there. */
static bool is_slice_name(const char *name) {
    const char *bar = strchr(name, '_');
    if (!bar || bar == name || !bar[1] || strlen(name) > 32) return false;
    for (const char *c = name; *c; c++)
        if (!g_ascii_islower(*c) && !g_ascii_isdigit(*c) && *c != '_') return false;
    return true;
}

static SliceRecord *record_of(const json_t *o, GError **error) {
    const char *name = json_string_value(json_object_get(o, "name"));
    if (!name || !is_slice_name(name)) {
        input_error(error,
                    "name: found \"%s\", expected SITE_SLICE, up to 32 of a to z, 0 to 9 and _",
                    name ? name : "");
        return NULL;
    }
    g_autoptr(SliceRecord) r = slice_record_new(name);
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)o, key, value) {
        if (read_key(key, value, r, error)) continue;
        g_prefix_error(error, "%s: ", name);
        return NULL;
    }
    return g_steal_pointer(&r);
}

static json_t *load(const char *text, GError **error) {
    json_error_t cause;
    json_t *o = json_loads(text, JSON_REJECT_DUPLICATES, &cause);
    if (!o) input_error(error, "line %d: %s", cause.line, cause.text);
    return o;
}

SliceRecord *slice_record_read(const char *json, GError **error) {
    json_t *o = load(json, error);
    if (!o) return NULL;
    SliceRecord *r = record_of(o, error);
    json_decref(o);
    return r;
}

SliceRecord *slice_record_copy(const SliceRecord *r) {
    g_autofree char *text = slice_record_write(r);
    SliceRecord *copy = slice_record_read(text, NULL);
    g_assert(copy);
    copy->timestamp = r->timestamp; /* to the picosecond */
    copy->expires = r->expires;
    return copy;
}

/* The database ---------------------------------------------------------------------------- */

Database *database_new(void) {
    Database *db = g_new0(Database, 1);
    db->records = g_ptr_array_new_with_free_func((GDestroyNotify)slice_record_free);
    return db;
}

void database_free(Database *db) {
    if (!db) return;
    g_ptr_array_unref(db->records);
    g_free(db);
}

uint64_t database_version(const Database *db) {
    return db->version;
}
unsigned database_size(const Database *db) {
    return db->records->len;
}
SliceRecord *database_nth(const Database *db, unsigned n) {
    return n < db->records->len ? db->records->pdata[n] : NULL;
}
void database_changed(Database *db) {
    db->version++;
}

/* The first that is not before the name. */
static unsigned place_of(const Database *db, const char *name) {
    unsigned low = 0, high = db->records->len;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (strcmp(((SliceRecord *)db->records->pdata[middle])->name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

SliceRecord *database_find(const Database *db, const char *name) {
    SliceRecord *r = database_nth(db, place_of(db, name));
    return r && !strcmp(r->name, name) ? r : NULL;
}

/* What the node itself keeps of a slice. */
static void keep(SliceRecord *old, SliceRecord *record) {
    if (!*record->gpe) {
        g_free(record->gpe);
        record->gpe = g_strdup(old->gpe);
    }
    if (record->loans->len == 0) {
        g_array_unref(record->loans);
        record->loans = g_array_ref(old->loans);
    }
}

bool database_deliver(Database *db, SliceRecord *record) {
    unsigned at = place_of(db, record->name);
    SliceRecord *old = database_find(db, record->name);
    if (old ? record->timestamp <= old->timestamp : record->timestamp < db->least) {
        slice_record_free(record);
        return false;
    }
    if (old) {
        keep(old, record);
        if (!slice_record_same(old, record)) db->version++;
        slice_record_free(old);
        db->records->pdata[at] = record;
    } else {
        g_ptr_array_insert(db->records, (int)at, record);
        db->version++;
    }
    return true;
}

bool database_remove(Database *db, const char *name) {
    if (!database_find(db, name)) return false;
    g_ptr_array_remove_index(db->records, place_of(db, name));
    db->version++;
    return true;
}

static unsigned remove_if(Database *db, bool (*over)(const SliceRecord *, SimTime), SimTime time) {
    unsigned n = 0;
    for (unsigned i = db->records->len; i-- > 0;) {
        if (!over(db->records->pdata[i], time)) continue;
        g_ptr_array_remove_index(db->records, i);
        db->version++;
        n++;
    }
    return n;
}

static bool is_older(const SliceRecord *r, SimTime time) {
    return r->timestamp < time;
}
static bool has_expired(const SliceRecord *r, SimTime now) {
    return r->expires < now;
}

unsigned database_full_update(Database *db, SimTime timestamp) {
    db->least = timestamp;
    return remove_if(db, is_older, timestamp);
}

/* Node Manager's _compute_effective_rspecs; its comparison is strict, so that the last of a
 * resource cannot be lent. */
static void settle_loans(Database *db) {
    for (unsigned i = 0; i < db->records->len; i++) {
        SliceRecord *r = db->records->pdata[i];
        memcpy(r->effective, r->rspec, sizeof r->effective);
    }
    for (unsigned i = 0; i < db->records->len; i++) {
        SliceRecord *r = db->records->pdata[i];
        int64_t left[N_RSPEC];
        memcpy(left, r->rspec, sizeof left);
        for (unsigned k = 0; k < r->loans->len; k++) {
            const SliceLoan *loan = &g_array_index(r->loans, SliceLoan, k);
            SliceRecord *to = database_find(db, loan->to);
            if (!to || loan->amount >= left[loan->what]) continue;
            left[loan->what] -= loan->amount;
            r->effective[loan->what] -= loan->amount;
            to->effective[loan->what] += loan->amount;
        }
    }
}

unsigned database_sync(Database *db, SimTime now) {
    unsigned n = remove_if(db, has_expired, now);
    settle_loans(db);
    return n;
}

bool database_set_loans(Database *db, const char *name, const SliceLoan *loans, unsigned n,
                        GError **error) {
    SliceRecord *r = database_find(db, name);
    if (!r) return input_error(error, "found slice \"%s\", which the node does not have", name);
    for (unsigned i = 0; i < n; i++)
        if (loans[i].what >= N_RSPEC || !rspecs[loans[i].what].loanable || loans[i].amount < 0)
            return input_error(error,
                               "loan %u: expected 0 or more of cpu_min, cpu_share, net_min_rate, "
                               "net_max_rate, net_share or disk_max",
                               i + 1);
    g_array_set_size(r->loans, 0);
    for (unsigned i = 0; i < n; i++) {
        SliceLoan loan = {g_strdup(loans[i].to), loans[i].what, loans[i].amount};
        g_array_append_val(r->loans, loan);
    }
    settle_loans(db);
    db->version++;
    return true;
}

bool database_read(Database *db, const char *text, GError **error) {
    json_t *o = load(text, error);
    if (!o) return false;
    json_t *slivers = json_object_get(o, "slivers"), *stamp = json_object_get(o, "timestamp");
    bool ok = true;
    if (!json_is_array(slivers) || json_object_size(o) != (stamp ? 2 : 1))
        ok = input_error(error, "expected {\"slivers\": [...]}, and perhaps \"timestamp\"");
    for (size_t i = 0; ok && i < json_array_size(slivers); i++) {
        SliceRecord *r = record_of(json_array_get(slivers, i), error);
        if (!r) {
            g_prefix_error(error, "sliver %zu: ", i + 1);
            ok = false;
        } else if (database_find(db, r->name)) {
            ok = input_error(error, "sliver %zu: found \"%s\" again", i + 1, r->name);
            slice_record_free(r);
        } else {
            database_deliver(db, r);
        }
    }
    json_decref(o);
    return ok;
}

char *database_write(const Database *db, SimTime now) {
    json_t *slivers = json_array();
    for (unsigned i = 0; i < db->records->len; i++)
        json_array_append_new(slivers, record_json(db->records->pdata[i]));
    json_t *o = json_object();
    json_object_set_new(o, "timestamp", seconds(now));
    json_object_set_new(o, "slivers", slivers);
    return json_text(o, JSON_INDENT(1) | JSON_REAL_PRECISION(15));
}

/* Tickets --------------------------------------------------------------------------------- */

char *ticket_write(const SliceRecord *r, const char *secret) {
    g_autofree char *text = slice_record_write(r),
                    *seal = g_compute_hmac_for_string(G_CHECKSUM_SHA256, (const guchar *)secret,
                                                      strlen(secret), text, -1);
    return g_strconcat(seal, " ", text, NULL);
}

SliceRecord *ticket_read(const char *ticket, const char *secret, GError **error) {
    const char *text = strchr(ticket, ' ');
    g_autofree char *seal =
        text ? g_compute_hmac_for_string(G_CHECKSUM_SHA256, (const guchar *)secret, strlen(secret),
                                         text + 1, -1)
             : NULL;
    if (!seal || strlen(seal) != (size_t)(text - ticket) || strncmp(seal, ticket, strlen(seal))) {
        input_error(error, "the ticket's seal is not that of its text");
        return NULL;
    }
    return slice_record_read(text + 1, error);
}
