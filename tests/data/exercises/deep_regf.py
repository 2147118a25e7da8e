"""Hives with many keys, lists of lists, classes, security, big data and broken cells, by path and by object, by libregf."""

import hashlib
import io
import os
import struct
import tempfile
import threading

import pyregf

NONE = 0xFFFFFFFF
digest = lambda b: hashlib.md5(b).hexdigest()[:10]  # noqa: E731


class Hive:
    """Cells in one bin, that is made as large as they need."""

    def __init__(self, minor=5):
        self.cells, self.minor = bytearray(32), minor

    def put(self, body):
        at, size = len(self.cells), (len(body) + 11) // 8 * 8
        self.cells += struct.pack("<i", -size) + body.ljust(size - 4, b"\0")
        return at

    def value(self, name, kind, data):
        if len(data) <= 4:
            size, at = len(data) | 1 << 31, int.from_bytes(data.ljust(4, b"\0"), "little")
        elif len(data) > 16344:
            parts = [self.put(data[i : i + 16344]) for i in range(0, len(data), 16344)]
            many = self.put(struct.pack(f"<{len(parts)}I", *parts))
            size, at = len(data), self.put(b"db" + struct.pack("<HI", len(parts), many))
        else:
            size, at = len(data), self.put(data)
        plain = name.isascii()
        raw = name.encode("ascii" if plain else "utf-16le")
        return self.put(b"vk" + struct.pack("<HIIIHH", len(raw), size, at, kind, plain, 0) + raw)

    def listed(self, kind, keys):
        if kind == b"ri":
            halves = [keys[: len(keys) // 2], keys[len(keys) // 2 :]]
            lists = [self.listed(b"lh", h) for h in halves]
            return self.put(b"ri" + struct.pack(f"<H{len(lists)}I", len(lists), *lists))
        if kind == b"li":
            return self.put(
                b"li" + struct.pack(f"<H{len(keys)}I", len(keys), *(at for at, _ in keys))
            )
        body = b""
        for at, name in keys:
            mark = 0
            for c in name.upper():
                mark = (mark * 37 + ord(c)) % 2**32
            four = name[:4].encode("latin1", "replace").ljust(4, b"\0")
            body += struct.pack("<I", at) + (struct.pack("<I", mark) if kind == b"lh" else four)
        return self.put(kind + struct.pack("<H", len(keys)) + body)

    def key(self, name, children=(), values=(), kind=b"lf", flags=0x20, of="", security=NONE):
        plain = name.isascii()
        raw = name.encode("ascii" if plain else "utf-16le")
        subs = self.listed(kind, children) if children else NONE
        table = self.put(struct.pack(f"<{len(values)}I", *values)) if values else NONE
        label = self.put(of.encode("utf-16le")) if of else NONE
        head = struct.pack(
            "<HQIIIIIIIIIIIIIIIHH",
            *(flags if plain else flags & ~0x20, 0x1D5C0FFEE0000000 + len(name), 0, 0),
            *(len(children), 0, subs, NONE, len(values), table, security, label, 20, 0, 20, 40, 0),
            *(len(raw), 2 * len(of)),
        )
        return self.put(b"nk" + head + raw), name

    def whole(self, root, kind=0):
        size = -(-(len(self.cells) + 8) // 4096) * 4096
        rest = size - len(self.cells)
        bins = self.cells + struct.pack("<i", rest).ljust(rest, b"\0")
        bins[:32] = b"hbin" + struct.pack("<II", 0, size) + bytes(20)
        head = struct.pack("<IIQIIIIIII", 1, 1, 1 << 60, 1, self.minor, kind, 1, root, size, 1)
        head = bytearray((b"regf" + head + "häve".encode("utf-16le")).ljust(508, b"\0"))
        check = 0
        for (word,) in struct.iter_unpack("<I", head):
            check ^= word
        return bytes(head) + struct.pack("<I", check) + bytes(4096 - 512) + bytes(bins)


def hive(kind, minor=5, wide=60, deep=12):
    h = Hive(minor)
    at = h.put(b"sk" + struct.pack("<HIIII", 0, 0, 0, 1, 20) + b"\1\0\4\x80" + bytes(16))
    data = {
        "text": (1, "wörds\0".encode("utf-16le")),
        "expand": (2, "%PATH%\\x\0".encode("utf-16le")),
        "bytes": (3, bytes(range(200))),
        "small": (4, b"\1\2\3\4"),
        "big": (5, b"\1\2\3\4"),
        "link": (6, "\\Registry\\x\0".encode("utf-16le")),
        "multi": (7, "a\0bcd\0ü\0\0".encode("utf-16le")),
        "list": (8, bytes(48)),
        "quad": (11, bytes(range(8))),
        "huge": (3, bytes(i % 251 for i in range(50000))),
        "empty": (1, b""),
        "ünï": (1, "u\0".encode("utf-16le")),
        "odd": (0xFFFF0012, b"abcdefgh"),
        "": (1, "default\0".encode("utf-16le")),
    }
    values = [h.value(n, k, b) for n, (k, b) in data.items()]
    leaf = h.key("leaf0", values=values, of="Class", security=at)
    for n in range(1, deep):
        leaf = h.key(f"deep{n}", [leaf], security=at)
    many = [h.key(f"Key{n:03}", values=values[:1], of="c" * (n % 5)) for n in range(wide)]
    many.append(h.key("schlüßel"))
    root, _ = h.key("ROOT", [*many, leaf], values, kind, 0x2C, security=at)
    return h.whole(root)


d = tempfile.mkdtemp()
hives = {k: hive(k.encode()) for k in ("lf", "lh", "li", "ri")}
hives["old"], hives["wide"] = hive(b"lf", 3, 3, 2), hive(b"ri", 5, 800, 200)


def ask(name, call):
    try:
        said = call()
        print(name, digest(said) if isinstance(said, bytes) and len(said) > 30 else said)
    except Exception as e:
        print(name, type(e).__name__)


READS = (
    lambda v: v.data,
    lambda v: v.get_data_as_string(),
    lambda v: v.get_data_as_integer(),
    lambda v: list(v.get_data_as_multi_string().strings),
)


def walk(key, level=0):
    total = 1
    for sub in key.sub_keys:
        total += walk(sub, level + 1)
    return total + sum(len(v.name or "") for v in key.values)


for name, raw in hives.items():
    path = os.path.join(d, name)
    open(path, "wb").write(raw)
    for way in ("path", "object"):
        f = pyregf.file()
        ask(name, lambda: f.set_ascii_codepage("windows-1250"))
        ask(name, lambda: f.get_ascii_codepage())
        ask(name, lambda: f.set_ascii_codepage("no"))
        if way == "path":
            ask(name, lambda: f.open(path))
        else:
            ask(name, lambda: f.open_file_object(io.BytesIO(raw)))
        root = f.get_root_key()
        print(name, f.format_version, f.type, f.is_corrupted(), root.name, root.number_of_sub_keys)
        ask(name, lambda: root.get_last_written_time_as_integer())
        ask(name, lambda: root.get_class_name())
        ask(name, lambda: root.get_sub_key(1).class_name)
        ask(name, lambda: root.get_sub_key(99999))
        for sub in ("KEY001", "schlüßel", "deep11", "none", ""):
            ask(name, lambda: root.get_sub_key_by_name(sub).name)
            ask(name, lambda: root.get_sub_key_by_path(f"{sub}\\deep10\\deep9").name)
        ask(name, lambda: walk(root))
        for v in root.values:
            for read in READS:
                ask((v.name, v.type, v.data_size), lambda: read(v))
        for value in ("HUGE", "ünï", "none", ""):
            ask(name, lambda: root.get_value_by_name(value).data)
        kept = list(root.sub_keys)[:5]
        f.close()
        ask(name, lambda: [k.name for k in kept])
        ask(name, lambda: f.get_root_key())
found = []


def work(name):
    f = pyregf.open(os.path.join(d, name))
    found.append((name, [walk(f.get_root_key()) for _ in range(3)]))


threads = [threading.Thread(target=work, args=(n,)) for n in ("lf", "lh", "li", "ri", "old") * 2]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(sorted(found))
raw = hives["old"]
for at in [*range(4, 60, 4), *range(4096, 4140, 4), *range(4200, len(raw) - 8, 211)]:
    broken = bytearray(raw)
    broken[at : at + 4] = b"\xf0\xff\x01\x70"
    f = pyregf.file()
    try:
        f.open_file_object(io.BytesIO(bytes(broken)))
        print(at, f.is_corrupted(), walk(f.get_root_key()))
    except Exception as e:
        print(at, type(e).__name__)
