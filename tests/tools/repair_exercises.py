"""What wheels are used for in hosts that have a library of theirs: scripts that leave a result.

Each reaches the calls that are bound in the host. ``{pem}`` stands for a file with a key and
a certificate of localhost.
"""

from __future__ import annotations

SERVER = """\
import socket, ssl, threading
listening = socket.create_server(("127.0.0.1", 0))
port = listening.getsockname()[1]
def serve(context):
    while True:
        connection, _ = listening.accept()
        try:
            answer(connection, context)
        except OSError:
            pass
def start():
    # Here, so that what fails ends the script: an exception in the thread would go unseen.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain({pem!r})
    threading.Thread(target=serve, args=[context], daemon=True).start()
def error_of(function, *args, **options):
    try:
        function(*args, **options)
    except Exception as e:
        return type(e).__name__ + ": " + str(e).replace(str(port), "PORT")[-70:]
    return "no error"
"""

POSTGRES = (
    SERVER
    + """\
import struct
def answer(connection, context):
    head = connection.recv(8)
    if struct.unpack("!II", head)[1] == 80877104:  # GSSENCRequest
        connection.sendall(b"N")
        head = connection.recv(8)
    connection.sendall(b"S")
    with context.wrap_socket(connection, server_side=True) as stream:
        stream.recv(1000)
        fields = b"SFATAL\\0C28000\\0Mtls ok\\0\\0"
        stream.sendall(b"E" + struct.pack("!I", 4 + len(fields)) + fields)
start()
"""
)
"""A server that shakes hands as PostgreSQL does, and then refuses to do more."""

