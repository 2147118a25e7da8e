"""Large objects, polygons of many corners, odd numbers and lines, files of materials, arrays, threads, by tinyobjloader."""

import math
import os
import tempfile
import threading

import tinyobjloader

ring = "".join(
    f"v {math.cos(i / 50 * math.tau):.5f} {math.sin(i / 50 * math.tau):.5f} {i % 3 / 10}\n"
    for i in range(50)
)
texts = {
    "fan": ring + "f " + " ".join(map(str, range(1, 51))) + "\n",
    "back": ring + "f " + " ".join(map(str, range(50, 0, -1))) + "\nf -1 -20 -30 -40\n",
    "star": "".join(
        f"v {(1 + i % 2) * math.cos(i / 20 * math.tau):.4f} {(1 + i % 2) * math.sin(i / 20 * math.tau):.4f} 0\n"
        for i in range(20)
    )
    + "f "
    + " ".join(map(str, range(1, 21)))
    + "\n",
    "numbers": "v 1e-5 -.5 +3.\nv 1e400 nan inf\nv 0x1 1,5 --2\nv 1E+2 2e 3e-\nvn 1 1\nvt\nf 1 2 3\nf 0 1 2\n",
    "ends": "v 0 0 0\r\nv 1 0 0\rv 0 1 0\r\n\\\n\tf  1/ 2//  3/1/\r\n# ä \0 x\nf 1 2",
    "groups": "v 0 0 0\nv 1 0 0\nv 0 1 0\n"
    + "".join(
        f"g g{i} h{i}\no o{i}\ns {i % 5}\nusemtl m{i % 4}\nf 1 2 3\nl 1 2 3 1\np 1 2\n"
        for i in range(60)
    ),
    "tags": "t crease 2/1/1 1 2 4.7\nt corner 1/2/0 3 1.5 2.5\nt name 0/0/2 a b\nt x\n",
    "large": "".join(
        f"v {i % 97} {i % 89} {i % 83} {i % 2} 0.5 1\nvt {i % 7} {i % 5}\nvn 0 {i % 3} 1\nvw {i} 0 0.25 3 0.75\n"
        for i in range(4000)
    )
    + "".join(
        f"f {i}/{i}/{i} {i + 1}/{i}/{i} {i + 2}/{i}/{i} {i + 3}/{i}/{i}\n" for i in range(1, 3990)
    ),
}
mtl = "".join(
    f"newmtl m{i}\nKd {i / 4} 0 {i}e-2\nKe 1 2 3\nTf 0.1 0.2 0.3\nNi 1.4{i}\nPs 0.{i}\nPc 0.2\nPcr 0.3\nanisor 0.1\nmap_Ka -blendu off -clamp on -mm 0 {i} -t 1 1 1 -imfchan r 'a b' c.png\nmap_d -texres 64 d.png\nrefl -type sphere r{i}.png\ndisp -bm {i} x.png\nmap_Pr r.png\n# x\ncustom{i} value of {i}\n"
    for i in range(4)
)


def show(reader):
    a, out = reader.GetAttrib(), [reader.Valid(), bool(reader.Warning()), bool(reader.Error())]
    for values in (a.vertices, a.normals, a.texcoords, a.colors, a.vertex_weights):
        finite = [v for v in values if abs(v) < 1e9]
        out += [len(values), len(finite), round(sum(v * (i % 11) for i, v in enumerate(finite)), 2)]
    for name in ("numpy_vertices", "numpy_normals", "numpy_colors"):
        out.append(getattr(a, name)().shape)
    for s in reader.GetShapes():
        out.append(
            (
                s.name,
                len(s.mesh.indices),
                [i.vertex_index for i in s.mesh.indices][:30],
                len(s.mesh.material_ids),
            )
        )
        out.append(
            (
                s.mesh.numpy_indices().shape,
                int(s.mesh.numpy_indices().sum()),
                int(s.mesh.numpy_num_face_vertices().sum()),
            )
        )
    for m in reader.GetMaterials():
        names = (
            "ambient_texname",
            "alpha_texname",
            "reflection_texname",
            "displacement_texname",
            "roughness_texname",
        )
        out.append(
            (
                m.name,
                [round(float(v), 3) for v in (*m.diffuse, *m.ior_list)]
                if hasattr(m, "ior_list")
                else list(m.diffuse),
                round(m.ior, 2),
                list(m.transmittance),
                round(m.sheen, 2),
                m.clearcoat_thickness,
                m.anisotropy_rotation,
            )
        )
        out.append(
            [getattr(m, n) for n in names] + [m.GetCustomParameter(f"custom{i}") for i in range(4)]
        )
    return out


def parsed(text, triangulate=True):
    config = tinyobjloader.ObjReaderConfig()
    config.triangulate = triangulate
    reader = tinyobjloader.ObjReader()
    return [reader.ParseFromString(text, mtl, config), *show(reader)]


for name, text in texts.items():
    for triangulate in (True, False):
        try:
            print(name, *parsed(text, triangulate), sep="\n  ")
        except Exception as e:
            print(name, type(e).__name__)
d = tempfile.mkdtemp()
for name, data in (
    ("a.obj", "mtllib no.mtl b.mtl\n" + texts["groups"]),
    ("b.mtl", mtl),
    ("c.obj", "mtllib\nmtllib c.obj\n" + texts["fan"]),
):
    open(os.path.join(d, name), "w").write(data)
for name in ("a.obj", "c.obj", "b.mtl", "", "none"):
    for search in (True, False):
        config = tinyobjloader.ObjReaderConfig()
        config.triangulate = search
        reader = tinyobjloader.ObjReader()
        print(
            name,
            search,
            reader.ParseFromFile(os.path.join(d, name), config),
            len(show(reader)),
            len(reader.GetMaterials()),
        )
found = [None] * 4
threads = [
    threading.Thread(target=lambda i=i: found.__setitem__(i, parsed(texts["large"])))
    for i in range(4)
]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(found[0] == found[1] == found[2] == found[3])
