/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A slice on an NPE: its code option, UDP port, queues and filters, put in place before the run
 * through the same calls that the management processor will use. Has no ports of its own.
 *
 * The slice gets one queue per interface and one for its exceptions. Its filters come as routes,
 * `PREFIX/LENGTH INTERFACE NEXT-HOP:PORT [DATA]`, inline (separated by `;`) or one per line of a
 * file; the longest prefix is put first, because position decides in a TCAM. `PREFIX/LENGTH local`
 * is the router's own address. DATA is the filter's word for the code option. A prefix is that of
 * the key; `label N` is the one of a label. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "components/npe.h"
#include "components/slice_i3.h"
#include "fastpath/ipv4.h"

typedef struct {
    Component base;
    /* settings */
    char *npe, *code_option, *routes, *routes_file, *exception_address;
    uint64_t udp_port, vlan, queue_packets, queue_bytes, quantum, exception_port, sram;
    SliceI3 i3;
    /* state */
    unsigned number, n_filters;
} Slice;

typedef struct {
    uint32_t prefix;
    unsigned length, order;
    FpResult result;
} Route;

static bool bad(GError **error, const char *where, unsigned line, const char *found) {
    if (line)
        g_set_error(error, SPPEMU_INPUT_ERROR, 0,
                    "%s:%u: found \"%s\", expected PREFIX/LENGTH INTERFACE NEXT-HOP:PORT [DATA] or "
                    "PREFIX/LENGTH local, or label N in place of the prefix",
                    where, line, found);
    else
        g_set_error(error, SPPEMU_INPUT_ERROR, 0,
                    "%s: found \"%s\", expected PREFIX/LENGTH INTERFACE NEXT-HOP:PORT [DATA] or "
                    "PREFIX/LENGTH local, or label N in place of the prefix",
                    where, found);
    return false;
}

/* What a route matches; the number of characters that say so, 0: they do not. */
static int parse_match(const char *text, Route *route) {
    char prefix[32];
    unsigned length, label;
    int used = 0;
    struct in_addr a;
    if (sscanf(text, "label %u%n", &label, &used) == 1 && label <= 0xfffff) {
        route->prefix = label << 12;
        route->length = 20;
        return used;
    }
    if (sscanf(text, "%31[0-9.]/%u%n", prefix, &length, &used) != 2 || length > 32 ||
        inet_pton(AF_INET, prefix, &a) != 1)
        return 0;
    route->prefix = ntohl(a.s_addr);
    route->length = length;
    return used;
}

static bool parse_route(const char *text, unsigned n_interfaces, Route *route) {
    char next[32];
    unsigned interface, port, data = 0;
    struct in_addr b;
    *route = (Route){0};
    int used = parse_match(text, route);
    if (!used) return false;
    char word[8], rest;
    if (sscanf(text + used, " %5s %c", word, &rest) == 1 && !strcmp(word, "local")) {
        route->result = (FpResult){.verdict = FP_EXCEPTION, .reason = FP_LOCAL};
        return true;
    }
    int words = 0;
    if (sscanf(text + used, " %u %31[0-9.]:%u%n", &interface, next, &port, &words) != 3 ||
        interface >= n_interfaces || port > 65535 || inet_pton(AF_INET, next, &b) != 1)
        return false;
    text += used + words;
    if (*text && sscanf(text, " %u %c", &data, &rest) != 1) return false;
    route->result = (FpResult){.verdict = FP_FORWARD,
                               .interface = (uint16_t)interface,
                               .queue = interface,
                               .next_hop = ntohl(b.s_addr),
                               .next_port = (uint16_t)port,
                               .stats = (uint16_t)interface,
                               .data = data};
    return true;
}

