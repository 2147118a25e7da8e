"""Queries of all kinds, searches, reverse names, many at once, cancelling and errors of c-ares."""

import socket

import dns
import pycares


def shown(told):
    result, error = told
    return str(result)[:300].replace(str(id(result)), ""), error


with dns.server() as port:
    channel = pycares.Channel(
        servers=["127.0.0.1"],
        udp_port=port,
        tcp_port=port,
        timeout=5,
        tries=2,
        domains=["example", "loc"],
        lookups="b",
        rotate=True,
    )
    for name in (
        "A",
        "AAAA",
        "PTR",
        "MX",
        "TXT",
        "CNAME",
        "NS",
        "SRV",
        "SOA",
        "NAPTR",
        "CAA",
        "ANY",
    ):
        kind = getattr(pycares, f"QUERY_TYPE_{name}", None)
        if kind is not None:
            print(
                name,
                shown(
                    dns.asked(
                        channel,
                        lambda told: channel.query(f"{name.lower()}.example", kind, callback=told),
                    )
                ),
            )
    print(
        shown(
            dns.asked(
                channel,
                lambda told: channel.getaddrinfo(
                    "foo.example", 80, family=socket.AF_INET, callback=told
                ),
            )
        )
    )
    print(shown(dns.asked(channel, lambda told: channel.gethostbyaddr("10.1.2.3", callback=told))))
    print(
        shown(
            dns.asked(channel, lambda told: channel.getnameinfo(("10.1.2.3", 80), 0, callback=told))
        )
    )
    print(
        shown(
            dns.asked(
                channel,
                lambda told: channel.getnameinfo(
                    ("fd00::1", 80, 0, 0), pycares.ARES_NI_NUMERICSERV, callback=told
                ),
            )
        )
    )
    print(
        sum(
            dns.asked(
                channel,
                lambda told: channel.query(f"n{n}.example", pycares.QUERY_TYPE_A, callback=told),
            )[1]
            is None
            for n in range(100)
        )
    )
    print(
        shown(
            dns.asked(
                channel, lambda told: channel.search("short", pycares.QUERY_TYPE_A, callback=told)
            )
        )
    )
    print(len(channel.servers), pycares.errno.strerror(4))
    channel.cancel()
lost = pycares.Channel(servers=["127.0.0.1"], udp_port=9, tcp_port=9, timeout=0.3, tries=1)
print(
    shown(
        dns.asked(lost, lambda told: lost.query("foo.example", pycares.QUERY_TYPE_A, callback=told))
    )
)
for bad in (
    lambda: pycares.Channel(servers=["nonsense"]),
    lambda: channel.query("x", 99999, callback=print),
):
    try:
        bad()
    except Exception as e:
        print(type(e).__name__)
