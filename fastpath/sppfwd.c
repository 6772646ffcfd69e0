/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sppfwd: the fast path as a native program. Reads a capture, puts every IPv4 packet into the
 * slice's tunnel, forwards all of them with the block functions that the emulator runs (compiled
 * plain), and writes what comes out. Only the forwarding is timed.
 *
 *   sppfwd [-r ROUTES] [-n REPEAT] [-c] IN.pcap OUT.pcap     OUT.pcap may be -, for none
 *   sppfwd [-r ROUTES] -g PACKETS [-n REPEAT]                0 byte payloads, random destinations
 *
 * ROUTES has a `prefix/length` at the start of each line; the rest of the line chooses the
 * interface by its hash. Without ROUTES there are 6: one /3 for each of five interfaces and a
 * default. Exit codes: 0 ok, 1 output failed, 2 usage, 3 input invalid. */
#include <arpa/inet.h>
#include <errno.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fastpath/headers.h"
#include "fastpath/ipv4.h"
#include "fastpath/qm.h"

enum {
    N_INTERFACES = 5,
    UDP_PORT = 30000,
    MAX_FRAME = 66000,
    MAX_INPUT_PACKETS = 1 << 20,
    BATCH = 32
};
#define NODE_ADDRESS 0x0aff0001u

typedef struct {
    uint8_t *frame; /* FP_HEADROOM bytes before it belong to the packet */
    uint32_t length, original;
} Input;

typedef struct {
    Input *packets;
    uint32_t n, size;
    uint64_t classes[IPV4_N_CLASSES], other_l2;
} Load;

static int bad(const char *what, const char *why) {
    fprintf(stderr, "sppfwd: %s: %s\n", what, why);
    return 3;
}

/* Input ----------------------------------------------------------------------------------- */

static void add_packet(Load *load, const uint8_t *ip, uint32_t captured, uint32_t original) {
    static const uint8_t ethernet[12] = {2, 0, 0, 0, 1, 0, 2, 0, 0, 0, 3, 0};
    if (load->n == load->size) {
        load->size = load->size ? 2 * load->size : 1024;
        load->packets = realloc(load->packets, load->size * sizeof *load->packets);
        if (!load->packets) abort();
    }
    uint32_t length = TUNNEL_BYTES + captured;
    uint8_t *buffer = calloc(1, FP_HEADROOM + length + 2);
    if (!buffer) abort();
    uint8_t *f = buffer + FP_HEADROOM, *outer = f + ETHER_BYTES + VLAN_BYTES;
    memcpy(f, ethernet, sizeof ethernet);
    put32(f + 12, ETHER_TYPE_VLAN << 16 | 100);
    put16(f + 16, ETHER_TYPE_IPV4);
    put32(outer, 0x45000000u | (IPV4_BYTES + UDP_BYTES + captured));
    put32(outer + 8, 64u << 24 | IP_PROTOCOL_UDP << 16);
    put32(outer + 12, 0x0afd0001u);
    put32(outer + 16, NODE_ADDRESS);
    put16(outer + 10, fold_checksum(sum_words(outer, IPV4_BYTES)));
    put32(outer + 20, 30001u << 16 | UDP_PORT);
    put32(outer + 24, (UDP_BYTES + captured) << 16);
    memcpy(f + TUNNEL_BYTES, ip, captured);
    load->packets[load->n++] = (Input){f, length, TUNNEL_BYTES + original};
}

/* Where the IPv4 packet of a captured frame begins; -1: none. */
static int find_ipv4(int link, const uint8_t *d, uint32_t captured) {
    uint32_t at = link == DLT_LINUX_SLL ? 14 : 12;
    if (link == DLT_RAW || link == 12 || link == DLT_IPV4)
        return captured && d[0] >> 4 == 6 ? -1 : 0;
    if (link == DLT_NULL || link == DLT_LOOP)
        return captured >= 4 && (d[0] == 2 || d[3] == 2) ? 4 : -1;
    if (link != DLT_EN10MB && link != DLT_LINUX_SLL) return -1;
    for (unsigned tags = 0; captured >= at + 2; tags++, at += VLAN_BYTES) {
        uint32_t type = get16(d + at);
        if (type == ETHER_TYPE_IPV4) return (int)at + 2;
        if (link != DLT_EN10MB || tags == 4 ||
            (type != ETHER_TYPE_VLAN && type != 0x88a8 && type != 0x9100))
            return -1;
    }
    return -1;
}

