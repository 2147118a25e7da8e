"""What packages are used for: scripts that leave a result, equal wherever the package works."""

from __future__ import annotations

from pathlib import Path

_HEAD = """\
import sys, os
sys.path[:0] = [{site!r}]
sys.dont_write_bytecode = True
os.environ["HDF5_USE_FILE_LOCKING"] = "FALSE"
def leave(*values):
    with open({result!r} + ".partial", "w") as f:
        f.write(repr(values))
    os.rename({result!r} + ".partial", {result!r})
"""

XML = """\
from lxml import etree
import io
def accepted(text):
    try:
        etree.fromstring(text)
    except etree.XMLSyntaxError as e:
        return str(e)
    return "accepted"
def log(text):
    parser = etree.XMLParser()
    try:
        etree.fromstring(text, parser)
    except etree.XMLSyntaxError:
        pass
    return [(e.type_name, e.message, e.line) for e in parser.error_log]
leave(etree.LIBXML_VERSION == etree.LIBXML_COMPILED_VERSION,
      etree.LIBXSLT_VERSION == etree.LIBXSLT_COMPILED_VERSION,
      accepted(b"<a>" + b"x" * 20000000 + b"</a>")[:40],
      log(b"<a><b></a>"), log(b"<a x=1/>"),
      etree.tostring(etree.HTML("<p>a<br>b<p>c")),
      [e.tag for e in etree.fromstring("<a><b/><c/></a>").xpath("//*")])
"""

