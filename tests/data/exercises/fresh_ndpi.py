"""Captured packets that are made here put together to flows with their applications, by nDPI and libpcap."""

import ipaddress
import os
import struct
import tempfile

from nfstream import NFStreamer


def packet(source, target, sport, dport, payload, protocol=17, flags=0x18, sequence=1):
    if protocol == 17:
        segment = struct.pack(">HHHH", sport, dport, 8 + len(payload), 0) + payload
    else:
        segment = (
            struct.pack(">HHIIBBHHH", sport, dport, sequence, 1, 5 << 4, flags, 65535, 0, 0)
            + payload
        )
    head = struct.pack(
        ">BBHHHBBH4s4s",
        0x45,
        0,
        20 + len(segment),
        1,
        0,
        64,
        protocol,
        0,
        ipaddress.ip_address(source).packed,
        ipaddress.ip_address(target).packed,
    )
    return b"\x02" * 6 + b"\x04" * 6 + b"\x08\x00" + head + segment


def dns(name):
    return (
        b"\x12\x34\x01\x00\x00\x01"
        + bytes(6)
        + b"".join(bytes([len(p)]) + p.encode() for p in name.split("."))
        + b"\0\0\x01\0\x01"
    )


packets = []
for i in range(5):
    packets.append(packet("10.0.0.1", "10.0.0.53", 4000 + i, 53, dns(f"host{i}.example.org")))
request = b"GET /index.html HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: test/1.0\r\n\r\n"
answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello"
packets += [
    packet("10.0.0.1", "93.184.216.34", 5000, 80, b"", 6, 2, 0),
    packet("93.184.216.34", "10.0.0.1", 80, 5000, b"", 6, 0x12, 0),
    packet("10.0.0.1", "93.184.216.34", 5000, 80, b"", 6, 0x10, 1),
    packet("10.0.0.1", "93.184.216.34", 5000, 80, request, 6, 0x18, 1),
    packet("93.184.216.34", "10.0.0.1", 80, 5000, answer, 6, 0x18, 1),
    packet("10.0.0.1", "93.184.216.34", 5000, 80, b"", 6, 0x11, 1 + len(request)),
]
packets += [
    packet("10.0.0.2", "10.0.0.9", 6000, 22, b"SSH-2.0-OpenSSH_8.0\r\n", 6),
    packet("10.0.0.9", "10.0.0.2", 22, 6000, b"SSH-2.0-OpenSSH_9.0\r\n", 6),
]
packets += [packet("10.0.0.3", "10.0.0.4", 123, 123, b"\x1b" + bytes(47)) for _ in range(3)]
with tempfile.TemporaryDirectory() as directory:
    path = os.path.join(directory, "a.pcap")
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for i, p in enumerate(packets):
            f.write(struct.pack("<IIII", 1600000000 + i // 10, (i % 10) * 1000, len(p), len(p)) + p)
    for options in (
        {},
        {"statistical_analysis": True},
        {"bpf_filter": "udp port 53"},
        {"bpf_filter": "tcp and host 10.0.0.9"},
        {"n_dissections": 0},
        {"decode_tunnels": False, "splt_analysis": 3},
    ):
        flows = sorted(
            NFStreamer(source=path, n_meters=1, **options), key=lambda f: (f.src_ip, f.src_port)
        )
        print(sorted(options), len(flows))
        for f in flows[:9]:
            print(
                f.src_ip,
                f.dst_ip,
                f.src_port,
                f.dst_port,
                f.protocol,
                f.bidirectional_packets,
                f.bidirectional_bytes,
                f.src2dst_packets,
                getattr(f, "application_name", "").split(".")[0],
                getattr(f, "requested_server_name", "")[:20],
                getattr(f, "bidirectional_mean_ps", 0),
            )
    frame = NFStreamer(source=path, n_meters=1).to_pandas()
    print(frame.shape[0], int(frame["bidirectional_packets"].sum()))
    with open(path, "wb") as f:
        f.write(b"garbage" * 20)
    for bad in (
        {"source": path},
        {"source": "/no/such.pcap"},
        {"source": path, "bpf_filter": "no such filter"},
    ):
        try:
            print(len(list(NFStreamer(n_meters=1, **bad))))
        except Exception as e:
            print(type(e).__name__)
