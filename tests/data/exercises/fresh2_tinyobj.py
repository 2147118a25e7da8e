"""Objects with materials, groups, lines, skins and errors, by tinyobjloader."""

import tinyobjloader

OBJ = """mtllib none.mtl
o Thing
v 0 0 0 1 0 0
v 1 0 0 0 1 0
v 1 1 0 0 0 1
v 0 1 0.5
v -1 0.25e1 3
vt 0 0
vt 1 0 0.5
vt 1 1
vn 0 0 1
vn 0 1 0
vw 1 0 0.5 1 0.5
g one two
usemtl red
s 1
f 1/1/1 2/2/1 3/3/1 4/1/2
f -1//1 -2//2 -3//1
s off
g other
l 1 2 3
p 4
usemtl blue
f 1 2 3 4 5
t crease 1/0/0 3 0.5 x
"""
MTL = """newmtl red
Ka 0.1 0.2 0.3
Kd 1 0 0
Ks 0.5
Ns 30
d 0.5
illum 2
map_Kd -s 2 2 2 -o 0.1 a.png
bump -bm 0.3 b.png
Pr 0.3
Pm 0.4
norm n.png
aniso 0.7
unknown 1 2
newmtl blue
Tr 0.25
Kd spectral x
"""
for triangulate in (True, False):
    for text in (
        OBJ,
        OBJ.replace("v 1 1", "v x y"),
        "f 1 2 3\n",
        "",
        "v 1 2\nf 9 9 9\n",
        OBJ + "f 1/9/9 2 3\n",
        "v 0 0 0\n" * 3 + "f 1 2 3\n" * 500,
    ):
        config = tinyobjloader.ObjReaderConfig()
        config.triangulate = triangulate
        r = tinyobjloader.ObjReader()
        print(r.ParseFromString(text, MTL, config), bool(r.Warning()), bool(r.Error()), r.Valid())
        a = r.GetAttrib()
        print(
            list(a.vertices)[:15],
            list(a.normals),
            list(a.texcoords),
            list(a.colors)[:9],
            len(a.skin_weights),
            list(a.vertex_weights)[:5],
        )
        for s in r.GetShapes():
            print(
                s.name,
                [(i.vertex_index, i.normal_index, i.texcoord_index) for i in s.mesh.indices][:12],
                list(s.mesh.num_face_vertices)[:9],
                list(s.mesh.material_ids)[:5],
                s.lines is not None,
                s.points is not None,
            )
        for m in r.GetMaterials():
            print(
                m.name,
                m.diffuse,
                m.specular,
                m.dissolve,
                m.illum,
                m.diffuse_texname,
                m.bump_texname,
                m.roughness,
                m.anisotropy,
                m.GetCustomParameter("unknown"),
            )
r = tinyobjloader.ObjReader()
print(r.ParseFromFile("/no/such.obj", tinyobjloader.ObjReaderConfig()), bool(r.Error()))
