"""Drawings of paths, clips, text and pictures on a pixmap, by libart and FreeType in ReportLab."""

import zlib

import _rl_renderPM as rl_renderPM

g = rl_renderPM.gstate(120, 90, depth=3, bg=0xFFFFFF)
print(g.width, g.height, g.depth, g.ctm, g.fillColor, g.strokeWidth)


def pixels():
    return sum(b != 255 for b in g.pixBuf)


g.fillColor = 0xFF0000
g.strokeColor = 0x0000FF
g.strokeWidth = 3
g.pathBegin()
g.moveTo(10, 10)
g.lineTo(60, 10)
g.curveTo(80, 20, 80, 60, 60, 70)
g.lineTo(10, 70)
g.pathClose()
g.pathFill()
print(pixels() // 100)
g.pathStroke()
print(pixels() // 100, zlib.crc32(g.pixBuf[:360]))
for cap, join in ((0, 0), (1, 1), (2, 2)):
    g.lineCap, g.lineJoin = cap, join
    g.dashArray = (2, (5, 3))
    g.pathBegin()
    g.moveTo(5, 5 + cap * 10)
    g.lineTo(110, 40)
    g.lineTo(5, 80)
    g.pathStroke()
g.dashArray = None
print(pixels() // 100)
g.clipPathClear()
g.pathBegin()
for x, y in ((20, 20), (100, 20), (60, 80)):
    (g.lineTo if x != 20 else g.moveTo)(x, y)
g.pathClose()
g.clipPathAdd()
g.clipPathSet()
g.fillColor, g.fillOpacity = 0x00FF00, 0.5
g.pathBegin()
for x, y in ((0, 0), (120, 0), (120, 90), (0, 90)):
    (g.lineTo if (x, y) != (0, 0) else g.moveTo)(x, y)
g.pathClose()
g.fillMode = 0
g.pathFill()
g.clipPathClear()
print(pixels() // 100, g.fillOpacity)
g.ctm = (0.5, 0.2, -0.2, 0.5, 30, 10)
g.pathBegin()
g.moveTo(0, 0)
g.lineTo(50, 0)
g.lineTo(50, 50)
g.pathClose()
g.fillColor = 0x123456
g.pathFill()
print(pixels() // 100, g.path[:2])
try:
    g.setFont("none such", 12)
except Exception as e:
    print(type(e).__name__)
g.ctm = (1, 0, 0, 1, 0, 0)
g._aapixbuf(2, 2, 20, 15, bytes(range(75)) * 3, 5, 5, 3)
print(pixels() // 100)
print(
    rl_renderPM.pil2pict(4, 4, bytes(range(16)), bytes(range(256)) * 3)[:20]
    if hasattr(rl_renderPM, "pil2pict")
    else ""
)
for bad in (
    lambda: rl_renderPM.gstate("x", 1),
    lambda: g.lineTo("a", 2),
    lambda: setattr(g, "lineCap", "q"),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
for _ in range(30):
    rl_renderPM.gstate(200, 200).pathBegin()