static int longest_first(const void *a, const void *b) {
    const Route *x = a, *y = b;
    if (x->length != y->length) return x->length > y->length ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static bool read_routes(Slice *s, unsigned n_interfaces, GArray *routes, GError **error) {
    g_autofree char *text = NULL;
    const char *where = "routes";
    if (s->routes_file && *s->routes_file) {
        g_autoptr(GError) cause = NULL;
        where = s->routes_file;
        if (!g_file_get_contents(s->routes_file, &text, NULL, &cause)) {
            g_set_error(error, SPPEMU_INPUT_ERROR, 0, "routes_file: %s", cause->message);
            return false;
        }
    } else {
        text = g_strdup(s->routes ? s->routes : "");
    }
    g_auto(GStrv) lines = g_strsplit_set(text, where == s->routes_file ? "\n" : ";", -1);
    for (unsigned i = 0; lines[i]; i++) {
        const char *line = g_strstrip(lines[i]);
        if (!*line || *line == '#') continue;
        Route route;
        if (!parse_route(line, n_interfaces, &route))
            return bad(error, where, where == s->routes_file ? i + 1 : 0, line);
        route.order = i;
        g_array_append_val(routes, route);
    }
    if (routes->len) qsort(routes->data, routes->len, sizeof(Route), longest_first);
    return true;
}

static bool insert_routes(Slice *s, Npe *npe, GArray *routes, GError **error) {
    for (unsigned i = 0; i < routes->len; i++) {
        Route *route = &g_array_index(routes, Route, i);
        uint8_t key[FP_KEY_BYTES], mask[FP_KEY_BYTES];
        ipv4_prefix_filter(route->prefix, route->length, key, mask);
        if (fp_filter_insert(npe->tables, s->number, npe->next_position++, key, mask,
                             &route->result) != FP_INSERTED) {
            g_set_error(error, SPPEMU_INPUT_ERROR, 0,
                        "filter %u of %u: the TCAM of %s has %u entries and they are all taken",
                        i + 1, routes->len, npe->base.name, TCAM_MAX_ENTRIES);
            return false;
        }
    }
    s->n_filters = routes->len;
    return true;
}

static bool slice_queues(Slice *s, Npe *npe, FpSlice *f, GError **error) {
    unsigned n = (unsigned)npe->n_interfaces + 1;
    if (npe->next_queue + n > npe->n_queues) {
        g_set_error(error, SPPEMU_INPUT_ERROR, 0, "%u more queues, but %s has %" G_GUINT64_FORMAT,
                    n, npe->base.name, npe->n_queues);
        return false;
    }
    f->queue_base = npe->next_queue;
    f->n_queues = n;
    f->stats_base = npe->next_counter;
    f->n_stats = (uint16_t)n;
    f->exception_queue = npe->next_queue + n - 1;
    npe->next_queue += n;
    npe->next_counter = (uint16_t)(npe->next_counter + n);
    for (unsigned i = 0; i < n; i++)
        qm_set_queue(npe->qm, f->queue_base + i,
                     i < npe->n_interfaces ? queuer_scheduler(&npe->queuer, i)
                                           : (unsigned)npe->n_schedulers - 1,
                     (uint32_t)s->quantum, (uint32_t)s->queue_packets, (uint32_t)s->queue_bytes);
    return true;
}

static bool slice_memory(Slice *s, Npe *npe, FpSlice *f, GError **error) {
    if (s->sram > FP_SRAM_BYTES - npe->next_sram) {
        g_set_error(error, SPPEMU_INPUT_ERROR, 0,
                    "sram: found %" G_GUINT64_FORMAT
                    " bytes, expected what is left of %s's slice memory, %u or less",
                    s->sram, npe->base.name, FP_SRAM_BYTES - npe->next_sram);
        return false;
    }
    f->sram_base = npe->next_sram;
    f->sram_bytes = (uint32_t)s->sram;
    npe->next_sram += f->sram_bytes;
    return true;
}

static bool slice_create(Component *c, GError **error) {
    Slice *s = (Slice *)c;
    c->n_ports = 0;
    if (fp_code_option_find(s->code_option) >= 0) return true;
    g_set_error(error, SPPEMU_INPUT_ERROR, 0,
                "code_option: found \"%s\", expected one that is built in, such as %s",
                s->code_option, fp_code_options[0].name);
    return false;
}

static bool slice_start(Component *c, GError **error) {
    Slice *s = (Slice *)c;
    Npe *npe = (Npe *)network_find(c->network, s->npe);
    struct in_addr exceptions;
    if (npe->n_slices == FP_MAX_SLICES) {
        g_set_error(error, SPPEMU_INPUT_ERROR, 0, "%s has its %u slices already", s->npe,
                    FP_MAX_SLICES);
        return false;
    }
    if (inet_pton(AF_INET, s->exception_address, &exceptions) != 1) {
        g_set_error(error, SPPEMU_INPUT_ERROR, 0,
                    "exception_address: found \"%s\", expected an IPv4 address",
                    s->exception_address);
        return false;
    }
    s->number = npe->n_slices++;
    FpSlice *f = fp_slice(npe->tables, s->number);
    *f = (FpSlice){.used = true,
                   .option = (uint8_t)fp_code_option_find(s->code_option),
                   .vlan = (uint16_t)s->vlan,
                   .udp_port = (uint16_t)s->udp_port,
                   .exception_address = ntohl(exceptions.s_addr),
                   .exception_port = (uint16_t)s->exception_port};
    if (!slice_queues(s, npe, f, error) || !slice_memory(s, npe, f, error)) return false;
    for (unsigned i = 0; i < npe->n_interfaces; i++)
        if (!fp_bind_port(npe->tables, s->number, i, fp_interface(npe->tables, i)->address,
                          f->udp_port)) {
            g_set_error(error, SPPEMU_INPUT_ERROR, 0,
                        "udp_port: another slice of %s has port %u already", s->npe, f->udp_port);
            return false;
        }
    g_autoptr(GArray) routes = g_array_new(FALSE, FALSE, sizeof(Route));
    if (!read_routes(s, (unsigned)npe->n_interfaces, routes, error) ||
        !insert_routes(s, npe, routes, error))
        return false;
    if (!strcmp(s->code_option, "i3") &&
        !slice_i3_start(&s->i3, npe, s->number, &s->n_filters, error))
        return false;
    tcam_optimise(fp_tcam(npe->tables));
    return true;
}

static void slice_report(Component *c, Report *report) {
    Slice *s = (Slice *)c;
    const Npe *npe = (Npe *)network_find(c->network, s->npe);
    const FpSlice *f = fp_slice(npe->tables, s->number);
    FpCounter sum = {0};
    for (unsigned i = 0; i < f->n_stats; i++) {
        const FpCounter *n = fp_counter(npe->tables, f->stats_base + i);
        sum.packets_in += n->packets_in;
        sum.packets_out += n->packets_out;
        sum.bytes_in += n->bytes_in;
        sum.bytes_out += n->bytes_out;
    }
    report_scalar(report, "packets_before_queue", (double)sum.packets_in, "packets");
    report_scalar(report, "packets_after_queue", (double)sum.packets_out, "packets");
    report_scalar(report, "filters", s->n_filters, "filters");
}

static const Param slice_params[] = {
    PARAM_NAME("npe", Slice, npe, NULL, "npe", "where its fast path runs", "scenario"),
    PARAM_TEXT("code_option", Slice, code_option, "ipv4", "what Parse and Header Format run for it",
               "SPP paper 4"),
    PARAM_COUNT("udp_port", Slice, udp_port, "30000", "1", "65535",
                "its UDP port on every interface",
                "SPP paper 7.1: five external UDP ports, one per interface"),
    PARAM_COUNT("vlan", Slice, vlan, "100", "1", "4094", "VLAN of its outgoing frames",
                "SPP paper 7.1 counts a VLAN tag; the id is assumed"),
    PARAM_COUNT("queue_packets", Slice, queue_packets, "512", "0", "229376",
                "limit of each of its queues in packets, 0: none",
                "assumed: SPP's limits are not published"),
    PARAM_SIZE("queue_bytes", Slice, queue_bytes, "0B", "0B", "4GB",
               "limit of each of its queues in wire bytes, 0: none", "assumed"),
    PARAM_SIZE("quantum", Slice, quantum, "2048B", "64B", "1GB",
               "what a visit of its queues adds to their deficit", "ONL NSP default quantum"),
    PARAM_TEXT("routes", Slice, routes, "",
               "filters: PREFIX/LENGTH INTERFACE NEXT-HOP:PORT [DATA] or PREFIX/LENGTH local, in "
               "place of the prefix label N; ...",
               "scenario"),
    PARAM_FILE("routes_file", Slice, routes_file, "", "the same, one per line, instead of `routes`",
               "scenario"),
    PARAM_SIZE("sram", Slice, sram, "16KiB", "0B", "8MiB", "its block of slice memory in SRAM",
               "assumed"),
    SLICE_I3_PARAMS(Slice, i3),
    PARAM_TEXT("exception_address", Slice, exception_address, "10.254.0.1",
               "where its exceptions go: the slice manager's address", "assumed"),
    PARAM_COUNT("exception_port", Slice, exception_port, "30100", "1", "65535",
                "UDP port of the slice manager", "assumed"),
    {0}};

const ComponentClass slice_class = {
    .name = "slice",
    .text = "a slice's share of an NPE: code option, port, queues and filters",
    .ports = "none",
    .size = sizeof(Slice),
    .params = slice_params,
    .create = slice_create,
    .start = slice_start,
    .report = slice_report,
};