WORKLOADS = {
    "lxml": XML,
    "lxml-hardening": """\
from lxml import etree
def verdict(text):
    try:
        return len(etree.fromstring(text).text or "")
    except etree.XMLSyntaxError as e:
        return str(e)[:60]
bomb = b'<!DOCTYPE a [<!ENTITY b "' + b"x" * 1000 + b'">]><a>' + b"&b;" * 20000 + b"</a>"
leave(verdict(b"<a>" + b"x" * 20000000 + b"</a>"), verdict(bomb),
      verdict(b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]><a>&e;</a>'))
""",
    "xmlsec": """\
from lxml import etree
import xmlsec
root = etree.fromstring("<doc><data>x</data></doc>")
template = xmlsec.template.create(root, xmlsec.Transform.EXCL_C14N, xmlsec.Transform.RSA_SHA256)
root.append(template)
reference = xmlsec.template.add_reference(template, xmlsec.Transform.SHA256, uri="")
xmlsec.template.add_transform(reference, xmlsec.Transform.ENVELOPED)
context = xmlsec.SignatureContext()
context.key = xmlsec.Key.generate(xmlsec.KeyData.RSA, 2048, xmlsec.KeyDataType.SESSION)
context.sign(template)
again = xmlsec.SignatureContext()
again.key = context.key
again.verify(template)
leave(len(template.findtext("{*}SignatureValue").strip()) > 100)
""",
    "h5py": """\
import numpy, h5py
with h5py.File("x.h5", "w", driver="core", backing_store=False) as f:
    f.create_dataset("d", data=numpy.arange(1000.0), chunks=(100,), compression="gzip")
    f["d"].attrs["unit"] = "m"
    leave(float(f["d"][:].sum()), f["d"].attrs["unit"], h5py.version.hdf5_version)
""",
    "pyproj": """\
import pyproj
from pyproj import CRS, Transformer
x, y = Transformer.from_crs("EPSG:4326", "EPSG:32633", always_xy=True).transform(15.0, 52.0)
leave(round(x, 3), round(y, 3), CRS.from_epsg(4326).name, pyproj.proj_version_str)
""",
    "protobuf": """\
from google.protobuf.internal import api_implementation
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf import struct_pb2, timestamp_pb2, json_format
file = descriptor_pb2.FileDescriptorProto(name="t.proto", package="t")
message = file.message_type.add(name="M")
message.field.add(name="a", number=1, type=5, label=1)
message.field.add(name="b", number=2, type=9, label=3)
pool = descriptor_pool.DescriptorPool()
pool.Add(file)
M = message_factory.MessageFactory(pool).GetPrototype(pool.FindMessageTypeByName("t.M"))
m = M.FromString(M(a=7, b=["x", "y"]).SerializeToString())
s = struct_pb2.Struct()
s.update({"k": [1, {"z": "w"}]})
leave(api_implementation.Type(), m.a, list(m.b), json_format.MessageToJson(s, sort_keys=True))
""",
    "cffi": """\
import cffi
ffi = cffi.FFI()
ffi.cdef("int puts(const char *); void qsort(void *, size_t, size_t, int (*)(void *, void *));")
lib = ffi.dlopen(None)
@ffi.callback("int(void *, void *)")
def compare(a, b):
    return ffi.cast("int *", a)[0] - ffi.cast("int *", b)[0]
data = ffi.new("int[]", [3, 1, 2])
lib.qsort(data, 3, 4, compare)
leave(list(data))
""",
    "cryptography": """\
from cryptography.hazmat.backends import default_backend
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa, ec
from cryptography.fernet import Fernet
key = rsa.generate_private_key(65537, 2048, default_backend())
pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                        serialization.BestAvailableEncryption(b"pw"))
key = serialization.load_pem_private_key(pem, b"pw", default_backend())
signature = key.sign(b"data", padding.PKCS1v15(), hashes.SHA256())
key.public_key().verify(signature, b"data", padding.PKCS1v15(), hashes.SHA256())
curve = ec.generate_private_key(ec.SECP256R1(), default_backend())
fernet = Fernet(Fernet.generate_key())
leave(len(signature), curve.curve.name, fernet.decrypt(fernet.encrypt(b"x")))
""",
    "psycopg2": """\
import psycopg2
try:
    psycopg2.connect(host="127.0.0.1", port={port}, user="u", password="p", dbname="d",
                     sslmode="require", gssencmode="disable")
except psycopg2.OperationalError as e:
    leave("this server only says no" in str(e) or str(e))
""",
    "pyqt6": """\
from PyQt6 import QtCore
leave(QtCore.QT_VERSION_STR, QtCore.QByteArray(b"ab").toHex().data(),
      QtCore.QDate(2024, 2, 28).addDays(2).toString(QtCore.Qt.DateFormat.ISODate))
""",
    "numpy": """\
import numpy
a = numpy.arange(9.0).reshape(3, 3) + numpy.eye(3)
leave(round(float(numpy.linalg.det(a)), 6), numpy.random.RandomState(0).randint(9, size=3).tolist())
""",
    "scipy": """\
import numpy, scipy.linalg, scipy.optimize, scipy.sparse.linalg, scipy.interpolate, scipy.signal
a = numpy.arange(9.0).reshape(3, 3) + numpy.eye(3)
leave(round(float(scipy.linalg.det(a)), 6),
      round(float(scipy.optimize.brentq(lambda x: x * x - 2, 0, 2)), 6),
      round(float(scipy.signal.convolve([1, 2], [3, 4])[1]), 6))
""",
    "pillow": """\
import io
from PIL import Image, ImageFont, features
image = Image.new("RGB", (32, 32), (10, 20, 30))
sizes = []
for kind in ("JPEG", "PNG", "TIFF", "WEBP", "JPEG2000"):
    out = io.BytesIO()
    image.save(out, kind)
    sizes.append(Image.open(io.BytesIO(out.getvalue())).getpixel((3, 3))[2] // 4)
leave(sizes, features.version("freetype2"))
""",
}


def script(name: str, site: Path, result: Path, port: int = 0) -> str:
    """The program of one workload; ``port`` is that of :mod:`tls_server`."""
    return program(WORKLOADS[name].replace("{port}", str(port)), site, result)


def program(text: str, site: Path, result: Path) -> str:
    """A program that imports from ``site`` and leaves its values in ``result``."""
    return _HEAD.format(site=str(site), result=str(result)) + text
