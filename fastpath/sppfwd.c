/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sppfwd: the fast path as a native program. Reads a capture, puts every IPv4 packet into the
 * slice's tunnel, forwards all of them with the block functions that the emulator runs (compiled
 * plain), and writes what comes out. Only the forwarding is timed. With -o the slice runs another
 * code option, and its packets are what the capture's UDP packets carry.
 *
 * A capture is read and forwarded in parts of PART packets, so that any length of it fits. ROUTES
 * has a `prefix/length` at the start of each line; the rest of the line chooses the interface by
 * its hash. Without ROUTES there are 6: one /3 for each of five interfaces and a default. With -o a
 * line is KEY INTERFACE NEXT-HOP:PORT [DATA], as in a scenario; without ROUTES one filter for
 * everything leads to interface 0. Exit codes: 0 ok, 1 output failed, 2 usage, 3 input invalid. */
#include <errno.h>
#include <getopt.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fastpath/headers.h"
#include "fastpath/link.h"
#include "fastpath/options/ipv4.h"
#include "fastpath/qm.h"
#include "fastpath/text.h"
#include "fastpath/tunnel.h"

/* The command line: what --help prints, and --man as a man page. */
static const char *const forms[] = {"[-r ROUTES] [-n REPEAT] [-c] IN.pcap OUT.pcap",
                                    "[-r ROUTES] [-n REPEAT] -g PACKETS",
                                    "-o OPTION [-r ROUTES] [-n REPEAT] IN.pcap OUT.pcap"};
static const char about[] = "Forwards the IPv4 packets of a capture with the code that the "
                            "emulator runs, and\nsays how fast. OUT.pcap may be -, for none.";
#define OPTIONS "r:o:n:cg:h"
typedef struct {
    const char *term, *text;
} Line;
static const Line options[] = {
    {"-r ROUTES", "PREFIX/LENGTH and a next hop on each line; default: five /3 and\n0.0.0.0/0"},
    {"-o OPTION", "run this code option on what the capture's UDP packets carry;\n"
                  "ROUTES are then KEY INTERFACE NEXT-HOP:PORT [DATA], as in a\nscenario"},
    {"-n REPEAT", "forward everything so many times, write it once"},
    {"-c", "count packets by class"},
    {"-g PACKETS",
     "make so many packets, with empty payloads and random ways,\ninstead of reading a capture"},
    {"-h, --help", "print this"}};
static const Line examples[] = {
    {"sppfwd smtp.pcap out.pcap", "every packet of a capture, in the slice's tunnel"},
    {"sppfwd -g 1000000", "how fast is this machine?"}};
static const char exits[] = "Exit codes: 0 ok, 1 output failed, 2 usage, 3 input invalid.";
#define N(array) (sizeof(array) / sizeof *(array))

/* Lines behind the first are indented. */
static void put_lines(FILE *out, const char *text, int indent) {
    for (; *text; text++) {
        fputc(*text, out);
        if (*text == '\n') fprintf(out, "%*s", indent, "");
    }
    fputc('\n', out);
}

static void put_usage(FILE *out) {
    for (unsigned i = 0; i < N(forms); i++)
        fprintf(out, "%s sppfwd %s\n", i ? "      " : "Usage:", forms[i]);
    fputc('\n', out);
    put_lines(out, about, 0);
    fputs("\nOptions:\n", out);
    for (unsigned i = 0; i < N(options); i++) {
        fprintf(out, "  %-12s", options[i].term);
        put_lines(out, options[i].text, 14);
    }
    fputs("\nExamples:\n", out);
    for (unsigned i = 0; i < N(examples); i++)
        fprintf(out, "  %s\n      %s\n", examples[i].term, examples[i].text);
    fprintf(out, "\n%s\n", exits);
}

