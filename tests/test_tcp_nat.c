/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * vServers behind the node open TCP connections through the line card's translation. Oracles: the
 * echo that comes back byte for byte, and counts that follow from the settings. */
#include "components/gpe/vserver.h"
#include "components/linecard/linecard.h"
#include "fastpath/headers.h"
#include "tests/bench.h"

/* One host outside, at interface 0, and two servers. */
#define NODE(more)                                                                                 \
    "[scenario]\ninclude = @scenarios/chassis-dev.ini\nduration = 30s\n"                           \
    "[chassis spp]\nslots = linecard; gpe*2; cp\n"                                                 \
    "[host outside]\nattach = spp interfaces 0..0\n" more
#define CLIENT(name, more) "[vserver " name "]\napplication = client\n" more

static RunResult *result;
static double scalar(const char *name) {
    return bench_value(result, name);
}

/* Two servers and two vServers of one of them, from one and the same port and (of the server's two,
 * which have one address) to two ports of the host: what the line card did not tell apart would get
 * somebody else's answers, or resets. */
static void connections_with_one_inside_port_are_told_apart(void) {
    result =
        bench_run(NODE(CLIENT("a", "gpe = gpe0\nfrom_port = 5000\nrequests = 5\nrequest = 30kB\n")
                           CLIENT("b", "gpe = gpe1\nfrom_port = 5000\nrequests = 5\n"
                                       "request = 20kB\n")
                               CLIENT("c", "gpe = gpe0\nfrom_port = 5000\nserver_port = 9\n")));
    CHECK_NEAR(scalar("a.answered"), 5, 0);
    CHECK_NEAR(scalar("b.answered"), 5, 0);
    CHECK_NEAR(scalar("c.opened"), 1, 0);
    CHECK_NEAR(scalar("outside.echoed"), 250000, 0);
    CHECK_NEAR(scalar("outside.discarded"), 100, 0);
    CHECK_NEAR(scalar("lc0.nat.allocated"), 3, 0);
    CHECK_NEAR(scalar("outside.tcp.bad") + scalar("gpe0.tcp.bad") + scalar("gpe1.tcp.bad"), 0, 0);
    CHECK_NEAR(scalar("outside.tcp.retransmitted") + scalar("gpe0.tcp.retransmitted"), 0, 0);
    run_result_free(result);
}

/* Three ports for eight connections: three are open at once, the SYNs of the others are dropped and
 * sent again, until those before have ended and been forgotten, after a second. */
static void who_finds_no_port_free_gets_one_when_one_is(void) {
    result = bench_run(NODE(CLIENT(
        "a",
        "gpe = gpe0\nconnections = 8\n") "[linecard lc0]\nnat_ports = 3\nnat_idle_transitory = 1s\n"
                                         "nat_sweep = 100ms\n"));
    CHECK_NEAR(scalar("a.answered"), 8, 0);
    CHECK(scalar("lc0.drop.nat_exhausted") >= 5);
    CHECK_NEAR(scalar("lc0.drop.nat_exhausted"), scalar("lc0.nat.exhausted"), 0);
    CHECK_NEAR(scalar("gpe0.tcp.retransmitted"), scalar("lc0.drop.nat_exhausted"), 0);
    CHECK(scalar("lc0.nat.allocated") >= 8);
    run_result_free(result);
}

/* A pause longer than the idle time of an open connection, and one that is shorter. What is sent
 * after the longer one has no translation, and opens none: it is no SYN. */
static void a_connection_that_idles_too_long_is_forgotten(void) {
    for (unsigned longer = 0; longer < 2; longer++) {
        g_autofree char *text =
            g_strdup_printf("%s[linecard lc0]\nnat_idle_tcp = 3s\nnat_sweep = 100ms\n[vserver a]\n"
                            "application = client\nrequests = 3\npause = %us\n",
                            NODE(""), longer ? 4 : 2);
        result = bench_run(text);
        CHECK_NEAR(scalar("a.answered"), longer ? 1 : 3, 0);
        CHECK((scalar("lc0.drop.nat_bad") > 0) == longer);
        CHECK_NEAR(scalar("lc0.nat.allocated"), 1, 0);
        CHECK_NEAR(scalar("a.reset"), 0, 0); /* it goes on trying */
        run_result_free(result);
    }
}

