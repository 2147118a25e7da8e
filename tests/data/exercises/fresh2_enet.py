"""Two hosts on the loopback: channels, packets of all sizes, compression, limits, disconnection, by ENet."""

import enet

server = enet.Host(enet.Address(b"127.0.0.1", 0), 8, 4, 0, 0)
client = enet.Host(None, 1, 4, 57600, 14400)
for one in (server, client):
    one.compress_with_range_coder()
peer = client.connect(enet.Address(b"127.0.0.1", server.address.port), 4, 77)
names = {
    enet.EVENT_TYPE_CONNECT: "connect",
    enet.EVENT_TYPE_DISCONNECT: "disconnect",
    enet.EVENT_TYPE_RECEIVE: "receive",
}
seen = {"server": [], "client": []}


def turn(n=20):
    for _ in range(n):
        for name, one in (("server", server), ("client", client)):
            event = one.service(2)
            if event.type in names:
                data = event.packet.data if event.type == enet.EVENT_TYPE_RECEIVE else b""
                seen[name].append(
                    (names[event.type], event.channelID, len(data), data[:4], event.data)
                )
                if name == "server" and data:
                    event.peer.send(
                        event.channelID, enet.Packet(data[::-1][:5000], enet.PACKET_FLAG_RELIABLE)
                    )


turn()
for size in (1, 50, 1400, 5000, 60000):
    for channel, flag in enumerate(
        (
            enet.PACKET_FLAG_RELIABLE,
            enet.PACKET_FLAG_UNSEQUENCED,
            enet.PACKET_FLAG_UNRELIABLE_FRAGMENT,
            0,
        )
    ):
        print(
            size,
            channel,
            peer.send(channel, enet.Packet(bytes(i % 251 for i in range(size)), flag)),
        )
        turn(6)
server.broadcast(1, enet.Packet(b"all", enet.PACKET_FLAG_RELIABLE))
peer.throttle_configure(5000, 2, 2) if hasattr(peer, "throttle_configure") else None
peer.ping_interval(100) if hasattr(peer, "ping_interval") and callable(peer.ping_interval) else None
turn()
print(
    peer.state == enet.PEER_STATE_CONNECTED,
    peer.mtu,
    peer.windowSize,
    peer.packetsLost,
    server.peerCount,
    client.totalSentPackets > 0,
    server.totalReceivedData > 10000,
)
peer.disconnect(5)
turn()
for name, events in seen.items():
    for kind in ("connect", "receive", "disconnect"):
        print(name, kind, sorted(e[1:] for e in events if e[0] == kind))
print(peer.state == enet.PEER_STATE_DISCONNECTED, peer.send(0, enet.Packet(b"x")))
for bad in (
    lambda: enet.Host(enet.Address(b"127.0.0.1", server.address.port), 1),
    lambda: enet.Packet(b"x" * 3, 99).flags,
    lambda: enet.Host(None, 0),
    lambda: enet.Address(b"no host.invalid", 1),
):
    try:
        print(type(bad()).__name__)
    except Exception as e:
        print(type(e).__name__)
