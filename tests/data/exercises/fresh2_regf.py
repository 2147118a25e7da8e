"""A registry file made here: keys, values of several types, and faults, by libregf."""

import io
import struct

import pyregf


def cell(body):
    size = (len(body) + 4 + 7) // 8 * 8
    return struct.pack("<i", -size) + body.ljust(size - 4, b"\0")


bins, places = bytearray(32), {}


def put(name, body):
    places[name] = len(bins)
    bins.extend(cell(body))
    return places[name]


def key(name, parent, flags, subkeys, sub, values, value_list):
    return (
        b"nk"
        + struct.pack(
            "<HQIIIIIIIIIIIIIIIHH",
            flags,
            0x1D5C0FFEE0000000,
            0,
            parent,
            subkeys,
            0,
            sub,
            0xFFFFFFFF,
            values,
            value_list,
            0xFFFFFFFF,
            0xFFFFFFFF,
            20,
            0,
            20,
            40,
            0,
            len(name),
            0,
        )
        + name
    )


def value(name, size, at, kind):
    return b"vk" + struct.pack("<HIIIHH", len(name), size, at, kind, 1, 0) + name


text = put("text", "wörd".encode("utf-16le") + b"\0\0")
many = put("many", "a\0bc\0\0".encode("utf-16le"))
vs = [
    put("v1", value(b"text", 10, text, 1)),
    put("v2", value(b"num", 0x80000004, 77, 4)),
    put("v3", value(b"multi", 12, many, 7)),
    put("v4", value(b"bin", 0x80000002, 0x0201, 3)),
    put("v5", value(b"", 8, text, 11)),
]
vlist = put("vlist", struct.pack("<5I", *vs))
root_at = len(bins)
child_size = len(cell(key(b"child", 0, 0x20, 0, 0xFFFFFFFF, 0, 0xFFFFFFFF)))
root_size = len(cell(key(b"ROOT", 0, 0x2C, 1, 0, 5, vlist)))
put("root", key(b"ROOT", 0, 0x2C, 1, root_at + root_size + child_size, 5, vlist))
put("child", key(b"child", root_at, 0x20, 0, 0xFFFFFFFF, 0, 0xFFFFFFFF))
put("list", b"lf" + struct.pack("<HI4s", 1, root_at + root_size, b"chil"))
bins.extend(struct.pack("<i", 4096 - len(bins)).ljust(4096 - len(bins), b"\0"))
bins[:32] = b"hbin" + struct.pack("<II", 0, 4096) + bytes(20)
head = bytearray(
    b"regf" + struct.pack("<IIQIIIIIII", 1, 1, 0x1D5C0FFEE0000000, 1, 3, 0, 1, root_at, 4096, 1)
).ljust(508, b"\0")
check = 0
for (word,) in struct.iter_unpack("<I", head):
    check ^= word
data = bytes(head) + struct.pack("<I", check) + bytes(4096 - 512) + bytes(bins)
print(
    pyregf.check_file_signature_file_object(io.BytesIO(data)),
    pyregf.check_file_signature_file_object(io.BytesIO(bytes(600))),
)
for raw in (
    data,
    data[:5000],
    data[:4096] + bytes(4096),
    data[: root_at + 4096 + 60] + b"\xff" * 30 + data[root_at + 4186 :],
):
    f = pyregf.file()
    try:
        f.open_file_object(io.BytesIO(raw))
        root = f.get_root_key()
        print(
            f.is_corrupted(),
            f.get_format_version(),
            root.name,
            root.get_number_of_sub_keys(),
            [k.name for k in root.sub_keys],
            root.get_sub_key_by_name("child").number_of_values,
        )
        for v in root.values:
            for read in (
                lambda v: v.data,
                lambda v: v.get_data_as_string(),
                lambda v: v.get_data_as_integer(),
                lambda v: list(v.get_data_as_multi_string().strings),
            ):
                try:
                    print(v.name, v.type, v.data_size, read(v))
                except Exception as e:
                    print(v.name, type(e).__name__)
        print(
            f.get_key_by_path("\\child").name,
            f.get_key_by_path("\\none"),
            root.get_value_by_name("num").get_data_as_integer(),
        )
    except Exception as e:
        print(type(e).__name__)