static int read_capture(Load *load, const char *path) {
    char why[PCAP_ERRBUF_SIZE] = "";
    pcap_t *p = pcap_open_offline(path, why);
    if (!p) return bad(path, why);
    struct pcap_pkthdr *h;
    const u_char *data;
    int got, link = pcap_datalink(p);
    while ((got = pcap_next_ex(p, &h, &data)) == 1 && load->n < MAX_INPUT_PACKETS) {
        int at = find_ipv4(link, data, h->caplen);
        if (at < 0) {
            load->other_l2++;
            continue;
        }
        uint32_t captured = h->caplen - (uint32_t)at, original = h->len - (uint32_t)at;
        if (h->len < h->caplen) original = captured;
        load->classes[ipv4_classify(data + at, captured, original)]++;
        if (captured + TUNNEL_BYTES <= 65535) add_packet(load, data + at, captured, original);
    }
    if (got == PCAP_ERROR) bad(path, pcap_geterr(p));
    pcap_close(p);
    return got == PCAP_ERROR ? 3 : 0;
}

static uint64_t random_state = 88172645463325252u;
static uint32_t random32(void) { /* Marsaglia's xorshift64 */
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 32);
}

static void generate(Load *load, uint32_t n) {
    uint8_t ip[IPV4_BYTES + UDP_BYTES] = {0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 100, 0, 1};
    while (load->n < n) {
        put32(ip + 16, random32());
        put16(ip + 10, 0);
        put16(ip + 10, fold_checksum(sum_words(ip, IPV4_BYTES)));
        if (ipv4_classify(ip, sizeof ip, sizeof ip) == IPV4_PLAIN)
            add_packet(load, ip, sizeof ip, sizeof ip);
    }
}

/* Tables ---------------------------------------------------------------------------------- */

typedef struct {
    uint32_t prefix;
    unsigned length, interface;
} Route;

static int longest_first(const void *a, const void *b) {
    const Route *x = a, *y = b;
    if (x->length != y->length) return x->length > y->length ? -1 : 1;
    return x->prefix < y->prefix ? -1 : x->prefix > y->prefix;
}

static Route *read_routes(const char *path, unsigned *n) {
    FILE *f = fopen(path, "r");
    char line[256], prefix[32];
    unsigned size = 0, number = 0;
    Route *routes = NULL;
    *n = 0;
    if (!f) {
        bad(path, strerror(errno));
        return NULL;
    }
    while (fgets(line, sizeof line, f)) {
        struct in_addr a;
        Route r = {0};
        int used = 0;
        number++;
        if (sscanf(line, "%31[0-9.]/%u%n", prefix, &r.length, &used) != 2 || r.length > 32 ||
            inet_pton(AF_INET, prefix, &a) != 1) {
            fprintf(stderr, "sppfwd: %s:%u: found \"%.40s\", expected PREFIX/LENGTH\n", path,
                    number, strtok(line, "\n") ? line : "");
            free(routes);
            fclose(f);
            return NULL;
        }
        uint32_t hash = 2166136261u;
        for (const char *c = line + used; *c && *c != '\n'; c++)
            hash = (hash ^ (uint8_t)*c) * 16777619u;
        r.prefix = ntohl(a.s_addr);
        r.interface = hash % N_INTERFACES;
        if (*n == size) routes = realloc(routes, (size = size ? 2 * size : 1024) * sizeof *routes);
        if (!routes) abort();
        routes[(*n)++] = r;
    }
    fclose(f);
    return routes;
}

