/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Resources: what is told of them over a window, put together. */
#include "emu/core/resource.h"

#include <math.h>

typedef struct {
    ResourceResult result;
    bool seen_first;                  /* in the first look */
    double used, of, waited, refused; /* then */
    double used_now, of_now, waited_now, refused_now;
    double level, room; /* of what holds: sums over all looks */
} Row;

struct Resources {
    GArray *rows, *results;
    GHashTable *by_name; /* "component\nname" -> index + 1 */
    const char *component;
    double order_out, order_back;
    const bool *back;
    unsigned n_ports, looks;
    SimTime first, last;
};

Resources *resources_new(void) {
    Resources *r = g_new0(Resources, 1);
    r->rows = g_array_new(FALSE, TRUE, sizeof(Row));
    r->results = g_array_new(FALSE, TRUE, sizeof(ResourceResult));
    r->by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return r;
}

static void clear(Resources *r) {
    for (unsigned i = 0; i < r->rows->len; i++) {
        ResourceResult *one = &g_array_index(r->rows, Row, i).result;
        g_free(one->component);
        g_free(one->name);
        g_free(one->levers);
        g_free(one->note);
    }
    g_array_set_size(r->rows, 0);
    g_hash_table_remove_all(r->by_name);
    r->looks = 0;
}

void resources_free(Resources *r) {
    if (!r) return;
    clear(r);
    g_array_unref(r->rows);
    g_array_unref(r->results);
    g_hash_table_unref(r->by_name);
    g_free(r);
}

void resources_restart(Resources *r) {
    clear(r);
    r->first = 0;
}

void resources_begin(Resources *r, SimTime now) {
    if (!r->looks++) r->first = now;
    r->last = now;
}

unsigned resources_looks(const Resources *r) {
    return r->looks;
}

void resources_component(Resources *r, const char *name, double order_out, double order_back,
                         const bool *back, unsigned n_ports) {
    r->component = name;
    r->order_out = order_out;
    r->order_back = order_back;
    r->back = back;
    r->n_ports = n_ports;
}

static Row *row_of(Resources *r, const char *name) {
    char *key = g_strconcat(r->component, "\n", name, NULL);
    unsigned n = GPOINTER_TO_UINT(g_hash_table_lookup(r->by_name, key));
    if (n) {
        g_free(key);
        return &g_array_index(r->rows, Row, n - 1);
    }
    g_array_set_size(r->rows, r->rows->len + 1);
    g_hash_table_insert(r->by_name, key, GUINT_TO_POINTER(r->rows->len));
    Row *row = &g_array_index(r->rows, Row, r->rows->len - 1);
    row->result.component = g_strdup(r->component);
    row->result.name = g_strdup(name);
    return row;
}

void resources_tell(Resources *r, const Resource *resource, const char *name, ...) {
    va_list args;
    va_start(args, name);
    g_autofree char *text = g_strdup_vprintf(name, args);
    va_end(args);
    Row *row = row_of(r, text);
    ResourceResult *result = &row->result;
    bool back =
        resource->port >= 0 && (unsigned)resource->port < r->n_ports && r->back[resource->port];
    result->kind = resource->kind;
    result->does = resource->does;
    result->order = (back ? r->order_back : r->order_out) + resource->place / 1e4;
    g_free(result->levers);
    g_free(result->note);
    result->levers = g_strdup(resource->levers);
    result->note = g_strdup(resource->note);
    row->used_now = resource->used;
    row->of_now = resource->of;
    row->waited_now = resource->waited;
    row->refused_now = resource->refused;
    row->level += resource->used;
    row->room += resource->of;
    if (r->looks > 1 || !r->last)
        return; /* who comes later, or is asked once, began with nothing */
    row->used = resource->used;
    row->of = resource->of;
    row->waited = resource->waited;
    row->refused = resource->refused;
}

const GArray *resources_results(Resources *r) {
    g_array_set_size(r->results, 0);
    double elapsed = (double)(r->last - r->first);
    for (unsigned i = 0; i < r->rows->len; i++) {
        Row *row = &g_array_index(r->rows, Row, i);
        ResourceResult *result = &row->result;
        bool holds = result->does == RESOURCE_HOLDS;
        double used = holds ? row->level : row->used_now - row->used,
               of = holds ? row->room : row->of_now - row->of;
        result->used = of > 0 ? used / of : 0;
        result->waited = elapsed > 0 ? (row->waited_now - row->waited) / elapsed : 0;
        result->refused = row->refused_now - row->refused;
        g_array_append_val(r->results, *result);
    }
    return r->results;
}
