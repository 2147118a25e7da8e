"""c-ares: a query to a server on the loopback interface."""

import dns
import pycares

with dns.server() as port:
    channel = pycares.Channel(
        servers=["127.0.0.1"], udp_port=port, tcp_port=port, timeout=5, tries=1
    )
    told = dns.asked(
        channel, lambda told: channel.query("foo.example", pycares.QUERY_TYPE_A, callback=told)
    )
    print(str(told[0])[:200], told[1])
