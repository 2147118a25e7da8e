"""Text outlines of Type 1 and TrueType fonts and many paths on a pixmap, by libart and FreeType in ReportLab."""

import glob

import _rl_renderPM as r

fonts = sorted(glob.glob("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")) or sorted(
    glob.glob("/usr/share/fonts/**/*.ttf", recursive=True)
)
print(hasattr(r, "makeT1Font"), hasattr(r, "ft_get_face"))
if hasattr(r, "ft_get_face"):
    for name in (fonts[0], "/no/such.ttf"):
        try:
            face = r.ft_get_face(name)
            print(face is not None)
        except Exception as e:
            print(type(e).__name__)
outlines = [
    ("moveTo", 0, 0),
    ("lineTo", 600, 0),
    ("curveTo", 700, 100, 700, 600, 600, 700),
    ("lineTo", 0, 700),
]
try:
    print(r.makeT1Font("Made", "/no/such.pfb", ["A"] * 256))
except Exception as e:
    print(type(e).__name__)
for rule in (0, 1):
    for width in (0.5, 1, 7):
        g = r.gstate(150, 100, depth=3, bg=0xFFFFFF)
        g.fillColor, g.strokeColor, g.strokeWidth, g.fillMode = 0x336699, 0x993311, width, rule
        for k in range(1, 20):
            g.pathBegin()
            g.moveTo(5 * k, 5)
            for j in range(30):
                g.curveTo(
                    5 * k + j,
                    (j * 37) % 100,
                    (j * 53 + k) % 150,
                    50,
                    (j * 17) % 150,
                    (k * 29 + j) % 100,
                )
            if k % 2:
                g.pathClose()
                g.pathFill()
            g.pathStroke()
            if k % 5 == 0:
                g.pathBegin()
                g.moveTo(10, 10), g.lineTo(140, 20), g.lineTo(80, 95)
                g.pathClose()
                g.clipPathSet() if k == 5 else g.clipPathAdd()
        print(rule, width, sum(b != 255 for b in g.pixBuf) // 1000)
for join in (0, 1, 2):
    for cap in (0, 1, 2):
        for dashes in (None, (0, (4, 2)), (1, (1, 3, 5))):
            g = r.gstate(60, 60, depth=3, bg=0)
            g.strokeColor, g.strokeWidth, g.lineJoin, g.lineCap = 0xFFFFFF, 6, join, cap
            g.dashArray = dashes
            g.pathBegin()
            g.moveTo(10, 10), g.lineTo(50, 15), g.lineTo(12, 50), g.lineTo(50, 50)
            g.pathStroke()
            print(join, cap, dashes, sum(b > 127 for b in g.pixBuf) // 300)
