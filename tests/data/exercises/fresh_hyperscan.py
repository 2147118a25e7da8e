"""Databases of patterns compiled, scanned by block, stream and vector, saved and loaded, by Hyperscan."""

import hyperscan as hs

patterns = (rb"fo+", rb"^foobar$", rb"BAR", rb"a{2,5}b", rb"\d{3}-\d{4}", "tä.".encode())
ids = list(range(10, 10 + len(patterns)))
flags = [
    0,
    hs.HS_FLAG_MULTILINE,
    hs.HS_FLAG_CASELESS,
    hs.HS_FLAG_SOM_LEFTMOST,
    hs.HS_FLAG_SOM_LEFTMOST,
    hs.HS_FLAG_UTF8,
]
text = "xfoobar fooo bar aaab 555-1234 täg\nfoobar\naaaaaaab".encode()


def scan(db, data, **options):
    found = []

    def on_match(id, start, end, flags, context):
        found.append((id, start, end))
        return context if isinstance(context, bool) else None

    db.scan(data, match_event_handler=on_match, **options)
    return sorted(found)


block = hs.Database(mode=hs.HS_MODE_BLOCK)
block.compile(expressions=patterns, ids=ids, elements=len(patterns), flags=flags)
print(scan(block, text))
print(scan(block, b"nothing"), scan(block, b""), len(scan(block, text * 50)))
dumped = hs.dumpb(block)
print(len(dumped) > 100, hs.loadb(dumped, mode=hs.HS_MODE_BLOCK).size() == block.size())
stream = hs.Database(mode=hs.HS_MODE_STREAM | hs.HS_MODE_SOM_HORIZON_LARGE)
stream.compile(expressions=patterns, ids=ids, elements=len(patterns), flags=flags)
found = []


def streamed(id, start, end, flags, context):
    found.append((id, start, end))


with stream.stream(match_event_handler=streamed) as s:
    for i in range(0, len(text), 5):
        s.scan(text[i : i + 5])
print(sorted(found))
vector = hs.Database(mode=hs.HS_MODE_VECTORED)
vector.compile(expressions=patterns, ids=ids, elements=len(patterns), flags=flags)
print(len(scan(vector, [bytearray(b"xfoo"), bytearray(b"bar 555-"), bytearray(b"1234")])))
literal = hs.Database(mode=hs.HS_MODE_BLOCK)
literal.compile(expressions=(b"foo", b"1234"), ids=[1, 2], elements=2, literal=True)
print(scan(literal, text))
extended = hs.Database(mode=hs.HS_MODE_BLOCK)
extended.compile(
    expressions=(rb"foobar",),
    ids=[7],
    elements=1,
    flags=[hs.HS_FLAG_SOM_LEFTMOST],
    ext=[hs.ExpressionExt(flags=hs.HS_EXT_FLAG_MIN_OFFSET, min_offset=20)],
)
print(scan(extended, text))
scratch = hs.Scratch(block)
print(len(scan(block, text, scratch=scratch)), len(scan(block, text, scratch=scratch.clone())))
for bad in (
    lambda: hs.Database().compile(expressions=(b"(unclosed",), elements=1),
    lambda: hs.Database().compile(expressions=(rb"(a)\1",), elements=1),
    lambda: hs.Database().compile(expressions=(b"",), elements=1),
    lambda: hs.loadb(b"garbage" * 20, mode=hs.HS_MODE_BLOCK),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