static void a_reset_comes_back_and_ends_the_translation_soon(void) {
    result = bench_run(NODE(CLIENT("a", "gpe = gpe0\nserver_port = 99\nconnections = 3\n") CLIENT(
        "b", "gpe = gpe0\nrequests = 2\n"
             "pause = 100s\n") "[linecard lc0]\nnat_idle_transitory = 1s\nnat_sweep = 100ms\n"));
    CHECK_NEAR(scalar("a.refused"), 3, 0);
    CHECK_NEAR(scalar("outside.tcp.refused"), 3, 0);
    CHECK_NEAR(scalar("lc0.nat.allocated"), 4, 0);
    CHECK_NEAR(scalar("lc0.nat.expired"), 3, 0);
    run_result_free(result);
}

/* The quoted header has the inside address again, or the server would not know its connection; and
 * where there is no answer at all it goes on trying: at 0, 1, 3, 7, 15 s, which are four again. */
static void an_icmp_error_comes_back_to_who_has_sent(void) {
    for (unsigned silent = 0; silent < 2; silent++) {
        g_autofree char *text =
            g_strconcat(NODE(""), silent ? "refuses = silent\n" : "refuses = icmp\n",
                        CLIENT("a", "gpe = gpe1\nserver_port = 99\nconnections = 2\n"), NULL);
        result = bench_run(text);
        CHECK_NEAR(scalar("a.refused"), silent ? 0 : 2, 0);
        CHECK_NEAR(scalar("gpe1.tcp.retransmitted"), silent ? 8 : 0, 0);
        CHECK_NEAR(scalar("gpe1.tcp.bad"), 0, 0);
        run_result_free(result);
    }
}

/* What is inside when it goes ends; its translations, port and VLAN come back. */
static void a_vserver_that_leaves_takes_its_connections_along(void) {
    Bench *b = bench_open(
        NODE(CLIENT("a", "gpe = gpe0\nconnections = 5\nrequest = 1MB\nrequests = 1000\n")));
    Vserver *v = (Vserver *)bench_find(b, "a");
    const LineCard *lc = (const LineCard *)bench_find(b, "lc0");
    for (unsigned i = 0; i < 3; i++) {
        bench_until(b, (10 * i + 5) * SIM_MS);
        CHECK_U64(linecard_occupancy(lc).translations, 5);
        vserver_detach(v);
        CHECK_U64(linecard_occupancy(lc).translations, 0);
        bench_until(b, (10 * i + 10) * SIM_MS);
        CHECK_U64(gpe_occupancy(v->gpe).guests, 0);
        CHECK_U64(linecard_occupancy(lc).classes, 1);
        CHECK(vserver_attach(v, NULL, NULL));
    }
    vserver_detach(v);
    bench_finish(b);
    bench_close(b);
}

/* Who comes from outside to a port that a vServer listens at finds it, whichever interface; a user
 * who takes it for sshd sends 1,047 and 447 bytes, which come back and are no SSH. A port has one
 * owner on a server, and one at the line card. */