LIBRARY_EXERCISES = {
    "argon2": """\
from argon2.low_level import Type, hash_secret, hash_secret_raw, verify_secret
hashes = [hash_secret(b"pw", b"somesalt" * 2, 2, 1024, 2, 32, t) for t in Type]
try:
    verify_secret(hashes[0], b"no", list(Type)[0])
except Exception as e:
    wrong = type(e).__name__, str(e)
leave(hashes, wrong, hash_secret_raw(b"x" * 100, b"saltsalt", 1, 64, 1, 64, Type.D).hex())
""",
    "arpack": """\
import numpy, scipy.sparse
from scipy.sparse.linalg import eigs, eigsh, svds
start = numpy.ones(200)
a = scipy.sparse.diags([numpy.arange(1, 201.0), numpy.ones(199), numpy.ones(199)], [0, 1, -1])
a = a.tocsr()
b = a + scipy.sparse.diags([numpy.ones(198)], [2], shape=(200, 200))
leave(numpy.round(eigsh(a, 4, v0=start)[0], 6).tolist(),
      numpy.round(eigsh(a, 3, sigma=5.0, v0=start)[0], 6).tolist(),
      numpy.round(sorted(abs(eigs(b, 4, v0=start)[0])), 5).tolist(),
      numpy.round(sorted(abs(eigs(a.astype("c16"), 3, v0=start.astype("c16"))[0])), 5).tolist(),
      numpy.round(svds(a, 3, v0=start)[1], 5).tolist())
""",
    "arrow": """\
import tempfile
import pyarrow, pyarrow.compute, pyarrow.flight, pyarrow.orc, pyarrow.parquet
where = tempfile.mkdtemp()
t = pyarrow.table({"a": list(range(1000)), "b": ["x%d" % (i % 17) for i in range(1000)]})
same = []
for codec in ("snappy", "gzip", "zstd", "lz4", "brotli", "none"):
    pyarrow.parquet.write_table(t, where + "/t", compression=codec)
    same.append(pyarrow.parquet.read_table(where + "/t").equals(t))
pyarrow.orc.write_table(t, where + "/o")
pem = open({pem!r}).read()
key, begin, certificate = pem.partition("-----BEGIN CERT")
class Server(pyarrow.flight.FlightServerBase):
    def do_get(self, context, ticket):
        return pyarrow.flight.RecordBatchStream(t)
server = Server("grpc+tls://localhost:0",
                tls_certificates=[pyarrow.flight.CertKeyPair(begin + certificate, key)])
client = pyarrow.flight.connect("grpc+tls://localhost:%d" % server.port,
                                tls_root_certs=begin + certificate)
rows = client.do_get(pyarrow.flight.Ticket(b"")).read_all().num_rows
client.close()
server.shutdown()
leave(same, pyarrow.orc.read_table(where + "/o").num_rows, rows,
      t.group_by("b").aggregate([("a", "sum")]).num_rows, pyarrow.compute.sum(t["a"]).as_py())
""",
    "cares": """\
import os, socket, struct, threading
os.environ["GEVENT_RESOLVER"] = "ares"
from gevent.resolver.ares import Resolver
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("127.0.0.1", 0))
port = udp.getsockname()[1]
ANSWERS = {1: b"\\0\\4\\x0a\\1\\2\\3", 28: b"\\0\\x10\\xfd" + b"\\0" * 14 + b"\\1",
           12: b"\\0\\x0a\\4host\\3loc\\0"}
def serve():
    while True:
        query, sender = udp.recvfrom(2000)
        at = 12
        while query[at]:
            at += query[at] + 1
        (kind,) = struct.unpack(">H", query[at + 1 : at + 3])
        answer = ANSWERS.get(kind, b"")
        if answer:
            answer = b"\\xc0\\x0c" + struct.pack(">HHL", kind, 1, 60) + answer
        udp.sendto(query[:2] + b"\\x81\\x80\\0\\1" + (b"\\0\\1" if answer else b"\\0\\0") +
                   b"\\0\\0\\0\\0" + query[12 : at + 5] + answer, sender)
threading.Thread(target=serve, daemon=True).start()
r = Resolver(servers=["127.0.0.1"], udp_port=port, tcp_port=port, timeout=2, tries=1)
def said(function, *args):
    try:
        return function(*args)
    except Exception as e:
        return type(e).__name__ + str(e)
leave(said(r.gethostbyname, "foo.example"), said(r.gethostbyname_ex, "foo.example"),
      sorted(said(r.getaddrinfo, "foo.example", "http", 0, socket.SOCK_STREAM)),
      said(r.gethostbyaddr, "10.1.2.3"), said(r.getnameinfo, ("10.1.2.3", 80), 0),
      said(r.getnameinfo, ("fd00::1", 80, 0, 0), 0),
      said(r.getnameinfo, ("127.0.0.1", 80), socket.NI_NUMERICHOST))
""",
    "coincurve": """\
from coincurve import PrivateKey, PublicKey, PublicKeyXOnly
key, other = PrivateKey(b"\\x01" * 32), PrivateKey(b"\\x02" * 32)
signature, recoverable = key.sign(b"hello"), key.sign_recoverable(b"hello")
schnorr = key.sign_schnorr(b"m" * 32, aux_randomness=b"\\0" * 32)
try:
    PublicKey(b"\\x02" + b"\\xff" * 32)
except Exception as e:
    wrong = type(e).__name__, str(e)
for number in range(200):
    made = PrivateKey()
    assert made.public_key.verify(made.sign(b"%d" % number), b"%d" % number)
leave(signature.hex(), key.public_key.verify(signature, b"hello"), recoverable.hex(), wrong,
      PublicKey.from_signature_and_message(recoverable, b"hello").format(False).hex(),
      key.ecdh(other.public_key.format()).hex(), key.add(b"\\x03" * 32).to_hex(),
      PublicKey.combine_keys([key.public_key, other.public_key]).format().hex(),
      PublicKeyXOnly.from_secret(key.secret).verify(schnorr, b"m" * 32))
""",
    "cypari": """\
from cypari import pari
try:
    pari("1/0")
except Exception as e:
    wrong = type(e).__name__, str(e)
leave([str(pari(x)) for x in ("factor(2^64+1)", "ellinit([0,-1,1,-10,-20]).disc",
       "bnfinit(x^2+23).no", "polroots(x^3-2)", "nextprime(10^40)", "qflll([1,2;3,4])",
       "matdet(matrix(8,8,i,j,1/(i+j-1)))")], str(pari(123456789) ** 50), wrong)
""",
    "duckdb": """\
import tempfile
import duckdb
c, where = duckdb.connect(), tempfile.mkdtemp()
def rows(text):
    return c.execute(text).fetchall()
c.execute(f"copy (select i, 'x'||i as s from range(1000) t(i)) to '{where}/a.parquet'"
          " (format parquet, compression zstd)")
c.execute(f"copy (select * from '{where}/a.parquet') to '{where}/a.csv.gz'")
leave(rows("select sum(i), count(distinct i%7), avg(sqrt(i)) from range(100000) t(i)"),
      rows(f"select count(*), max(s) from '{where}/a.parquet'"),
      rows(f"select count(*) from read_csv('{where}/a.csv.gz')"),
      rows("select regexp_matches('abc','a.c'), md5('x'), json_extract('[1,2]','$[1]')"))
""",
    "dukpy": """\
import dukpy
def said(text):
    try:
        return dukpy.evaljs(text)
    except Exception as e:
        return type(e).__name__, str(e)[:60]
i = dukpy.JSInterpreter()
i.export_function("f", lambda a, b: a + b)
leave(said("var o={'a':[1,2,3].map(function(x){return x*x}),'b':'x'.concat('y')}; o"),
      dukpy.evaljs(["var s=0; for(var i=0;i<10000;i++) s+=i", "s+dukpy['v']"], v=5),
      said("JSON.stringify({r:/a(b+)c/.exec('xabbbc')[1]})"), said("throw new Error('boom')"),
      said("syntax error here"), i.evaljs("call_python('f',2,3)"))
""",
    "erfa": """\
import erfa, numpy
leap = erfa.leap_seconds.get()
erfa.leap_seconds.set(numpy.concatenate([leap, numpy.array([(2030, 1, 38.0)], leap.dtype)]))
leave(erfa.version.erfa_version, str(erfa.cal2jd(2020, 1, 1)), str(erfa.dat(2031, 1, 1, 0.0)),
      numpy.round(erfa.pnm06a(2458849.5, 0.25), 12).tolist(), str(erfa.epv00(2458849.5, 0.1)),
      str(erfa.d2dtf("UTC", 5, 2457754.4999, 0.9999)),
      str(erfa.atco13(1.2, .3, 1e-5, 1e-5, .1, 55., 2458849.5, .1, .2, .5, .6, 1000., 1e-7, 1e-7,
                      1000., 10., .5, .55)))
""",
    "exiv2": """\
import struct, zlib
import exiv2
def chunk(kind, data):
    raw = kind + data
    return struct.pack(">L", len(data)) + raw + struct.pack(">L", zlib.crc32(raw))
png = (b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", struct.pack(">2L5B", 2, 1, 8, 2, 0, 0, 0))
       + chunk(b"IDAT", zlib.compress(b"\\0" + b"abc" * 2)) + chunk(b"IEND", b""))
image = exiv2.ImageFactory.open(png)
image.readMetadata()
image.exifData()["Exif.Image.Artist"] = "J\\xf6hn"
image.exifData()["Exif.Photo.UserComment"] = "charset=Ascii hello"
image.xmpData()["Xmp.dc.title"] = "T"
image.iptcData()["Iptc.Application2.Caption"] = "cap"
image.writeMetadata()
again = exiv2.ImageFactory.open(bytes(image.io().mmap()))
again.readMetadata()
try:
    exiv2.ImageFactory.open(b"garbage")
except Exception as e:
    wrong = type(e).__name__
leave([(d.key(), str(d.value())) for d in again.exifData()],
      [(d.key(), str(d.value())) for d in again.xmpData()],
      [(d.key(), str(d.value())) for d in again.iptcData()],
      again.pixelWidth(), again.mimeType(), wrong)
""",
    "exr": """\
import tempfile
import numpy, OpenEXR
path = tempfile.mkdtemp() + "/x.exr"
a = numpy.add.outer(numpy.arange(96), numpy.arange(128)).astype("f4")
read = []
for name in ("NO", "RLE", "ZIPS", "ZIP", "PIZ", "PXR24", "B44", "DWAA"):
    for kind in (OpenEXR.scanlineimage, OpenEXR.tiledimage):
        header = {"compression": getattr(OpenEXR, name + "_COMPRESSION"), "type": kind}
        if kind == OpenEXR.tiledimage:
            header["tiles"] = OpenEXR.TileDescription()
        with OpenEXR.File(header, {"RGB": numpy.stack([a.astype("f2")] * 3, -1), "Z": a}) as f:
            f.write(path)
        with OpenEXR.File(path, separate_channels=True) as f:
            pixels = f.channels()["Z"].pixels
            read.append((name, sorted(f.channels()), bool(abs(pixels - a).max() < 2)))
leave(read, OpenEXR.isOpenExrFile(path))
""",
    "gevent-libev": """\
import os
os.environ["GEVENT_LOOP"] = "libev-cext"
import gevent, gevent.monkey, gevent.pool, threading
gevent.monkey.patch_all()
import http.server, urllib.request
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hey")
    def log_message(self, *args):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
gevent.spawn(server.serve_forever)
url = "http://127.0.0.1:%d/" % server.server_port
pages = gevent.pool.Pool(5).map(lambda _: urllib.request.urlopen(url).read(), range(10))
hub, seen = gevent.get_hub(), []
timer, wake = hub.loop.timer(0.01), hub.loop.async_()
timer.start(lambda: seen.append("timer"))
wake.start(lambda: seen.append("async"))
gevent.sleep(0.1)
threading.Thread(target=wake.send).start()
gevent.sleep(0.1)
leave(gevent.config.loop.__name__, pages, seen, hub.threadpool.spawn(lambda: 5).get(),
      gevent.with_timeout(0.05, gevent.sleep, 1, timeout_value="late"))
""",
    "git2": SERVER
    + """\
import tempfile
import pygit2
def answer(connection, context):
    with context.wrap_socket(connection, server_side=True) as stream:
        stream.recv(2000)
        stream.sendall(b"HTTP/1.1 404 Not Found\\r\\nContent-Length: 2\\r\\n"
                       b"Connection: close\\r\\n\\r\\nno")
start()
where = tempfile.mkdtemp()
repository = pygit2.init_repository(where)
with open(where + "/a", "w") as f:
    f.write("x\\n" * 50)
repository.index.add("a")
tree = repository.index.write_tree()
who = pygit2.Signature("A", "a@b", 1, 0)
commit = repository.create_commit("refs/heads/main", who, who, "m", tree, [])
class Callbacks(pygit2.RemoteCallbacks):
    def certificate_check(self, *args):
        return True
urls = ["https://localhost:%d/x" % port] * 3 + ["ssh://git@127.0.0.1:1/x"]
leave(str(commit), [x.message for x in repository.walk(commit)], str(pygit2.hash(b"abc")),
      [error_of(pygit2.clone_repository, u, tempfile.mkdtemp(), callbacks=Callbacks())
       for u in urls])
""",
    "hiredis": """\
import hiredis
r = hiredis.Reader(encoding="utf8")
r.feed(b"*3\\r\\n$3\\r\\nfoo\\r\\n:42\\r\\n*2\\r\\n+OK\\r\\n$-1\\r\\n")
nested = r.gets()
r.feed(b"-ERR x\\r\\n%1\\r\\n+a\\r\\n:1\\r\\n~2\\r\\n:1\\r\\n:2\\r\\n,1.5\\r\\n#t\\r\\n_\\r\\n")
several = [repr(r.gets()) for _ in range(6)]
r.feed(b"$100000\\r\\n" + b"x" * 100000 + b"\\r\\n")
large = len(r.gets())
try:
    r.feed(b"!bad")
    r.gets()
except Exception as e:
    wrong = type(e).__name__, str(e)
leave(nested, several, large, wrong, hiredis.pack_command((b"SET", b"a", "x", 1, 1.5)))
""",
    "igraph": """\
import random, tempfile
import igraph
random.seed(1)
igraph.set_random_number_generator(random)
g, path = igraph.Graph.Famous("Zachary"), tempfile.mkdtemp() + "/g"
g.write_graphml(path)
try:
    g.vs[100]
except Exception as e:
    wrong = type(e).__name__, str(e)[:60]
leave([round(x, 4) for x in g.betweenness()[:5]], [round(x, 5) for x in g.pagerank()[:5]],
      g.diameter(), g.community_fastgreedy().as_clustering().membership[:10], g.clique_number(),
      [round(x, 2) for x in g.layout_mds()[0]], [round(x, 3) for x in g.evcent()[:3]],
      igraph.Graph.Read_GraphML(path).ecount(), wrong)
""",
    "ijson": """\
import io, json
import ijson.backends.yajl2_c as backend
data = json.dumps({"a": [{"x": i, "y": "\\xe9\\n%d" % i, "z": [None, True, 1.5]}
                         for i in range(300)]}).encode()
def said(text):
    try:
        return len(list(backend.parse(io.BytesIO(text))))
    except Exception as e:
        return type(e).__name__, str(e)[:80]
leave(sum(1 for _ in backend.basic_parse(io.BytesIO(data))),
      sum(o["x"] for o in backend.items(io.BytesIO(data), "a.item")),
      list(backend.items(io.BytesIO(data), "a.item", use_float=True, buf_size=7))[-1],
      list(backend.items(io.BytesIO(b"/*c*/[1] [2]"), "item", allow_comments=True,
                         multiple_values=True)),
      [said(x) for x in (b'{"a":', b"[1,2", b'{"a" 1}', b"\\xff", b"[1][2]", b"/*c*/[1]")])
""",
    "kafka": """\
import confluent_kafka
sent = []
for codec in ("zstd", "lz4", "gzip", "snappy"):
    got = []
    p = confluent_kafka.Producer({"bootstrap.servers": "x", "test.mock.num.brokers": 1,
                                  "compression.codec": codec, "linger.ms": 50})
    for i in range(300):
        p.produce("t", b"hello world %d " % (i % 7) * 200, on_delivery=lambda e, m: got.append(e))
    sent.append((codec, p.flush(20), len(got), sorted(set(map(str, got)))))
leave(confluent_kafka.libversion(), sent)
""",
    "lame": """\
import hashlib, math, struct
import lameenc
def wave(i):
    return struct.pack("<hh", int(9000 * math.sin(i * 0.05)), int(9000 * math.sin(i * 0.03)))
samples = b"".join(map(wave, range(44100)))
made = []
for rate, channels, quality in ((44100, 2, 5), (22050, 1, 2)):
    e = lameenc.Encoder()
    e.set_bit_rate(128)
    e.set_in_sample_rate(rate)
    e.set_channels(channels)
    e.set_quality(quality)
    data = bytes(e.encode(samples) + e.flush())
    made.append((len(data), hashlib.md5(data).hexdigest()))
leave(made)
""",
    "llvmlite": """\
import ctypes
import llvmlite.binding as llvm
llvm.initialize_native_target()
llvm.initialize_native_asmprinter()
module = llvm.parse_assembly("define i64 @f(i64 %a) { %r = mul i64 %a, 3\\n ret i64 %r }")
module.verify()
machine = llvm.Target.from_default_triple().create_target_machine()
assembly = machine.emit_assembly(module)
engine = llvm.create_mcjit_compiler(module, machine)
engine.finalize_object()
f = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(engine.get_function_address("f"))
leave(llvm.llvm_version_info, len(assembly) > 0, f(14))
""",
    "mecab": """\
import MeCab
words = "-r /dev/null -d /var/lib/mecab/dic/ipadic-utf8"
t = MeCab.Tagger(words)
node, nodes = t.parseToNode("\\u3059\\u3082\\u3082\\u3082\\u3082\\u3082\\u306e\\u3046\\u3061"), []
while node:
    nodes.append((node.surface, node.feature, node.cost, node.stat))
    node = node.next
model = MeCab.Model(words)
lattice = model.createLattice()
lattice.set_sentence("\\u65e5\\u672c\\u8a9e")
try:
    MeCab.Tagger("-d /nope")
except Exception as e:
    wrong = type(e).__name__
leave(nodes, MeCab.Tagger(words + " -Owakati").parse("\\u6771\\u4eac\\u90fd\\u306b\\u4f4f\\u3080"),
      model.createTagger().parse(lattice), t.parseNBest(2, "\\u4eca\\u65e5\\u3082"),
      t.dictionary_info().charset, wrong)
""",
    "mssql": SERVER
    + """\
import pymssql
def answer(connection, context):
    connection.recv(500)
    connection.sendall(bytes.fromhex(
        "0401002b00000100" "00001500060100" "1b000102001c000103001d0000ff" "0f00000000000100"))
    connection.recv(500)
    connection.close()
start()
leave([error_of(pymssql.connect, server="127.0.0.1", port=port, login_timeout=3, password="y",
                **more).partition(":")[0]
       for more in ({"user": "x"}, {"user": "x", "encryption": "require"}, {"user": None})])
""",
    "mysql": "import _mysql_connector\n"  # before that of ssl, behind which it fails
    + SERVER
    + """\
import mysql.connector
def answer(connection, context):
    flags = (0xFFFFFFFF).to_bytes(4, "little")
    hello = (b"\\x0a8.0.33\\0" + (1).to_bytes(4, "little") + b"A" * 8 + b"\\0" + flags[:2]
             + b"\\x21\\x02\\x00" + flags[2:] + b"\\x15" + b"\\0" * 10 + b"B" * 12
             + b"\\0caching_sha2_password\\0")
    connection.sendall(len(hello).to_bytes(3, "little") + b"\\0" + hello)
    connection.recv(36)
    with context.wrap_socket(connection, server_side=True) as stream:
        versions.append(stream.version())
        stream.recv(1000)
versions = []
start()
said = [error_of(mysql.connector.connect, host="127.0.0.1", port=port, user="x", password="y",
                 use_pure=False, connection_timeout=5) for _ in range(2)]
leave(hasattr(_mysql_connector, "MySQL"), versions, said)
""",
    "nacl": """\
import nacl.bindings, nacl.hash, nacl.public, nacl.pwhash, nacl.secret, nacl.signing
key = bytes(range(32))
box, signing = nacl.secret.SecretBox(key), nacl.signing.SigningKey(key)
private, other = nacl.public.PrivateKey(key), nacl.public.PrivateKey(key[::-1])
state = nacl.bindings.crypto_secretstream_xchacha20poly1305_state()
header = nacl.bindings.crypto_secretstream_xchacha20poly1305_init_push(state, key)
try:
    box.decrypt(b"x" * 50)
except Exception as e:
    wrong = type(e).__name__, str(e)
leave(box.encrypt(b"hello", b"n" * 24).hex(), box.decrypt(box.encrypt(b"hello")),
      nacl.public.Box(private, other.public_key).encrypt(b"x", b"n" * 24).hex(),
      signing.sign(b"m").hex(), signing.verify_key.verify(signing.sign(b"m")),
      nacl.hash.blake2b(b"a", key=key), nacl.hash.siphash24(b"a", key=key[:16]),
      nacl.pwhash.argon2id.kdf(32, b"pw", b"s" * 16, opslimit=1, memlimit=8192).hex(),
      nacl.pwhash.scrypt.kdf(32, b"pw", b"s" * 32, opslimit=32768, memlimit=16777216).hex(),
      len(header), nacl.pwhash.verify(nacl.pwhash.str(b"x"), b"x"), wrong)
""",
    "nng": """\
import asyncio, time
import pynng
options = {"recv_timeout": 5000, "send_timeout": 5000}
got = []
with pynng.Rep0(listen="inproc://r", **options) as r:
    with pynng.Req0(dial="inproc://r", **options) as q:
        with q.new_context() as c1, r.new_context() as c2:
            c1.send(b"a")
            got.append(c2.recv())
            c2.send(b"b")
            got.append(c1.recv())
        async def both():
            with q.new_context() as c1, r.new_context() as c2:
                await c1.asend(b"x")
                got.append(await c2.arecv())
                await c2.asend(b"y")
                got.append(await c1.arecv())
        asyncio.run(both())
with pynng.Pair1(listen="inproc://x", polyamorous=True, **options) as s, \\
        pynng.Pair1(dial="inproc://x", polyamorous=True, **options) as c:
    c.send(b"1")
    message = s.recv_msg()
    message.pipe.send(b"2")
    got += [message.bytes, message.pipe.url, c.recv(), len(s.pipes)]
with pynng.Surveyor0(listen="inproc://s", **options) as s, \\
        pynng.Respondent0(dial="inproc://s", **options) as c:
    time.sleep(0.1)
    s.send(b"q")
    got.append(c.recv())
    c.send(b"a")
    got.append(s.recv())
with pynng.Bus0(listen="inproc://b", **options) as s, pynng.Bus0(dial="inproc://b", **options) as c:
    time.sleep(0.1)
    c.send(b"z")
    got.append(s.recv())
leave(got)
""",
    "nng-tls": """\
import socket
import pynng
with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    port = s.getsockname()[1]
pem = open({pem!r}).read()
key, begin, certificate = pem.partition("-----BEGIN CERT")
server = pynng.TLSConfig(pynng.TLSConfig.MODE_SERVER, own_key_string=key.strip(),
                         own_cert_string=begin + certificate)
client = pynng.TLSConfig(pynng.TLSConfig.MODE_CLIENT, server_name="localhost",
                         ca_string=begin + certificate)
options = {"recv_timeout": 5000, "send_timeout": 5000}
with pynng.Pair0(**options) as s, pynng.Pair0(**options) as c:
    s.tls_config = server
    s.listen("tls+tcp://127.0.0.1:%d" % port)
    c.tls_config = client
    c.dial("tls+tcp://localhost:%d" % port, block=True)
    c.send(b"tls")
    leave(s.recv())
""",
    "pillow-cms": """\
import io
from PIL import Image, ImageCms, features
srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
image = Image.linear_gradient("L").convert("RGB")
there = ImageCms.applyTransform(image, ImageCms.buildTransform(srgb, lab, "RGB", "LAB"))
back = ImageCms.applyTransform(there, ImageCms.buildTransform(lab, srgb, "LAB", "RGB"))
read = ImageCms.ImageCmsProfile(io.BytesIO(ImageCms.ImageCmsProfile(srgb).tobytes()))
proof = ImageCms.buildProofTransform(srgb, srgb, srgb, "RGB", "RGB")
try:
    ImageCms.ImageCmsProfile(io.BytesIO(b"junk" * 50))
except Exception as e:
    wrong = type(e).__name__
leave(features.version("littlecms2"), there.getpixel((200, 100)), back.getpixel((200, 100)),
      read.profile.profile_description, read.profile.version, str(read.profile.red_colorant),
      ImageCms.isIntentSupported(read, 0, 0), wrong,
      ImageCms.applyTransform(image, proof).getpixel((9, 9)))
""",
    "pillow-j2k": """\
import io
from PIL import Image, features
image, read = Image.linear_gradient("L").convert("RGB"), []
for options in ({}, {"irreversible": True, "quality_layers": [20, 10]},
                {"tile_size": (64, 64), "num_resolutions": 3},
                {"progression": "RPCL", "codeblock_size": (32, 32), "precinct_size": (128, 128)}):
    out = io.BytesIO()
    image.save(out, "JPEG2000", **options)
    again = Image.open(io.BytesIO(out.getvalue()))
    read.append((again.size, again.mode, again.tobytes() == image.tobytes()))
try:
    Image.open(io.BytesIO(out.getvalue()[:100])).load()
except Exception as e:
    wrong = type(e).__name__
leave(features.version("jpg_2000"), read, wrong)
""",
    "pillow-webp": """\
import io
from PIL import Image, features
image, read = Image.linear_gradient("L").convert("RGB"), []
for options in ({"quality": 80}, {"lossless": True}, {"quality": 30, "method": 6}):
    out = io.BytesIO()
    image.save(out, "WEBP", **options)
    again = Image.open(io.BytesIO(out.getvalue()))
    again.load()
    same = "lossless" in options and again.tobytes() == image.tobytes()
    read.append((again.size, again.mode, same))
out = io.BytesIO()
image.save(out, "WEBP", save_all=True, append_images=[image.rotate(30 * i) for i in range(5)],
           duration=100, exif=b"Exif\\0\\0abc", icc_profile=b"p" * 100)
film = Image.open(out)
for i in range(film.n_frames):
    film.seek(i)
    film.load()
leave(features.version("webp"), read, film.n_frames, film.info.get("duration"))
""",
    "pocketsphinx": """\
import numpy, pocketsphinx
random = numpy.random.RandomState(0)
noise = (random.normal(size=16000) * 1000).astype("i2").tobytes()
d = pocketsphinx.Decoder(lm=None, loglevel="FATAL", samprate=16000, keyphrase="hello",
                         kws_threshold=1e-20)
d.start_utt()
d.process_raw(noise, full_utt=True)
d.end_utt()
e = pocketsphinx.Decoder(loglevel="FATAL")
e.start_utt()
e.process_raw(noise)
e.end_utt()
e.add_word("foobarbaz", "F UW B AA R B AE Z", True)
v = pocketsphinx.Vad()
leave(str(d.hyp()), d.n_frames(), e.hyp().hypstr if e.hyp() else None, e.lookup_word("hello"),
      [v.is_speech(noise[i * v.frame_bytes : (i + 1) * v.frame_bytes]) for i in range(5)])
""",
    "psycopg3": "import psycopg\n"  # its TLS library before that of ssl
    + POSTGRES
    + """\
leave(psycopg.pq.__impl__, psycopg.pq.version(),
      [error_of(psycopg.connect, host="localhost", port=port, sslmode=mode, sslrootcert={pem!r},
                user="x", dbname="x", connect_timeout=5)
       for mode in ("require", "verify-full", "require")])
""",
    "pyclipper": """\
import pyclipper as p
c = p.Pyclipper()
c.AddPath([(0, 0), (1000, 0), (1000, 1000), (0, 1000)], p.PT_CLIP, True)
c.AddPaths([[(500, 500), (1500, 500), (1500, 1500), (500, 1500)],
            [(10, 10), (20, 900), (900, 20)]], p.PT_SUBJECT, True)
made = []
for kind in (p.CT_INTERSECTION, p.CT_UNION, p.CT_DIFFERENCE, p.CT_XOR):
    tree = c.Execute2(kind, p.PFT_NONZERO, p.PFT_NONZERO)
    made += [c.Execute(kind, p.PFT_EVENODD, p.PFT_EVENODD), [x.Contour for x in tree.Childs]]
o = p.PyclipperOffset(2.0, 0.25)
o.AddPath([(0, 0), (100, 0), (100, 100), (0, 100)], p.JT_ROUND, p.ET_CLOSEDPOLYGON)
leave(made, o.Execute(10.0), p.SimplifyPolygon([(0, 0), (10, 10), (10, 0), (0, 10)]),
      p.MinkowskiSum([(0, 0), (1, 1)], [(0, 0), (10, 0), (10, 10)], True))
""",
    "pylibmc": """\
import socket, subprocess, time
import pylibmc
with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    port = str(s.getsockname()[1])
server = subprocess.Popen(["/usr/bin/memcached", "-u", "nobody", "-l", "127.0.0.1", "-p", port])
try:
    time.sleep(1)
    c = pylibmc.Client(["127.0.0.1:" + port], binary=True,
                       behaviors={"tcp_nodelay": True, "ketama": True})
    c["a"], c["b"], c["z"] = 1, {"x": [1, 2]}, "y" * 100000
    many = {"k%d" % i: "v" * i for i in range(100)}
    stored = c.set_multi(many), c.get_multi(list(many)) == many
    gone = pylibmc.Client(["127.0.0.1:1"], behaviors={"connect_timeout": 200})
    try:
        gone.set("a", 1)
    except pylibmc.Error as e:
        wrong = type(e).__name__
    leave(pylibmc.libmemcached_version, c["a"], c["b"], len(c["z"]), stored, c.incr("a", 5),
          c.get("nope"), c.delete("a"), c.add("b", 2), c.replace("b", 3), len(c.get_stats()), wrong)
finally:
    server.kill()
""",
    "rtmidi": """\
import rtmidi
def ports(api):
    try:
        return rtmidi.MidiOut(api).get_ports(), rtmidi.MidiIn(api, queue_size_limit=10).get_ports()
    except Exception as e:
        return type(e).__name__, str(e)[:50]
leave(rtmidi.get_rtmidi_version(), [(api, ports(api)) for api in rtmidi.get_compiled_api()])
""",
    "samplerate": """\
import numpy, samplerate
x = numpy.sin(numpy.arange(5000) * 0.05).astype("f4")
made = []
for kind in ("sinc_best", "sinc_medium", "sinc_fastest", "zero_order_hold", "linear"):
    y = samplerate.resample(x, 1.37, kind)
    made.append((kind, len(y), round(float(abs(y).sum()), 2)))
r = samplerate.Resampler("sinc_fastest", channels=2)
both = numpy.stack([x, x], -1)
try:
    samplerate.resample(x, 1e9, "linear")
except Exception as e:
    wrong = type(e).__name__, str(e)
leave(made, r.process(both, 0.5, end_of_input=True).shape, wrong,
      samplerate.CallbackResampler(lambda: x[:500], 1.5, "linear").read(300).shape)
""",
    "simdjson": """\
import json
import simdjson
source = {"a": [{"x": i, "y": "\\xe9%d" % i, "z": [None, True, 1.5]} for i in range(300)],
          "big": 2**63, "neg": -5}
data = json.dumps(source).encode()
def said(text):
    try:
        return simdjson.Parser().parse(text)
    except Exception as e:
        return type(e).__name__, str(e)[:80]
leave(simdjson.Parser().parse(data).as_dict() == source,
      simdjson.Parser().parse(data).at_pointer("/a/3/z/2"),
      [said(x) for x in (b'{"a":', b"[1,]", b"\\xff", b'{"a":1e999}')])
""",
    "superlu": """\
import numpy, scipy.sparse
from scipy.sparse.linalg import spilu, splu, spsolve_triangular
random, made = numpy.random.RandomState(0), []
for kind in ("f4", "f8", "c8", "c16"):
    a = scipy.sparse.random(80, 80, 0.08, random_state=0) + scipy.sparse.eye(80) * 3
    a, b = a.astype(kind).tocsc(), random.rand(80).astype(kind)
    for order in ("COLAMD", "NATURAL", "MMD_ATA", "MMD_AT_PLUS_A"):
        lu = splu(a, permc_spec=order)
        made.append((kind, order, lu.nnz, bool(numpy.allclose(a @ lu.solve(b), b, atol=1e-3))))
    made.append(spilu(a, drop_tol=1e-2, fill_factor=5).nnz > 0)
lower = scipy.sparse.csr_matrix(numpy.tril(a.toarray().real) + numpy.eye(80))
try:
    splu(scipy.sparse.csc_matrix((5, 5)))
except Exception as e:
    wrong = type(e).__name__, str(e)
leave(made, numpy.round(spsolve_triangular(lower, b.real)[:3], 4).tolist(), wrong)
""",
    "svm": """\
import numpy, scipy.sparse
from sklearn.datasets import make_classification
from sklearn.svm import SVC, SVR, NuSVC, OneClassSVM
x, y = make_classification(200, 8, n_informative=5, n_classes=3, random_state=0)
made = []
for kernel in ("rbf", "linear", "poly", "sigmoid"):
    m = SVC(kernel=kernel, random_state=0).fit(x, y)
    made.append((kernel, m.n_support_.tolist(), round(m.score(x, y), 4)))
sparse = scipy.sparse.csr_matrix(x)
leave(made, round(SVC().fit(sparse, y).score(sparse, y), 4),
      round(SVR().fit(x, x[:, 0]).score(x, x[:, 0]), 4),
      round(NuSVC(nu=0.3).fit(x, y).score(x, y), 4), OneClassSVM().fit(x).predict(x[:5]).tolist())
""",
    "tree-sitter": """\
import tree_sitter, tree_sitter_python
language = tree_sitter.Language(tree_sitter_python.language())
parser = tree_sitter.Parser(language)
tree = parser.parse(b"def f(x):\\n  return [y**2 for y in x]\\nclass A: pass\\n")
query = tree_sitter.Query(language, "(function_definition name: (identifier) @n)")
found = tree_sitter.QueryCursor(query).captures(tree.root_node)
tree.edit(0, 0, 1, (0, 0), (0, 0), (0, 1))
leave(str(tree.root_node), [n.text for n in found["n"]], language.abi_version,
      parser.parse(b" def f(x): pass", tree).root_node.has_error)
""",
    "wcs": """\
import pickle, warnings
import numpy
from astropy.wcs import WCS
warnings.simplefilter("ignore")
w = WCS(naxis=2)
w.wcs.crpix, w.wcs.cdelt, w.wcs.crval = [50.5, 50.5], [-0.01, 0.01], [120, 45]
w.wcs.ctype = ["RA---TAN", "DEC--TAN"]
w.wcs.set()
there = w.all_pix2world(numpy.arange(20.0).reshape(10, 2), 0)
bad = WCS(naxis=2)
bad.wcs.ctype = ["RA---TAN", "FOO-TAN"]
try:
    bad.wcs.set()
except Exception as e:
    wrong = type(e).__name__, " ".join(str(e).split("\\n")[1:])[:200]
leave(numpy.round(there, 10).tolist(), numpy.round(w.all_world2pix(there, 0), 6).tolist(),
      w.to_header_string()[:400], wrong, pickle.loads(pickle.dumps(w)).wcs.crval.tolist())
""",
    "yara": """\
import io
import yara
rules = yara.compile(source='''
import "pe"
import "elf"
import "math"
import "hash"
rule a { strings: $s="hello" nocase $h={ 4D 5A ?? 00 } $r=/wor[lk]d+/ condition: any of them }
rule b { condition: elf.type == elf.ET_DYN or pe.number_of_sections > 0 }
rule c { condition: math.entropy(0, filesize) > 1.0 and hash.md5(0, 5) != "x" }
rule d { strings: $a="abc" xor(1-255) $b="wide" wide ascii base64 condition: $a or #b > 0 }
''')
data = b"HELLO world abc wide " + b"MZ\\x90\\0" * 3
saved = io.BytesIO()
rules.save(file=saved)
saved.seek(0)
try:
    yara.compile(source="rule x { condition: foo }")
except yara.SyntaxError as e:
    wrong = str(e)
leave(yara.YARA_VERSION, [m.rule for m in rules.match("/bin/ls")], wrong,
      [m.rule for m in yara.load(file=saved).match(data=data)],
      [(m.rule, [(s.identifier, [i.offset for i in s.instances]) for s in m.strings])
       for m in rules.match(data=data)])
""",
}
