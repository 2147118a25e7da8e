"""Points, lines and polygons on a sphere: predicates, measures, overlays, text and errors, by S2."""

import numpy
import spherely as s

points = s.points(numpy.array([0.0, 5, 10, 179]), numpy.array([0.0, 5, 50, -60]))
square = s.create_polygon([(0, 0), (20, 0), (20, 20), (0, 20)])
holed = s.create_polygon(
    shell=[(0, 0), (30, 0), (30, 30), (0, 30)], holes=[[(10, 10), (20, 10), (20, 20), (10, 20)]]
)
line = s.create_linestring([(-10, 10), (10, 10), (40, 12)])
other = s.create_polygon([(10, 10), (40, 10), (40, 40), (10, 40)])
print([str(s.to_wkt(g))[:70] for g in (square, line, points[1])])
print(
    [round(float(s.area(g)) / 1e9) for g in (square, holed, other)],
    round(float(s.length(line)) / 1e3),
)
print(s.contains(square, points).tolist(), s.intersects(line, [square, holed, other]).tolist())
print(
    s.within(points[1], square),
    s.disjoint(square, other),
    s.equals(square, square),
    s.touches(square, other),
    s.covers(square, points).tolist(),
)
print((s.distance(points, square) / 1e3).round(1).tolist(), round(float(s.perimeter(square)) / 1e3))
for operation in (s.union, s.intersection, s.difference, s.symmetric_difference):
    made = operation(square, other)
    print(operation.__name__, s.get_dimension(made), round(float(s.area(made)) / 1e9))
print(
    s.to_wkt(s.centroid(square), precision=3),
    s.to_wkt(s.convex_hull(line))[:8],
    s.to_wkt(s.boundary(square))[:10],
)
for text in (
    "POINT (1 2)",
    "MULTIPOINT ((1 2), (3 4))",
    "POLYGON ((0 0, 1 0, 1 1, 0 0))",
    "LINESTRING (0 0, 1 1)",
    "GEOMETRYCOLLECTION (POINT (1 1), LINESTRING (0 0, 2 2))",
):
    g = s.from_wkt(text)
    raw = s.to_wkb(g)
    print(
        s.to_wkt(g), len(raw), s.equals(s.from_wkb(raw), g), s.is_geography(g), s.get_dimension(g)
    )
many = s.points(numpy.linspace(-180, 180, 2000), numpy.linspace(-80, 80, 2000))
print(int(s.intersects(many, holed).sum()), round(float(s.distance(many, line).min()) / 1e3, 1))
s.prepare(square), s.prepare(many)
print(int((s.distance(many, square) < 500e3).sum()), s.is_prepared(square))
s.destroy_prepared(square)
print(s.is_prepared(square), round(float(s.distance(points[0], points[3], radius=1)), 6))
for bad in (
    lambda: s.from_wkt("garbage"),
    lambda: s.from_wkb(b"garbage"),
    lambda: s.create_polygon([(0, 0), (1, 1)]),
    lambda: s.create_polygon([(0, 0), (10, 10), (10, 0), (0, 10)]),
    lambda: s.create_linestring([(0, 0)]),
    lambda: s.area(5),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
