"""Random polygons, open paths, offsets of all joins, and conversions of Clipper."""

import math
import random

import pyclipper as p

rng = random.Random(4)
for count in (5, 20, 80):
    c = p.Pyclipper()
    one = [(rng.randrange(10**6), rng.randrange(10**6)) for _ in range(count)]
    two = [(rng.randrange(10**6), rng.randrange(10**6)) for _ in range(count)]
    c.AddPath(one, p.PT_SUBJECT, True)
    c.AddPath(two, p.PT_CLIP, True)
    for kind in (p.CT_INTERSECTION, p.CT_UNION, p.CT_DIFFERENCE, p.CT_XOR):
        for fill in (p.PFT_EVENODD, p.PFT_NONZERO, p.PFT_POSITIVE, p.PFT_NEGATIVE):
            made = c.Execute(kind, fill, fill)
            print(count, len(made), round(sum(p.Area(x) for x in made)), sum(map(len, made)))
            tree = c.Execute2(kind, fill, fill)
            print(len(p.PolyTreeToPaths(tree)), len(p.ClosedPathsFromPolyTree(tree)), tree.depth)
    print(c.GetBounds().left)
circle = [(round(1000 * math.cos(i / 20)), round(1000 * math.sin(i / 20))) for i in range(125)]
for join in (p.JT_MITER, p.JT_ROUND, p.JT_SQUARE):
    for end in (
        p.ET_CLOSEDPOLYGON,
        p.ET_CLOSEDLINE,
        p.ET_OPENBUTT,
        p.ET_OPENROUND,
        p.ET_OPENSQUARE,
    ):
        o = p.PyclipperOffset(3.0, 0.5)
        o.AddPath(circle, join, end)
        for delta in (-200.0, 50.0, 500.0):
            print(join, end, [len(x) for x in o.Execute(delta)], len(o.Execute2(delta).Childs))
c = p.Pyclipper()
c.AddPath([(0, 0), (100, 100)], p.PT_SUBJECT, False)
c.AddPath([(20, 0), (60, 0), (60, 100), (20, 100)], p.PT_CLIP, True)
print(p.OpenPathsFromPolyTree(c.Execute2(p.CT_INTERSECTION, p.PFT_NONZERO, p.PFT_NONZERO)))
print(
    p.PointInPolygon((0, 0), circle),
    p.Orientation(circle),
    p.CleanPolygon(circle, 50)[:3],
    p.MinkowskiDiff(circle[:9], circle[:5])[0][:2],
)
for bad in ([], [(0, 0)]):
    try:
        p.Pyclipper().AddPath(bad, p.PT_CLIP, True)
    except Exception as e:
        print(type(e).__name__)
