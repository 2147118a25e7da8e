"""Meshes of tetrahedra of boxes with holes, regions, constraints and errors, by TetGen in MeshPy."""

from meshpy.tet import MeshInfo, Options, build

points = [(x, y, z) for z in (0, 5) for x, y in ((0, 0), (2, 0), (2, 2), (0, 2))]
facets = [[0, 1, 2, 3], [4, 5, 6, 7], [0, 4, 5, 1], [1, 5, 6, 2], [2, 6, 7, 3], [3, 7, 4, 0]]


def box():
    info = MeshInfo()
    info.set_points(points)
    info.set_facets(facets, markers=list(range(1, 7)))
    return info


def volume(mesh):
    total = 0
    for element in mesh.elements:
        a, b, c, d = ([mesh.points[i][k] for k in range(3)] for i in element[:4])
        u, v, w = ([p[k] - a[k] for k in range(3)] for p in (b, c, d))
        total += abs(
            u[0] * (v[1] * w[2] - v[2] * w[1])
            - u[1] * (v[0] * w[2] - v[2] * w[0])
            + u[2] * (v[0] * w[1] - v[1] * w[0])
        )
    return round(total / 6, 6)


for switches in ("pq", "pqa0.5", "pq1.2a0.1", "p"):
    mesh = build(box(), options=Options(switches), verbose=False)
    print(
        switches,
        volume(mesh),
        len(mesh.points) >= 8,
        len(mesh.elements) >= 5,
        len(mesh.faces) >= 12,
    )
    print(sorted(set(mesh.face_markers)), len(mesh.elements) == len(list(mesh.elements)))
mesh = build(box(), max_volume=0.2, verbose=False)
print(volume(mesh), len(mesh.elements) > 50)
info = box()
info.regions.resize(1)
info.regions[0] = [1, 1, 1, 7, 0.3]
mesh = build(info, volume_constraints=True, attributes=True, verbose=False)
print(volume(mesh), {round(a[0] if hasattr(a, "__len__") else a) for a in mesh.element_attributes})
inner = [(0.5 + x / 2 * 1, 0.5 + y / 2, 1 + z / 5) for x, y, z in points]
hole = MeshInfo()
hole.set_points(points + inner)
hole.set_facets(facets + [[i + 8 for i in f] for f in facets])
hole.set_holes([(1, 1, 1.5)])
print(volume(build(hole, verbose=False)))
for bad in ([(0, 0, 0)], [(0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1, 0)]):
    info = MeshInfo()
    info.set_points(bad)
    try:
        print(len(build(info, options=Options(""), verbose=False).elements))
    except Exception as e:
        print(type(e).__name__)
for _ in range(5):
    build(box(), max_volume=1, verbose=False)