/* A hyphen of roff may become a dash. */
static void put_roff(const char *before, const char *text, const char *after) {
    fputs(before, stdout);
    for (; *text; text++) fprintf(stdout, *text == '-' ? "\\-" : "%c", *text);
    fputs(after, stdout);
}

static void put_man(void) {
    fputs(".TH SPPFWD 1 \"\" \"sppemu " SPPEMU_VERSION "\" \"User Commands\"\n.SH NAME\n"
          "sppfwd \\- the fast path of sppemu as a native program\n.SH SYNOPSIS\n.nf\n",
          stdout);
    for (unsigned i = 0; i < N(forms); i++) put_roff("\\fBsppfwd\\fR ", forms[i], "\n");
    put_roff(".fi\n.SH DESCRIPTION\n", about, "\n.SH OPTIONS\n");
    for (unsigned i = 0; i < N(options); i++) {
        put_roff(".TP\n\\fB", options[i].term, "\\fR\n");
        put_roff("", options[i].text, "\n");
    }
    fputs(".SH EXAMPLES\n", stdout);
    for (unsigned i = 0; i < N(examples); i++) {
        put_roff(".TP\n\\fB", examples[i].term, "\\fR\n");
        put_roff("", examples[i].text, "\n");
    }
    put_roff(".SH EXIT STATUS\n", exits, "\n.SH SEE ALSO\n.BR sppemu (1)\n");
}

enum { N_INTERFACES = 5, UDP_PORT = 30000, PART = 1 << 18, BATCH = 32 };
/* What a frame may be, less the outer headers; and what a capture's header may say. */
enum { MAX_INNER = 65535 - TUNNEL_BYTES, MAX_ORIGINAL = 262144 };
#define NODE_ADDRESS 0x0aff0001u

typedef struct {
    uint8_t *frame; /* FP_HEADROOM bytes before it belong to the packet */
    uint32_t length, original;
    struct timeval time; /* with nanoseconds */
} Input;

typedef struct {
    const char *path;
    pcap_t *capture; /* NULL: packets are made */
    uint32_t to_make;
    const FpCodeOption *option; /* NULL: its IPv4 packets are forwarded as they are */
    Input *packets;             /* PART of them */
    uint32_t n;
    uint64_t classes[IPV4_N_CLASSES], other_l2, no_udp, too_long;
} Load;

static int bad(const char *what, const char *why) {
    fprintf(stderr, "sppfwd: %s: %s\n", what, why);
    return 3;
}

/* Input ----------------------------------------------------------------------------------- */

static void add_packet(Load *load, const uint8_t *ip, uint32_t captured, uint32_t original,
                       struct timeval time) {
    static const Tunnel tunnel = {
        .from = {.mac = {2, 0, 0, 0, 3, 0}, .next_mac = {2, 0, 0, 0, 1, 0}, .address = 0x0afd0001u},
        .to = NODE_ADDRESS,
        .from_port = 30001,
        .to_port = UDP_PORT,
        .vlan = 100};
    uint32_t length = TUNNEL_BYTES + captured;
    uint8_t *buffer = calloc(1, FP_HEADROOM + length + 2);
    if (!buffer) abort();
    uint8_t *f = buffer + FP_HEADROOM;
    tunnel_build(f, &tunnel, captured);
    if (captured) memcpy(f + TUNNEL_BYTES, ip, captured);
    load->packets[load->n++] = (Input){f, length, TUNNEL_BYTES + original, time};
}

/* What the UDP packet at `ip` carries; false: it is none. */
static bool udp_payload(const uint8_t **ip, uint32_t *captured, uint32_t *original) {
    if (*captured < IPV4_BYTES + UDP_BYTES || (*ip)[0] >> 4 != 4) return false;
    uint32_t header = ((*ip)[0] & 15u) * 4 + UDP_BYTES;
    if ((*ip)[9] != IP_PROTOCOL_UDP || get16(*ip + 6) & 0x1fff || *captured < header ||
        header < IPV4_BYTES + UDP_BYTES)
        return false;
    uint32_t length = get16(*ip + header - 4);
    if (length < UDP_BYTES) return false;
    length -= UDP_BYTES;
    *ip += header;
    *captured = *captured - header < length ? *captured - header : length;
    *original = length;
    return true;
}