static FpTables *make_tables(const Route *routes, unsigned n, Qm *qm) {
    FpTables *t = fp_tables_new(n);
    if (!t) abort();
    *fp_slice(t, 0) = (FpSlice){.used = true,
                                .vlan = 100,
                                .udp_port = UDP_PORT,
                                .exception_queue = N_INTERFACES,
                                .n_queues = N_INTERFACES + 1,
                                .n_stats = N_INTERFACES + 1};
    for (unsigned i = 0; i < N_INTERFACES; i++) fp_interface(t, i)->address = NODE_ADDRESS + i;
    fp_bind_port(t, 0, 0, NODE_ADDRESS, UDP_PORT);
    for (unsigned i = 0; i <= N_INTERFACES; i++) qm_set_queue(qm, i, i, 2048, 0, 0);
    for (unsigned i = 0; i < n; i++) {
        uint8_t key[FP_KEY_BYTES], mask[FP_KEY_BYTES];
        FpResult result = {.interface = (uint16_t)routes[i].interface,
                           .queue = routes[i].interface,
                           .next_hop = 0xc0a86401u,
                           .next_port = UDP_PORT,
                           .stats = (uint16_t)routes[i].interface};
        ipv4_prefix_filter(routes[i].prefix, routes[i].length, key, mask);
        if (fp_filter_insert(t, 0, i, key, mask, &result) != FP_INSERTED) abort();
    }
    tcam_optimise(fp_tcam(t));
    return t;
}

/* Forwarding ------------------------------------------------------------------------------ */

typedef struct {
    uint64_t forwarded, exceptions, dropped, reasons[FP_N_REASONS];
} Totals;

/* One batch through all blocks; handles are places in the batch. */
static void forward_batch(FpTables *t, Qm *qm, const Input *in, unsigned n, Totals *totals,
                          pcap_dumper_t *out) {
    static FpPacket packets[BATCH];
    for (unsigned i = 0; i < n; i++) {
        FpPacket *p = &packets[i];
        *p = (FpPacket){
            .bytes = in[i].frame, .length = in[i].length, .original = in[i].original, .handle = i};
        FpVerdict v = fp_decap(t, p, NULL);
        if (v == FP_FORWARD) v = fp_parse(t, p, NULL);
        if (v != FP_DROP) v = fp_lookup(t, p, NULL);
        if (v != FP_DROP) v = fp_format(t, p, NULL);
        totals->reasons[p->reason]++;
        if (v == FP_DROP) {
            totals->dropped++;
            continue;
        }
        *(v == FP_FORWARD ? &totals->forwarded : &totals->exceptions) += 1;
        fp_count(t, p->result.stats, false, p->length, NULL);
        qm_enqueue(qm, i, p->result.queue, p->length, 0, NULL);
    }
    for (unsigned s = 0; s <= N_INTERFACES; s++)
        for (uint32_t h; (h = qm_dequeue(qm, s, 0, NULL)) != QM_NONE;) {
            const FpPacket *p = &packets[h];
            fp_count(t, p->result.stats, true, p->length, NULL);
            if (!out || p->verdict != FP_FORWARD) continue;
            struct pcap_pkthdr header = {.caplen = p->length, .len = p->length};
            pcap_dump((u_char *)out, &header, p->bytes + p->offset);
        }
}

