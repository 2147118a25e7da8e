"""Models built, meshed, asked, written, read, with fields, plug-ins, views and errors, by Gmsh."""

import os
import tempfile

import gmsh

gmsh.initialize(["gmsh", "-noenv"], readConfigFiles=False)
gmsh.option.setNumber("General.Terminal", 0)
gmsh.option.setNumber("General.NumThreads", 1)
gmsh.model.add("square")
size = 0.1
points = [gmsh.model.geo.addPoint(x, y, 0, size) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))]
lines = [gmsh.model.geo.addLine(points[i], points[(i + 1) % 4]) for i in range(4)]
surface = gmsh.model.geo.addPlaneSurface([gmsh.model.geo.addCurveLoop(lines)])
gmsh.model.geo.synchronize()
gmsh.model.addPhysicalGroup(2, [surface], name="täg")
gmsh.model.addPhysicalGroup(1, lines[:2], 7)
gmsh.model.mesh.generate(2)
nodes, coordinates, _ = gmsh.model.mesh.getNodes()
kinds, elements, members = gmsh.model.mesh.getElements(2)


def area():
    where = {n: coordinates[3 * i : 3 * i + 2] for i, n in enumerate(nodes)}
    total = 0
    for i in range(0, len(members[0]), 3):
        a, b, c = (where[n] for n in members[0][i : i + 3])
        total += abs((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])) / 2
    return round(total, 6)


print(
    len(nodes) > 50,
    list(kinds),
    area(),
    gmsh.model.getEntities(1),
    gmsh.model.getPhysicalGroups(),
    gmsh.model.getPhysicalName(2, 1),
)
print(
    gmsh.model.mesh.getElementProperties(2)[:4],
    [round(v, 4) for v in gmsh.model.getBoundingBox(-1, -1)],
    min(gmsh.model.mesh.getElementQualities(elements[0])) > 0.1,
)
print(
    gmsh.model.getValue(1, lines[0], [0.25]).tolist()
    if hasattr(gmsh.model.getValue(1, lines[0], [0.25]), "tolist")
    else list(gmsh.model.getValue(1, lines[0], [0.25]))
)
gmsh.model.mesh.setOrder(2)
print(list(gmsh.model.mesh.getElements(2)[0]))
gmsh.model.mesh.setOrder(1)
gmsh.model.mesh.refine()
print(len(gmsh.model.mesh.getNodes()[0]) > len(nodes) * 3)
with tempfile.TemporaryDirectory() as directory:
    for kind in ("msh", "vtk", "stl", "unv", "geo_unrolled"):
        path = os.path.join(directory, "a." + kind)
        gmsh.write(path)
        print(kind, os.path.getsize(path) > 100)
    count = len(gmsh.model.mesh.getNodes()[0])
    gmsh.open(os.path.join(directory, "a.msh"))
    print(len(gmsh.model.mesh.getNodes()[0]) == count, gmsh.model.getPhysicalGroups())
    gmsh.merge(os.path.join(directory, "a.stl"))
    for bad in (
        lambda: gmsh.open("/no/such.msh"),
        lambda: gmsh.model.geo.addLine(1, 99999),
        lambda: gmsh.option.getNumber("None.Such"),
        lambda: gmsh.model.mesh.generate(9),
    ):
        try:
            print(bad())
        except Exception as e:
            print(type(e).__name__)
gmsh.model.add("solid")
box = gmsh.model.occ.addBox(0, 0, 0, 2, 2, 2)
ball = gmsh.model.occ.addSphere(1, 1, 1, 0.8)
cut, _ = gmsh.model.occ.cut([(3, box)], [(3, ball)])
hole = gmsh.model.occ.addCylinder(0, 0, 0, 0, 0, 2, 0.3)
fused, _ = gmsh.model.occ.fuse(cut, [(3, hole)])
gmsh.model.occ.synchronize()
print(
    fused,
    round(gmsh.model.occ.getMass(3, fused[0][1]), 4),
    [round(v, 3) for v in gmsh.model.occ.getCenterOfMass(3, fused[0][1])],
)
gmsh.option.setNumber("Mesh.MeshSizeMax", 0.5)
field = gmsh.model.mesh.field
f = field.add("MathEval")
field.setString(f, "F", "0.3 + 0.1*x")
field.setAsBackgroundMesh(f)
gmsh.model.mesh.generate(3)
print(list(gmsh.model.mesh.getElements(3)[0]), len(gmsh.model.mesh.getElements(3)[1][0]) > 100)
print(
    len(gmsh.model.getBoundary(fused)) > 4,
    gmsh.model.getDimension(),
    gmsh.model.getType(3, fused[0][1]),
)
view = gmsh.view.add("view")
gmsh.view.addHomogeneousModelData(view, 0, "solid", "NodeData", [1, 2, 3], [1.0, 2.0, 3.0])
print(
    gmsh.view.getTags().tolist()
    if hasattr(gmsh.view.getTags(), "tolist")
    else list(gmsh.view.getTags()),
    gmsh.view.getHomogeneousModelData(view, 0)[2][:3] is not None,
)
gmsh.onelab.set('[{"type":"number","name":"p","values":[3.5]}]')
print(list(gmsh.onelab.getNumber("p")), gmsh.model.list())
gmsh.clear()
gmsh.finalize()
