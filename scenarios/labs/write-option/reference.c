/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * reference IN OUT LIMIT MARK: what the code option of this lab should make of a capture of
 * tunnelled packets; OUT has the packets inside the tunnel. It knows nothing of code options: bytes
 * in, bytes out, and the checksum is made anew. */
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In front of the packet inside: Ethernet and VLAN tag, IPv4, UDP. */
enum { OUTER = 18 + 20 + 8, HEADER = 20 };

static void make_checksum(u_char *ip) {
    unsigned sum = 0;
    ip[10] = ip[11] = 0;
    for (int i = 0; i < HEADER; i += 2) sum += (unsigned)ip[i] << 8 | ip[i + 1];
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    ip[10] = (u_char)(~sum >> 8);
    ip[11] = (u_char)~sum;
}

int main(int argc, char **argv) {
    char why[PCAP_ERRBUF_SIZE];
    struct pcap_pkthdr *head;
    const u_char *data;
    if (argc != 5) return 2;
    pcap_t *in = pcap_open_offline(argv[1], why), *raw = pcap_open_dead(DLT_RAW, 65535);
    pcap_dumper_t *out = in ? pcap_dump_open(raw, argv[2]) : NULL;
    if (!out) return 1;
    while (pcap_next_ex(in, &head, &data) == 1) {
        u_char ip[65536];
        struct pcap_pkthdr inner = *head;
        if (head->caplen < OUTER + HEADER) continue;
        inner.caplen = inner.len = head->caplen - OUTER;
        memcpy(ip, data + OUTER, inner.caplen);
        if (ip[8] < atoi(argv[3])) continue;
        ip[8]--;
        ip[1] = (u_char)(atoi(argv[4]) << 2);
        make_checksum(ip);
        pcap_dump((u_char *)out, &inner, ip);
    }
    pcap_dump_close(out);
    pcap_close(raw);
    pcap_close(in);
    return 0;
}
