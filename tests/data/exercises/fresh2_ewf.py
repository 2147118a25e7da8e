"""An image made here in EWF form, segments, sizes, values and faults, by libewf."""

import os
import tempfile
import zlib

import pyewf

d = tempfile.mkdtemp()


def section(kind, start, body, last=False):
    here = start + 76 + len(body)
    head = (
        kind.ljust(16, b"\0")
        + (start if last else here).to_bytes(8, "little")
        + (76 + len(body)).to_bytes(8, "little")
        + bytes(40)
    )
    return head + zlib.adler32(head).to_bytes(4, "little") + body


def image(path, chunks):
    data = b"EVF\x09\x0d\x0a\xff\x00\x01\x01\x00\x00\x00"
    header = zlib.compress(
        b"1\nmain\nc\tn\ta\te\tt\tav\tov\tm\tu\tp\n1\t2\tx\tme\tnote\t1\tL\t2020 1 1 0 0 0\t2020 1 1 0 0 0\t0\n\n"
    )
    data += section(b"header", len(data), header)
    volume = (
        (1).to_bytes(4, "little")
        + len(chunks).to_bytes(4, "little")
        + (64).to_bytes(4, "little")
        + (512).to_bytes(4, "little")
        + (64 * len(chunks)).to_bytes(4, "little")
        + bytes(20)
        + bytes(45)
        + b"EWF\0\0"
    )
    data += section(b"volume", len(data), volume + zlib.adler32(volume).to_bytes(4, "little"))
    start, body, table = len(data), b"", b""
    for chunk in chunks:
        table += ((start + 76 + len(body)) | 1 << 31).to_bytes(4, "little")
        body += zlib.compress(chunk)
    data += section(b"sectors", start, body)
    head = len(chunks).to_bytes(4, "little") + bytes(16)
    data += section(
        b"table",
        len(data),
        head
        + zlib.adler32(head).to_bytes(4, "little")
        + table
        + zlib.adler32(table).to_bytes(4, "little"),
    )
    data += section(b"done", len(data), b"", last=True)
    with open(path, "wb") as f:
        f.write(data)
    return data


path = os.path.join(d, "a.E01")
raw = image(path, [bytes((i * j) % 251 for j in range(32768)) for i in range(5)])
print(pyewf.check_file_signature(path), pyewf.glob(path) == [path])
for broken in (
    raw,
    raw[:100],
    raw[:-80],
    raw[:300] + b"\0" * 40 + raw[340:],
    b"EVF",
    raw[:13] + bytes(200) + raw[213:],
):
    with open(path, "wb") as f:
        f.write(broken)
    handle = pyewf.handle()
    for call in (
        lambda: handle.open([path]),
        lambda: handle.get_media_size(),
        lambda: handle.read(16).hex(),
        lambda: handle.seek(70000),
        lambda: handle.get_offset(),
        lambda: sum(handle.read(60000)),
        lambda: (
            handle.read_buffer_at_offset(9, 32760).hex()
            if hasattr(handle, "read_buffer_at_offset")
            else ""
        ),
        lambda: handle.get_header_values(),
        lambda: handle.get_header_value("case_number"),
        lambda: handle.get_hash_values(),
        lambda: handle.get_root_file_entry(),
        lambda: (
            handle.set_maximum_number_of_open_handles(3)
            if hasattr(handle, "set_maximum_number_of_open_handles")
            else ""
        ),
        lambda: handle.close(),
    ):
        try:
            print(call())
        except Exception as e:
            print(type(e).__name__)