/* 0, or the exit code. */
static int read_part(Load *load) {
    struct pcap_pkthdr *h;
    const u_char *data;
    int got = 1, link = pcap_datalink(load->capture);
    while (load->n < PART && (got = pcap_next_ex(load->capture, &h, &data)) == 1) {
        uint32_t at;
        if (!link_ipv4(link, data, h->caplen, &at)) {
            load->other_l2++;
            continue;
        }
        uint32_t captured = h->caplen - at;
        uint32_t whole = h->len < MAX_ORIGINAL ? h->len : MAX_ORIGINAL;
        uint32_t original = whole < h->caplen ? captured : whole - at;
        const uint8_t *packet = data + at;
        load->classes[ipv4_classify(packet, captured, original)]++;
        if (load->option && !udp_payload(&packet, &captured, &original))
            load->no_udp++;
        else if (captured <= MAX_INNER)
            add_packet(load, packet, captured, original, h->ts);
        else
            load->too_long++;
    }
    return got == PCAP_ERROR ? bad(load->path, pcap_geterr(load->capture)) : 0;
}

static uint64_t random_state = 88172645463325252u;
static uint32_t random32(void) { /* Marsaglia's xorshift64 */
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 32);
}

static void make_part(Load *load) {
    uint8_t ip[IPV4_BYTES + UDP_BYTES] = {0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 100, 0, 1};
    while (load->to_make && load->n < PART) {
        put32(ip + IP4_DESTINATION, random32());
        put16(ip + IP4_CHECKSUM, 0);
        put16(ip + IP4_CHECKSUM, fold_checksum(sum_words(ip, IPV4_BYTES)));
        if (ipv4_classify(ip, sizeof ip, sizeof ip) != IPV4_PLAIN) continue;
        add_packet(load, ip, sizeof ip, sizeof ip, (struct timeval){0});
        load->to_make--;
    }
}

/* The next packets in place of the last; none: all have been. */
static int next_part(Load *load) {
    while (load->n) free(load->packets[--load->n].frame - FP_HEADROOM);
    if (load->capture) return read_part(load);
    make_part(load);
    return 0;
}

/* Tables ---------------------------------------------------------------------------------- */

typedef struct {
    FpFilterKey match;
    FpResult result;
    bool data; /* given */
    unsigned bits, order;
} Route;

