"""Chunks of all sizes, options, events, errors at all places and deep documents of YAJL."""

import io
import json

import ijson.backends.yajl2_c as backend

data = json.dumps(
    {
        "a": [{"x": i, "é\n": f"\\\u00e9\t{i}", "z": [None, True, 1.5e300, -7]} for i in range(60)],
        "b": {},
        "c": [],
    }
).encode()
for size in (1, 2, 3, 17, 1000, 65536):
    print(
        size,
        sum(len(str(e)) for e in backend.basic_parse(io.BytesIO(data), buf_size=size)),
        len(list(backend.kvitems(io.BytesIO(data), "a.item", buf_size=size))),
    )
for options in ({"use_float": True}, {"multiple_values": True}, {"allow_comments": True}):
    for text in (
        b"[1, 2.5] [3]",
        b'/*c*/{"a": 1} // d\n',
        b"12345678901234567890123",
        b"[1e400]",
        b'"\\ud83d\\ude00"',
        b"\xef\xbb\xbf[]",
    ):
        try:
            print(
                options,
                text[:9],
                [(p, e, str(v)) for p, e, v in backend.parse(io.BytesIO(text), **options)],
            )
        except Exception as e:
            print(options, text[:9], type(e).__name__)
whole = b'{"a": [1, {"b": "c\\u00e9"}, null], "d": -1.5e3}'
for cut in range(len(whole)):
    for broken in (
        whole[:cut],
        whole[:cut] + b"\x01" + whole[cut:],
        whole[:cut] + b"\xff" + whole[cut:],
    ):
        try:
            print(cut, len(list(backend.basic_parse(io.BytesIO(broken)))))
        except Exception as e:
            print(cut, type(e).__name__)
deep = b"[" * 3000 + b"]" * 3000
print(
    len(list(backend.basic_parse(io.BytesIO(deep)))),
    len(list(backend.items(io.BytesIO(data), "a.item.z.item"))),
)


async def chunks():
    class File:
        def __init__(self):
            self.at = 0

        async def read(self, size):
            self.at += size
            return data[self.at - size : self.at]

    return [v async for v in backend.items_async(File(), "a.item.x", buf_size=50)]


import asyncio

print(sum(asyncio.run(chunks())))
