"""A MaxMind database that is made here: look-ups, iteration, metadata, damaged files."""

import os
import struct
import tempfile

import maxminddb


def field(value):  # noqa: C901
    def head(kind, size):
        extended = b"" if kind < 8 else bytes([kind - 7])
        more = b""
        if size >= 285:
            size, more = 30, struct.pack(">H", size - 285)
        elif size >= 29:
            size, more = 29, bytes([size - 29])
        return bytes([(kind << 5 if kind < 8 else 0) | size]) + extended + more

    match value:
        case (6 | 9 | 5 as kind, int(number)):
            data = number.to_bytes((number.bit_length() + 7) // 8, "big")
            return head(kind, len(data)) + data
        case bool():
            return head(14, int(value))
        case str():
            data = value.encode()
            return head(2, len(data)) + data
        case float():
            return head(3, 8) + struct.pack(">d", value)
        case bytes():
            return head(4, len(value)) + value
        case int() if value < 0:
            return head(8, 4) + struct.pack(">i", value)
        case int():
            data = value.to_bytes((value.bit_length() + 7) // 8, "big")
            kind = 5 if len(data) <= 2 else 6 if len(data) <= 4 else 9 if len(data) <= 8 else 10
            return head(kind, len(data)) + data
        case dict():
            return head(7, len(value)) + b"".join(field(k) + field(v) for k, v in value.items())
        case list():
            return head(11, len(value)) + b"".join(map(field, value))
    raise TypeError(value)


def database(networks, ip_version=4, record_size=24):
    """The tree of ``networks``, pairs of a prefix of bits and a record."""
    nodes, data, places = [[None, None]], b"", {}
    for bits, record in networks:
        raw = field(record)
        if raw not in places:
            places[raw] = len(data)
            data += raw
        at = 0
        for bit in bits[:-1]:
            if nodes[at][int(bit)] is None:
                nodes.append([None, None])
                nodes[at][int(bit)] = len(nodes) - 1
            at = nodes[at][int(bit)]
        nodes[at][int(bits[-1])] = ("data", places[raw])
    count, tree = len(nodes), b""
    for pair in nodes:
        a, b = (
            count if x is None else x if isinstance(x, int) else x[1] + count + 16 for x in pair
        )
        if record_size == 24:
            tree += a.to_bytes(3, "big") + b.to_bytes(3, "big")
        elif record_size == 28:
            tree += (a & 0xFFFFFF).to_bytes(3, "big") + bytes([(a >> 24) << 4 | b >> 24])
            tree += (b & 0xFFFFFF).to_bytes(3, "big")
        else:
            tree += a.to_bytes(4, "big") + b.to_bytes(4, "big")
    meta = {
        "binary_format_major_version": 2,
        "binary_format_minor_version": 0,
        "build_epoch": (9, 1700000000),
        "database_type": "Test",
        "description": {"en": "made here", "de": "hier gemacht"},
        "ip_version": ip_version,
        "languages": ["en", "de"],
        "node_count": (6, count),
        "record_size": record_size,
    }
    return tree + bytes(16) + data + b"\xab\xcd\xefMaxMind.com" + field(meta)


def bits(address):
    return "".join(f"{int(part):08b}" for part in address.split("."))


records = [
    (bits("1.2.3.0")[:24], {"country": {"iso": "DE", "names": {"de": "Täg"}}, "n": 70000}),
    (bits("10.0.0.0")[:8], {"list": [1, -5, 2.5, True, b"\1\2", "x" * 300], "big": 2**100}),
    (bits("192.168.4.1"), {"deep": {"a": {"b": {"c": [{"d": 1}]}}}, "u64": 2**50}),
    (bits("200.1.0.0")[:16], {"many": {f"k{i}": i for i in range(40)}}),
]
with tempfile.TemporaryDirectory() as directory:
    path = os.path.join(directory, "a.mmdb")
    for size in (24, 28, 32):
        with open(path, "wb") as f:
            f.write(database(records, record_size=size))
        with maxminddb.open_database(path, maxminddb.MODE_MMAP_EXT) as reader:
            print(type(reader).__module__, size)
            for address in ("1.2.3.4", "10.99.1.2", "192.168.4.1", "192.168.4.2", "200.1.9.9"):
                print(reader.get_with_prefix_len(address))
            print([str(network) for network, _ in reader])
            meta = reader.metadata()
            print(meta.node_count, meta.record_size, meta.languages, meta.description)
            for bad in ("not an address", "::1", 5):
                try:
                    print(reader.get(bad))
                except Exception as e:
                    print(type(e).__name__)
        readers = [maxminddb.open_database(path, maxminddb.MODE_MMAP_EXT) for _ in range(5)]
        print([r.get("1.2.3.9") for r in readers[::2]])
        for r in readers:
            r.close()
        try:
            print(readers[0].get("1.2.3.4"))
        except Exception as e:
            print(type(e).__name__)
    whole = database(records)
    for name, damaged in (
        ("empty", b""),
        ("no metadata", whole[:100]),
        ("cut metadata", whole[:-20]),
        ("broken data", whole.replace(b"\xe2", b"\x3f", 1)),
        ("garbage", bytes(range(256)) * 9),
    ):
        with open(path, "wb") as f:
            f.write(damaged)
        try:
            with maxminddb.open_database(path, maxminddb.MODE_MMAP_EXT) as reader:
                print(name, reader.get("1.2.3.4"))
        except Exception as e:
            print(name, type(e).__name__)
