"""The same for programs of Debian that bring libraries: Blender, gdb, uwsgi, vim, weechat."""

from __future__ import annotations

from repair_exercises import POSTGRES
from repair_workloads import WORKLOADS

PROGRAM_EXERCISES = {
    "av": """\
import io
import av, numpy
def encoded(codec, form):
    out = io.BytesIO()
    with av.open(out, "w", format="matroska") as container:
        stream = container.add_stream(codec, rate=24)
        stream.width, stream.height, stream.pix_fmt = 64, 64, form
        for i in range(10):
            image = numpy.full((64, 64, 3), i * 20, "u1")
            for packet in stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    out.seek(0)
    with av.open(out) as container:
        return sum(1 for _ in container.decode(video=0))
def said(*args):
    try:
        return encoded(*args)
    except Exception as e:
        return type(e).__name__
leave([(codec, said(codec, "yuv420p"))
       for codec in ("libx264", "libvpx-vp9", "libsvtav1", "mpeg4", "mjpeg")][:4])
""",
    "gnureadline": """\
import gnureadline
gnureadline.parse_and_bind("tab: complete")
gnureadline.add_history("one")
gnureadline.add_history("two")
gnureadline.set_completer(lambda text, state: None)
leave(gnureadline.get_current_history_length(), gnureadline.get_history_item(1),
      gnureadline.get_completer_delims()[:3])
""",
    "h5py": WORKLOADS["h5py"],
    "lupa": """\
import lupa
lua = lupa.LuaRuntime(unpack_returned_tuples=True)
add = lua.eval("function(f, n) return f(n) + 1 end")
table = lua.table_from({"a": [1, 2], "b": "c"}, recursive=True) if False else lua.table(1, 2, 3)
try:
    lua.execute("error('boom')")
except lupa.LuaError as e:
    wrong = type(e).__name__, "boom" in str(e)
leave(add(lambda n: n * 2, 20), list(table.values()), lua.lua_version, wrong,
      lua.eval("string.rep('x', 5)"), lua.eval("2^53"))
""",
    "mysql-client": """\
import _mysql_connector
client = _mysql_connector.MySQL()
try:
    client.connect(host="127.0.0.1", port=1, user="x", password="y")
except _mysql_connector.MySQLError as e:
    leave(client.get_client_info(), type(e).__name__)
""",
    "netcdf4": """\
import tempfile
import netCDF4, numpy
path = tempfile.mkdtemp() + "/x.nc"
with netCDF4.Dataset(path, "w") as f:
    f.createDimension("x", 100)
    v = f.createVariable("v", "f8", ("x",), zlib=True)
    v[:] = numpy.arange(100.0)
    v.unit = "m"
with netCDF4.Dataset(path) as f:
    leave(float(f["v"][:].sum()), f["v"].unit, netCDF4.__hdf5libversion__)
""",
    "opencv": """\
import cv2, numpy
image = numpy.zeros((64, 64, 3), "u1")
image[16:48, 16:48] = (10, 200, 90)
made = []
for form in (".png", ".jpg", ".webp", ".tiff", ".avif", ".jp2"):
    good, data = cv2.imencode(form, image)
    again = cv2.imdecode(data, cv2.IMREAD_COLOR)
    made.append((form, good, None if again is None else bool(abs(
        again.astype(int) - image.astype(int)).mean() < 8)))
leave(made)
""",
    "pillow-font": """\
from PIL import Image, ImageDraw, ImageFont, features
font = ImageFont.truetype("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", 24)
image = Image.new("L", (300, 60))
ImageDraw.Draw(image).text((5, 5), "Hello, fi world", font=font, fill=255)
leave(features.version("raqm"), features.version("harfbuzz"), font.getbbox("Hello, fi world"),
      font.getlength("AVAVA"), image.getbbox(), sum(image.histogram()[128:]))
""",
    "psycopg2": "import psycopg2\n"  # its TLS library before that of ssl
    + POSTGRES
    + """\
leave(psycopg2.__libpq_version__,
      [error_of(psycopg2.connect, host="localhost", port=port, sslmode="require", user="x",
                dbname="x", connect_timeout=5) for _ in range(2)])
""",
    "pygame": """\
import os
os.environ["SDL_VIDEODRIVER"] = os.environ["SDL_AUDIODRIVER"] = "dummy"
os.environ["PYGAME_HIDE_SUPPORT_PROMPT"] = "1"
import io
import pygame
pygame.init()
screen = pygame.display.set_mode((64, 48))
screen.fill((10, 20, 30))
pygame.draw.circle(screen, (255, 0, 0), (32, 24), 10)
font = pygame.font.Font(None, 20)
out = io.BytesIO()
pygame.image.save(screen, out, "x.png")
out.seek(0)
leave(pygame.get_sdl_version(), screen.get_at((32, 24))[:3], font.size("Hello"),
      pygame.image.load(out, "x.png").get_size(), len(pygame.mixer.get_init()))
""",
    "shapely": """\
import shapely, shapely.wkt
from shapely.geometry import Point, Polygon
from shapely.ops import unary_union
p = Polygon([(0, 0), (10, 0), (10, 10), (0, 10)])
z = Point(1, 2, 3)
leave(shapely.geos_version, p.buffer(1).area, z.wkt, shapely.wkt.dumps(z, output_dimension=3),
      unary_union([Point(i, 0).buffer(1) for i in range(3)]).area,
      shapely.to_geojson(p), p.intersection(Point(5, 5).buffer(8)).wkt[:60])
""",
    "tables": """\
import tempfile
import numpy, tables
path = tempfile.mkdtemp() + "/x.h5"
with tables.open_file(path, "w") as f:
    for name in ("zlib", "blosc", "bzip2"):
        a = f.create_carray("/", name, obj=numpy.arange(1000.0),
                            filters=tables.Filters(5, name))
with tables.open_file(path) as f:
    leave(sorted(n.name for n in f.root), [float(n[:].sum()) for n in f.root], tables.hdf5_version)
""",
    "uharfbuzz": """\
import uharfbuzz
with open("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "rb") as f:
    face = uharfbuzz.Face(f.read())
font, buffer = uharfbuzz.Font(face), uharfbuzz.Buffer()
buffer.add_str("Hello, fi")
buffer.guess_segment_properties()
uharfbuzz.shape(font, buffer, {"kern": True})
wanted = uharfbuzz.SubsetInput()
wanted.unicode_set.set({ord(x) for x in "Helo"})
subset = uharfbuzz.subset(face, wanted)
leave(uharfbuzz.version_string(), [(i.codepoint, p.x_advance) for i, p in
      zip(buffer.glyph_infos, buffer.glyph_positions)], len(subset.blob.data))
""",
    "xmlsec": WORKLOADS["xmlsec"],
}