static void a_vserver_listens_at_the_ports_that_it_has(void) {
    const char *two = "[user bob]\nattach = spp interfaces 1..1\nslice = x\nport = 8080\n"
                      "[user eve]\nattach = spp interfaces 2..2\nslice = x\nport = 8081\n"
                      "[vserver web]\ngpe = gpe1\napplication = listener\nlisten = 8080\n";
    g_autofree char *one = g_strconcat(NODE(""), two, NULL);
    result = bench_run(one);
    CHECK_NEAR(scalar("web.accepted"), 1, 0);
    CHECK_NEAR(scalar("web.tcp_echoed"), 1494, 0);
    CHECK_NEAR(scalar("bob.failed"), 1, 0);
    CHECK_NEAR(scalar("eve.tcp.opened"), 0, 0);
    CHECK_NEAR(scalar("lc0.bindings"), 5, 0);
    run_result_free(result);
    for (unsigned i = 0; i < 2; i++) {
        g_autofree char *both = g_strdup_printf("%s[vserver other]\ngpe = gpe%u\napplication = "
                                                "listener\nlisten = 8080\n",
                                                one, i);
        CHECK_REFUSED(both, "listen: another slice has port 8080");
    }
}

static void a_program_reserves_a_tcp_port_of_one_interface(void) {
    g_autofree char *file = NULL;
    CHECK(g_file_get_contents("tests/tcp/web.ini", &file, NULL, NULL));
    g_auto(GStrv) parts = g_strsplit(file, "../../scenarios", -1);
    g_autofree char *text = g_strjoinv("@scenarios", parts);
    result = bench_run(text);
    CHECK_NEAR(scalar("here.tcp.opened"), 1, 0);
    CHECK_NEAR(scalar("there.tcp.opened"), 0, 0);
    CHECK_NEAR(scalar("wustl_web.tcp_echoed"), 1494, 0);
    run_result_free(result);
}

/* A SYN, some of whose bits are others, cut or as it was: never a crash, never a packet that is not
 * accounted for, and a connection only for those that are right. */
static void no_frame_harms_a_stack(void) {
    Bench *b =
        bench_open("[scenario]\nduration = 1s\n[host outside]\n[sink sink]\nports = 1\n"
                   "source = t\n[source t]\nports = 1\nduration = 1ms\nwarmup = 0\n[link a]\n"
                   "link = outside.0 -> sink.0\n[link b]\nlink = t.0 -> outside.0\n");
    Component *host = bench_find(b, "outside");
    TcpSegment syn = {.from = 0x0a000001, .to = 0x0afd0001, .from_port = 1, .flags = TCP_SYN};
    Random random;
    random_seed(&random, 1, 0, "frames");
    for (unsigned i = 0; i < 20000; i++) {
        Packet *pkt = packet_new(host->packets, &host->owner, ETHER_BYTES + 40);
        memset(pkt->data, 0, ETHER_BYTES);
        put16(pkt->data + ETHER_TYPE, ETHER_TYPE_IPV4);
        syn.from_port = (uint16_t)(1 + i % 60000);
        /* A reset from the other end has the form; SYN and its sum are put in by hand. */
        CHECK(tcp_answer_reset(&(TcpSegment){.from = syn.to,
                                             .to = syn.from,
                                             .from_port = 7,
                                             .to_port = syn.from_port,
                                             .flags = TCP_ACK},
                               pkt->data + ETHER_BYTES));
        uint8_t *tcp = pkt->data + ETHER_BYTES + IPV4_BYTES;
        tcp[TCP_FLAGS] = TCP_SYN;
        put16(tcp + TCP_CHECKSUM, checksum_update(get16(tcp + TCP_CHECKSUM), TCP_RST, TCP_SYN));
        for (uint64_t n = random_below(&random, 4); n > 0; n--)
            pkt->data[random_below(&random, pkt->length)] ^=
                (uint8_t)(1u << random_below(&random, 8));
        if (i % 5 == 0) packet_set_length(pkt, 14 + (uint32_t)random_below(&random, 41));
        host->class->receive(host, 0, pkt);
    }
    bench_until(b, SIM_MS);
    bench_finish(b);
    CHECK(bench_scalar(b, "outside.tcp.bad") > 1000);
    CHECK(bench_scalar(b, "outside.drop.stranger") > 1000);
    CHECK(bench_scalar(b, "outside.tcp.segments_out") > 3000); /* SYN-ACKs: a quarter is whole */
    bench_close(b);
}