/* Forwarding rewrites the inner header: put time to live and checksum back for another round. */
static void restore(const Load *load, const uint8_t *saved) {
    for (uint32_t i = 0; i < load->n; i++)
        memcpy(load->packets[i].frame, saved + (size_t)i * 80,
               load->packets[i].length < 80 ? load->packets[i].length : 80);
}

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int forward(Load *load, FpTables *t, Qm *qm, unsigned repeat, const char *out_path,
                   bool classes) {
    pcap_t *dead = NULL;
    pcap_dumper_t *out = NULL;
    if (out_path && strcmp(out_path, "-") != 0) {
        dead = pcap_open_dead(DLT_EN10MB, 262144);
        if (!(out = pcap_dump_open(dead, out_path))) {
            fprintf(stderr, "sppfwd: %s\n", pcap_geterr(dead));
            return 1;
        }
    }
    uint8_t *saved = calloc(load->n + 1, 80);
    if (!saved) abort();
    for (uint32_t i = 0; i < load->n; i++)
        memcpy(saved + (size_t)i * 80, load->packets[i].frame,
               load->packets[i].length < 80 ? load->packets[i].length : 80);
    Totals totals = {0};
    double spent = 0;
    for (unsigned r = 0; r < repeat; r++) {
        double start = seconds();
        for (uint32_t i = 0; i < load->n; i += BATCH)
            forward_batch(t, qm, load->packets + i, load->n - i < BATCH ? load->n - i : BATCH,
                          &totals, r ? NULL : out);
        spent += seconds() - start;
        restore(load, saved);
    }
    free(saved);
    double n = (double)load->n * repeat;
    printf("packets %.0f forwarded %llu exceptions %llu dropped %llu\n", n,
           (unsigned long long)totals.forwarded, (unsigned long long)totals.exceptions,
           (unsigned long long)totals.dropped);
    if (n > 0 && spent > 0)
        printf("%.0f packets/s, %.1f ns a packet\n", n / spent, spent / n * 1e9);
    for (unsigned i = 0; classes && i < IPV4_N_CLASSES; i++)
        if (load->classes[i])
            printf("class %s %llu\n", ipv4_class_name((Ipv4Class)i),
                   (unsigned long long)load->classes[i]);
    if (classes && load->other_l2)
        printf("class other_l2 %llu\n", (unsigned long long)load->other_l2);
    for (unsigned i = 1; i < FP_N_REASONS; i++)
        if (totals.reasons[i])
            printf("reason %s %llu\n", fp_reason_name((FpReason)i),
                   (unsigned long long)totals.reasons[i]);
    int code = 0;
    if (out) {
        if (pcap_dump_flush(out) != 0) {
            fprintf(stderr, "sppfwd: %s: %s\n", out_path, strerror(errno));
            code = 1;
        }
        pcap_dump_close(out);
        pcap_close(dead);
    }
    return code;
}

int main(int argc, char **argv) {
    static const Route few[] = {{0x20000000, 3, 0}, {0x40000000, 3, 1}, {0x60000000, 3, 2},
                                {0x80000000, 3, 3}, {0xa0000000, 3, 4}, {0, 0, 0}};
    const char *routes_path = NULL;
    unsigned repeat = 1, generated = 0, n_routes = 6;
    bool classes = false;
    for (int c; (c = getopt(argc, argv, "r:n:g:c")) != -1;) switch (c) {
        case 'r': routes_path = optarg; break;
        case 'n': repeat = (unsigned)strtoul(optarg, NULL, 10); break;
        case 'g': generated = (unsigned)strtoul(optarg, NULL, 10); break;
        case 'c': classes = true; break;
        default: return 2;
        }
    if (argc - optind != (generated ? 0 : 2) || repeat == 0 || generated > MAX_INPUT_PACKETS) {
        fprintf(stderr, "usage: sppfwd [-r ROUTES] [-n REPEAT] [-c] IN.pcap OUT.pcap, or sppfwd "
                        "[-r ROUTES] [-n REPEAT] -g PACKETS\n");
        return 2;
    }
    Load load = {0};
    int code = 0;
    if (generated)
        generate(&load, generated);
    else
        code = read_capture(&load, argv[optind]);
    Route *routes = routes_path ? read_routes(routes_path, &n_routes) : malloc(sizeof few);
    if (!code && !routes) code = 3;
    if (!code) {
        if (!routes_path) memcpy(routes, few, sizeof few);
        qsort(routes, n_routes, sizeof *routes, longest_first);
        Qm *qm = qm_new(N_INTERFACES + 1, N_INTERFACES + 1, BATCH);
        FpTables *t = make_tables(routes, n_routes, qm);
        code = forward(&load, t, qm, repeat, generated ? NULL : argv[optind + 1], classes);
        fp_tables_free(t);
        qm_free(qm);
    }
    for (uint32_t i = 0; i < load.n; i++) free(load.packets[i].frame - FP_HEADROOM);
    free(load.packets);
    free(routes);
    return code;
}
