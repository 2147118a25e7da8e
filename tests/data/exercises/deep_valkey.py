"""Replies of all kinds in pieces, nested, with errors, packed commands, by libvalkey's reader."""

import libvalkey

stream = (
    b"+OK\r\n-ERR bad thing\r\n:42\r\n$5\r\nhello\r\n$-1\r\n*3\r\n:1\r\n*2\r\n+a\r\n$0\r\n\r\n*-1\r\n"
    b"%2\r\n+k\r\n:1\r\n+l\r\n~2\r\n:1\r\n:2\r\n,3.25\r\n(12345678901234567890\r\n#t\r\n_\r\n=7\r\ntxt:abc\r\n>2\r\n+p\r\n+q\r\n,inf\r\n"
)
for step in (1, 3, 17, 10000):
    for options in (
        {},
        {"encoding": "utf-8"},
        {"notEnoughData": Ellipsis},
        {"convertSetsToLists": True},
    ):
        reader = libvalkey.Reader(**options)
        seen = []
        for i in range(0, len(stream), step):
            reader.feed(stream[i : i + step])
            while True:
                value = reader.gets()
                if value is False or value is Ellipsis:
                    break
                seen.append(repr(value))
        print(step, options.keys(), seen)
big = libvalkey.Reader()
big.feed(b"*20000\r\n" + b"".join(b"$4\r\n%04d\r\n" % (n % 10000) for n in range(20000)))
print(len(big.gets()), big.has_data(), big.setmaxbuf(1000))
deep = libvalkey.Reader()
deep.feed(b"*1\r\n" * 7 + b":5\r\n")
print(deep.gets())
for text in (b"?what\r\n", b"*x\r\n", b"$-5\r\n", b":abc\r\n", b"*1\r\n" * 200):
    reader = libvalkey.Reader()
    reader.feed(text)
    try:
        print(reader.gets())
    except Exception as e:
        print(type(e).__name__)
print(libvalkey.pack_command(("SET", b"key", 5, 2.5, "é")))
try:
    libvalkey.pack_command((object(),))
except Exception as e:
    print(type(e).__name__)