/* An echo request with 13 bytes of data comes back with addresses exchanged, as type 0, and with
 * checksums that are right: all words of header and message sum to 0xffff. */
static void a_host_answers_pings(void) {
    Bench *b = bench_open("[scenario]\nduration = 1s\n[host outside]\n[tap tap]\ncapture = p.pcap\n"
                          "[source t]\nports = 1\nduration = 1ms\nwarmup = 0\n[sink sink]\n"
                          "ports = 1\nsource = t\n[link a]\nlink = outside.0 -> tap.0\n[link b]\n"
                          "link = tap.0 -> sink.0\n[link c]\nlink = t.0 -> outside.0\n");
    Component *host = bench_find(b, "outside");
    enum { TOTAL = IPV4_BYTES + ICMP_BYTES + 13, FILE_HEADER = 24, RECORD_HEADER = 16 };
    Packet *pkt = packet_new(host->packets, &host->owner, ETHER_BYTES + TOTAL);
    uint8_t *ip = pkt->data + ETHER_BYTES, *icmp = ip + IPV4_BYTES, sum[22] = {0};
    memset(pkt->data, 0x5a, pkt->length);
    put16(pkt->data + ETHER_TYPE, ETHER_TYPE_IPV4);
    ip4_put_header(ip, 0, TOTAL, 17, IP_PROTOCOL_ICMP, 0x0a000001, 0x0afd0001);
    icmp[ICMP_TYPE] = 8;
    icmp[ICMP_CODE] = 0;
    put16(icmp + ICMP_CHECKSUM, 0);
    memcpy(sum, icmp, ICMP_BYTES + 13);
    put16(icmp + ICMP_CHECKSUM, fold_checksum(sum_words(sum, sizeof sum)));
    host->class->receive(host, 0, pkt);
    bench_finish(b);
    g_autofree char *path = g_build_filename(b->folder, "p.pcap", NULL), *file = NULL;
    gsize bytes = 0;
    CHECK(g_file_get_contents(path, &file, &bytes, NULL));
    CHECK_U64(bytes, FILE_HEADER + RECORD_HEADER + ETHER_BYTES + TOTAL);
    ip = (uint8_t *)file + FILE_HEADER + RECORD_HEADER + ETHER_BYTES;
    memcpy(sum, ip + IPV4_BYTES, ICMP_BYTES + 13);
    CHECK_U64(get32(ip + IP4_SOURCE), 0x0afd0001);
    CHECK_U64(get32(ip + IP4_DESTINATION), 0x0a000001);
    CHECK_U64(sum[ICMP_TYPE], 0);
    CHECK_U64(fold_checksum(sum_words(ip, IPV4_BYTES)), 0);
    CHECK_U64(fold_checksum(sum_words(sum, sizeof sum)), 0);
    CHECK_U64(sum[ICMP_BYTES], 0x5a);
    CHECK_NEAR(bench_scalar(b, "outside.pings"), 1, 0);
    bench_close(b);
}

int main(void) {
    static const Test tests[] = {TEST(connections_with_one_inside_port_are_told_apart),
                                 TEST(who_finds_no_port_free_gets_one_when_one_is),
                                 TEST(a_connection_that_idles_too_long_is_forgotten),
                                 TEST(a_reset_comes_back_and_ends_the_translation_soon),
                                 TEST(an_icmp_error_comes_back_to_who_has_sent),
                                 TEST(a_vserver_that_leaves_takes_its_connections_along),
                                 TEST(a_vserver_listens_at_the_ports_that_it_has),
                                 TEST(a_program_reserves_a_tcp_port_of_one_interface),
                                 TEST(no_frame_harms_a_stack),
                                 TEST(a_host_answers_pings),
                                 {0}};
    return run_tests("tcp_nat", tests);
}
