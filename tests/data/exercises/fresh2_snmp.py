"""An agent made here: get, next, walk, bulk, set, MIB names, versions, timeouts and faults, by Net-SNMP."""

import socket
import threading

import ezsnmp

VALUES = [
    ((1, 3, 6, 1, 2, 1, 1, 1, 0), b"\x04\x05hello"),
    ((1, 3, 6, 1, 2, 1, 1, 2, 0), b"\x06\x06\x2b\x06\x01\x04\x01\x09"),
    ((1, 3, 6, 1, 2, 1, 1, 3, 0), b"\x43\x02\x30\x39"),
    ((1, 3, 6, 1, 2, 1, 2, 1, 0), b"\x02\x01\x05"),
    ((1, 3, 6, 1, 2, 1, 4, 20, 1, 1, 7), b"\x40\x04\x0a\x00\x00\x07"),
    ((1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 6, 1), b"\x46\x03\x01\x00\x00"),
]


def tlv(tag, body):
    return (
        bytes([tag])
        + (bytes([len(body)]) if len(body) < 128 else b"\x82" + len(body).to_bytes(2, "big"))
        + body
    )


def parts(data):
    while data:
        n, at = data[1], 2
        if n & 128:
            at, n = 2 + (n & 127), int.from_bytes(data[2 : 2 + (n & 127)], "big")
        yield data[0], data[at : at + n]
        data = data[at + n :]


def oid(body):
    found, value = [body[0] // 40, body[0] % 40], 0
    for byte in body[1:]:
        value = value << 7 | byte & 127
        if not byte & 128:
            found.append(value)
            value = 0
    return tuple(found)


def encoded(name):
    return bytes(
        [
            name[0] * 40 + name[1],
            *(b for v in name[2:] for b in ([v] if v < 128 else [v >> 7 | 128, v & 127])),
        ]
    )


def answer(data):
    ((_, message),) = parts(data)
    version, community, (kind, pdu) = parts(message)
    identity, _first, second, (_, bindings) = parts(pdu)
    out, status = b"", b"\0"
    repeat = int.from_bytes(second[1], "big") if kind == 0xA5 else 1
    for _, binding in parts(bindings):
        (_, name), value = parts(binding)
        for _ in range(repeat):
            if kind in (0xA1, 0xA5):
                after = [v for v in VALUES if v[0] > oid(name)]
                found, shown = after[0] if after else (oid(name), b"\x82\x00")
            else:
                found = oid(name)
                shown = dict(VALUES).get(found, b"\x80\x00") if kind == 0xA0 else tlv(*value)
                status = b"\x11" if kind == 0xA3 and found[7:8] == (2,) else status
            name = encoded(found)
            out += tlv(0x30, tlv(6, name) + shown)
    return tlv(
        0x30,
        tlv(*version)
        + tlv(*community)
        + tlv(
            0xA2,
            tlv(*identity)
            + tlv(2, status)
            + tlv(2, b"\0" if status == b"\0" else b"\1")
            + tlv(0x30, out),
        ),
    )


def serve():
    while True:
        data, sender = agent.recvfrom(5000)
        agent.sendto(answer(data), sender)


agent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
agent.bind(("127.0.0.1", 0))
threading.Thread(target=serve, daemon=True).start()
where = f"127.0.0.1:{agent.getsockname()[1]}"


def show(r):
    return [
        (v.oid, v.index, v.type, v.value) for v in ([r] if not isinstance(r, (list, tuple)) else r)
    ]


for version in ("2c", "1"):
    for options in (
        {},
        {"print_oids_numerically": True},
        {"print_full_oids": True, "print_enums_numerically": True, "print_hex_strings": True},
    ):
        s = ezsnmp.Session(
            hostname=where.split(":", maxsplit=1)[0],
            port_number=where.split(":")[1],
            community="public",
            version=version,
            timeout="1",
            retries="1",
            **options,
        )
        for call in (
            lambda: s.get("1.3.6.1.2.1.1.1.0"),
            lambda: s.get(["1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.2.1.0"]),
            lambda: s.get_next("1.3.6.1.2.1.1.1.0"),
            lambda: s.walk("1.3.6.1.2.1.1"),
            lambda: s.bulk_get(["1.3.6.1.2.1"]),
            lambda: s.bulk_walk("1.3.6.1.2.1"),
            lambda: s.set(["1.3.6.1.2.1.1.5.0", "s", "new"]),
            lambda: s.set(["1.3.6.1.2.1.1.2.0", "i", "5"]),
            lambda: s.get("1.3.9"),
            lambda: s.get("no.such"),
            lambda: s.set(["1.3.6.1.2.1.1.5.0", "q", "x"]),
        ):
            try:
                print(version, show(call()))
            except Exception as e:
                print(version, type(e).__name__)
for options in (
    {"hostname": "127.0.0.1", "port_number": "1", "timeout": "1", "retries": "0"},
    {"hostname": "no.invalid"},
    {
        "hostname": "127.0.0.1",
        "version": "3",
        "security_username": "u",
        "auth_protocol": "SHA",
        "auth_passphrase": "short",
    },
):
    try:
        print(show(ezsnmp.Session(**options).get("1.3.6.1.2.1.1.1.0")))
    except Exception as e:
        print(type(e).__name__)