static int narrowest_first(const void *a, const void *b) {
    const Route *x = a, *y = b;
    if (x->bits != y->bits) return x->bits > y->bits ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static const FpResult somewhere = {.next_hop = 0xc0a86401u, .next_port = UDP_PORT};

static void make_route(Route *r, uint32_t prefix, unsigned length, unsigned interface) {
    ipv4_prefix_filter(prefix, length, r->match.key, r->match.mask);
    r->result = somewhere;
    r->result.interface = (uint16_t)interface;
}

/* A prefix, and what is hashed. */
static bool read_prefix(char *line, Route *r) {
    uint32_t prefix, hash = 2166136261u;
    unsigned length;
    size_t used = strspn(line, "0123456789./");
    for (const char *c = line + used; *c; c++) hash = (hash ^ (uint8_t)*c) * 16777619u;
    line[used + strcspn(line + used, " \t\r")] = 0;
    if (!text_prefix(line, &prefix, &length)) return false;
    make_route(r, prefix, length, hash % N_INTERFACES);
    return true;
}

/* 0, or the exit code. */
static int read_routes(const char *path, const FpCodeOption *o, Route *routes, unsigned *n) {
    FILE *f = fopen(path, "r");
    char *line = NULL;
    size_t room = 0;
    int code = 0;
    *n = 0;
    if (!f) return bad(path, strerror(errno));
    while (!code && getline(&line, &room, f) > 0) {
        Route r = {.order = *n};
        line[strcspn(line, "\n")] = 0;
        if (!(o ? fp_read_route(o, line, N_INTERFACES, &r.match, &r.result, &r.data)
                : read_prefix(line, &r))) {
            fprintf(stderr, "sppfwd: %s:%u: found \"%.40s\", expected %s%s%s\n", path, *n + 1, line,
                    o ? "KEY INTERFACE NEXT-HOP:PORT [DATA] with interfaces 0 to 4; KEY: "
                      : "PREFIX/LENGTH such as 10.0.0.0/8",
                    o && o->read_key ? o->key_text : "", o && !o->read_key ? "key HEX[/MASK]" : "");
            code = 3;
        } else if (*n == TCAM_MAX_ENTRIES) {
            fprintf(stderr, "sppfwd: %s: found more than %u routes, as many as the TCAM has\n",
                    path, TCAM_MAX_ENTRIES);
            code = 3;
        } else {
            routes[(*n)++] = r;
        }
    }
    if (!code && ferror(f)) code = bad(path, strerror(errno));
    if (!code && *n == 0) code = bad(path, "found no route, expected PREFIX/LENGTH on a line");
    free(line);
    fclose(f);
    return code;
}

/* Those that there are without a file. */
static unsigned make_routes(const FpCodeOption *o, Route *routes) {
    unsigned n = 0;
    for (unsigned i = 0; i < N_INTERFACES && !o; i++) make_route(&routes[n++], (i + 1) << 29, 3, i);
    make_route(&routes[n++], 0, 0, 0);
    return n;
}

/* What Format looks for, unless the filter says where that is. */
static bool store(FpTables *t, const FpCodeOption *o, Route *r, uint32_t *used) {
    if (!r->match.n_memory || r->data) return true;
    r->result.data = o->memory_at + *used;
    uint8_t *at = fp_slice_sram(t, 0, r->result.data, r->match.n_memory);
    if (!at) return false;
    memcpy(at, r->match.memory, r->match.n_memory);
    *used += r->match.n_memory;
    return true;
}

/* NULL: the slice's memory does not take what the filters need. */
static FpTables *make_tables(const FpCodeOption *o, Route *routes, unsigned n, Qm *qm) {
    FpTables *t = fp_tables_new(n);
    uint32_t used = 0;
    if (!t) abort();
    *fp_slice(t, 0) = (FpSlice){.used = true,
                                .option = (uint8_t)fp_code_option_find(o ? o->name : "ipv4"),
                                .vlan = 100,
                                .udp_port = UDP_PORT,
                                .exception_queue = N_INTERFACES,
                                .n_queues = N_INTERFACES + 1,
                                .n_stats = N_INTERFACES + 1,
                                .sram_bytes = FP_SRAM_BYTES};
    for (unsigned i = 0; i < N_INTERFACES; i++) fp_interface(t, i)->address = NODE_ADDRESS + i;
    fp_bind_port(t, 0, 0, NODE_ADDRESS, UDP_PORT);
    for (unsigned i = 0; i <= N_INTERFACES; i++) qm_set_queue(qm, i, i, 2048, 0, 0);
    for (unsigned i = 0; i < n; i++) {
        Route *r = &routes[i];
        r->result.queue = r->result.interface;
        r->result.stats = r->result.interface;
        if (!store(t, o, r, &used)) {
            fp_tables_free(t);
            return NULL;
        }
        if (fp_filter_insert(t, 0, i, r->match.key, r->match.mask, &r->result) != FP_INSERTED)
            abort();
    }
    tcam_optimise(fp_tcam(t));
    return t;
}

/* Forwarding ------------------------------------------------------------------------------ */

typedef struct {
    uint64_t forwarded, exceptions, dropped, too_long, reasons[FP_N_REASONS];
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
            struct pcap_pkthdr header = {in[h].time, p->length, p->length};
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

/* What is in `load`, `repeat` times; adds to `totals` and returns the seconds that it took. */
static double forward_part(const Load *load, FpTables *t, Qm *qm, unsigned repeat, Totals *totals,
                           pcap_dumper_t *out) {
    uint8_t *saved = calloc(load->n + 1, 80);
    double spent = 0;
    if (!saved) abort();
    for (uint32_t i = 0; i < load->n; i++)
        memcpy(saved + (size_t)i * 80, load->packets[i].frame,
               load->packets[i].length < 80 ? load->packets[i].length : 80);
    for (unsigned r = 0; r < repeat; r++) {
        double start = seconds();
        for (uint32_t i = 0; i < load->n; i += BATCH)
            forward_batch(t, qm, load->packets + i, load->n - i < BATCH ? load->n - i : BATCH,
                          totals, r ? NULL : out);
        spent += seconds() - start;
        restore(load, saved);
    }
    free(saved);
    return spent;
}

static void print_totals(const Load *load, const Totals *totals, double spent, bool classes) {
    uint64_t n = totals->forwarded + totals->exceptions + totals->dropped;
    printf("packets %llu forwarded %llu exceptions %llu dropped %llu\n", (unsigned long long)n,
           (unsigned long long)totals->forwarded, (unsigned long long)totals->exceptions,
           (unsigned long long)totals->dropped);
    if (n > 0 && spent > 0)
        printf("%.0f packets/s, %.1f ns a packet\n", (double)n / spent, spent / (double)n * 1e9);
    for (unsigned i = 0; classes && i < IPV4_N_CLASSES; i++)
        if (load->classes[i])
            printf("class %s %llu\n", ipv4_class_name((Ipv4Class)i),
                   (unsigned long long)load->classes[i]);
    if (classes && load->other_l2)
        printf("class other_l2 %llu\n", (unsigned long long)load->other_l2);
    for (unsigned i = 1; i < FP_N_REASONS; i++)
        if (totals->reasons[i])
            printf("reason %s %llu\n", fp_reason_name((FpReason)i),
                   (unsigned long long)totals->reasons[i]);
    if (load->no_udp) printf("not UDP over IPv4 %llu\n", (unsigned long long)load->no_udp);
    if (totals->too_long) printf("reason too_long %llu\n", (unsigned long long)totals->too_long);
}

/* A full disk may show at any write, of which only the last are the flush's. */
static int finish(FILE *f, const char *name, bool flushed) {
    int cause = errno;
    if (flushed && !ferror(f)) return 0;
    fprintf(stderr, "sppfwd: %s: cannot be written: %s\n", name,
            cause ? strerror(cause) : "a write failed; is the disk full?");
    return 1;
}

static int forward(Load *load, FpTables *t, Qm *qm, unsigned repeat, const char *out_path,
                   bool classes) {
    pcap_t *dead =
        pcap_open_dead_with_tstamp_precision(DLT_EN10MB, MAX_ORIGINAL, PCAP_TSTAMP_PRECISION_NANO);
    pcap_dumper_t *out = NULL;
    Totals totals = {0};
    double spent = 0;
    int code = next_part(load);
    if (!code && out_path && !(out = pcap_dump_open(dead, out_path))) {
        fprintf(stderr, "sppfwd: %s\n", pcap_geterr(dead));
        code = 1;
    }
    while (!code && load->n) {
        spent += forward_part(load, t, qm, repeat, &totals, out);
        code = next_part(load);
    }
    if (!code) {
        totals.too_long = load->too_long * repeat;
        totals.dropped += totals.too_long;
        print_totals(load, &totals, spent, classes);
        errno = 0;
        code = finish(stdout, "standard output", fflush(stdout) == 0);
    }
    if (out) {
        errno = 0;
        int written = finish(pcap_dump_file(out), out_path, pcap_dump_flush(out) == 0);
        if (!code) code = written;
        pcap_dump_close(out);
    }
    pcap_close(dead);
    return code;
}

static int usage(const char *found, const char *expected) {
    if (found)
        fprintf(stderr, "sppfwd: found \"%s\", expected %s\nTry 'sppfwd --help'.\n", found,
                expected);
    else
        put_usage(stderr);
    return 2;
}

static const char *option_names(void) {
    static char names[256] = "-o with one of";
    for (unsigned i = 0; fp_code_options[i]; i++) {
        const char *name = fp_code_options[i]->name;
        if (strlen(names) + strlen(name) + 2 > sizeof names) break;
        strcat(strcat(names, i ? ", " : " "), name);
    }
    return names;
}

int main(int argc, char **argv) {
    static const struct option names[] = {
        {"help", no_argument, NULL, 'h'}, {"man", no_argument, NULL, 'm'}, {0}};
    const char *routes_path = NULL, *out_path = NULL;
    uint32_t repeat = 1;
    unsigned n = 0;
    bool classes = false;
    Load load = {0};
    for (int c; (c = getopt_long(argc, argv, OPTIONS, names, NULL)) != -1;) switch (c) {
        case 'r': routes_path = optarg; break;
        case 'n':
            if (!text_number(optarg, UINT32_MAX, &repeat) || !repeat)
                return usage(optarg, "-n with a number of rounds from 1 to 4294967295");
            break;
        case 'g':
            if (!text_number(optarg, UINT32_MAX, &load.to_make) || !load.to_make)
                return usage(optarg, "-g with a number of packets from 1 to 4294967295");
            break;
        case 'o':
            if (fp_code_option_find(optarg) < 0) return usage(optarg, option_names());
            load.option = fp_code_options[fp_code_option_find(optarg)];
            break;
        case 'c': classes = true; break;
        case 'h':
        case 'm':
            if (c == 'h')
                put_usage(stdout);
            else
                put_man();
            return finish(stdout, "standard output", fflush(stdout) == 0);
        default: fputs("Try 'sppfwd --help'.\n", stderr); return 2;
        }
    if (argc - optind != (load.to_make ? 0 : 2) || (load.to_make && load.option))
        return usage(NULL, NULL);
    if (!load.to_make) {
        char why[PCAP_ERRBUF_SIZE] = "";
        load.path = argv[optind];
        if (strcmp(argv[optind + 1], "-") != 0) out_path = argv[optind + 1];
        load.capture =
            pcap_open_offline_with_tstamp_precision(load.path, PCAP_TSTAMP_PRECISION_NANO, why);
        if (!load.capture) return bad(load.path, why);
    }
    Route *routes = calloc(TCAM_MAX_ENTRIES, sizeof *routes);
    load.packets = calloc(PART, sizeof *load.packets);
    if (!routes || !load.packets) abort();
    if (!routes_path) n = make_routes(load.option, routes);
    int code = routes_path ? read_routes(routes_path, load.option, routes, &n) : 0;
    if (!code) {
        for (unsigned i = 0; i < n; i++)
            for (unsigned k = 0; k < FP_KEY_BYTES; k++)
                routes[i].bits += (unsigned)__builtin_popcount(routes[i].match.mask[k]);
        qsort(routes, n, sizeof *routes, narrowest_first);
        Qm *qm = qm_new(N_INTERFACES + 1, N_INTERFACES + 1, BATCH);
        FpTables *t = make_tables(load.option, routes, n, qm);
        code = t ? forward(&load, t, qm, repeat, out_path, classes)
                 : bad(routes_path, "the slice's memory has no room for so many");
        fp_tables_free(t);
        qm_free(qm);
    }
    while (load.n) free(load.packets[--load.n].frame - FP_HEADROOM);
    free(load.packets);
    free(routes);
    if (load.capture) pcap_close(load.capture);
    return code;
}
