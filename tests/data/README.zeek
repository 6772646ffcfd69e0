62 captures out of Zeek's test traces: checksum good/bad pairs, fragments, truncated headers, VLAN/MPLS, GTP/GRE/VXLAN tunnels,
plus real HTTP/FTP/TLS sessions.

source repo  github.com/zeek/zeek  commit a13de64fbbdb01f90961c04719b308fbbb6d199e, folder testing/btest/Traces/
licence      3-clause BSD (LICENSE.zeek = Zeek COPYING, Regents of the University of California / LBNL / ICSI)
format       pcap_zeek.tar.xz (1.6 MB; 3.0 MB unpacked), 4198 packets.

expected_classes.zeek.csv: packets per file by class, counted with an own Python classifier (no code from any project).
  One class per packet, first match in this order:
   other_l2            not IPv4 over Ethernet (0-4 VLAN tags), raw IP, Linux SLL or BSD null; or link header cut short
   bad:short<20        fewer than 20 captured bytes of IP header
   bad:version         version != 4
   bad:ihl<5           header length < 20
   bad:truncated-header   capture ends inside the IP header
   bad:checksum        header checksum wrong
   bad:totlen<ihl      total length < header length
   bad:totlen>frame    total length > original (on-wire, not captured) length of the frame after the link header
   martian:src         source in 0/8, 127/8, or >= 224.0.0.0
   martian:dst         destination in 0/8, 127/8 or 240/4 except 255.255.255.255
   bcast / mcast       destination 255.255.255.255 / 224/4
   ttl-expire          TTL <= 1 (unicast)
   options / fragment  header longer than 20 bytes / MF set or offset != 0
   plain               everything else: what a fast path forwards
