"""Replies in pieces, RESP 3, nesting, encodings, errors and large numbers of replies of hiredis."""

import hiredis


class ReplyError(Exception):
    pass


wire = b"*4\r\n$3\r\nfoo\r\n:42\r\n*2\r\n+OK\r\n$-1\r\n%1\r\n+a\r\n#t\r\n~2\r\n,1.5\r\n(12345678901234567890\r\n>2\r\n+push\r\n_\r\n=7\r\ntxt:abc\r\n-ERR no\r\n"
for size in (1, 2, 5, 1000):
    for options in (
        {},
        {"encoding": "utf-8"},
        {"protocolError": ReplyError, "replyError": ReplyError},
        {"encoding": "ascii", "errors": "replace"},
    ):
        reader = hiredis.Reader(**options)
        got = []
        for at in range(0, len(wire), size):
            reader.feed(wire[at : at + size])
            while (reply := reader.gets()) is not False:
                got.append(repr(reply))
        print(size, sorted(options), got)
for bad in (
    b"!x",
    b":12x\r\n",
    b"$-5\r\n",
    b"*-3\r\n",
    b"#x\r\n",
    b",nope\r\n",
    b"$3\r\nabcde",
    b"*1\r\n" * 20,
):
    reader = hiredis.Reader()
    try:
        reader.feed(bad)
        print(bad, reader.gets(), reader.has_data(), reader.len())
    except hiredis.HiredisError as e:
        print(bad, e)
reader = hiredis.Reader(encoding="utf-8")
reader.feed(b"*20000\r\n" + b"".join(b"$%d\r\n%d\r\n" % (len(str(n)), n) for n in range(20000)))
print(sum(map(int, reader.gets())), reader.setmaxbuf(None))
reader.feed("$2\r\né\r\n".encode())
print(reader.gets(), reader.gets(False))
for command in (("SET", b"a\0", 1, 1.5), ("é",), (b"x" * 100000,)):
    print(len(hiredis.pack_command(command)), hiredis.pack_command(command)[:20])
try:
    hiredis.pack_command((object(),))
except TypeError as e:
    print(type(e).__name__)
