"""OBJ, STL, PLY, glTF, Collada and X3D files that are made here, read with post-processing by Assimp."""

import os
import tempfile

import assimp_py as a

obj = (
    "mtllib m.mtl\n"
    + "".join(f"v {x} {y} {x * y % 3}\n" for x in range(8) for y in range(8))
    + "vt 0 0\nvt 1 0\nvt 1 1\nvn 0 0 1\nusemtl red\n"
)
obj += "".join(
    f"f {x * 8 + y + 1}/1/1 {x * 8 + y + 2}/2/1 {x * 8 + y + 10}/3/1 {x * 8 + y + 9}/1/1\n"
    for x in range(7)
    for y in range(7)
)
stl = (
    "solid a\n"
    + "facet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\nendloop\nendfacet\n"
    * 3
    + "endsolid a\n"
)
ply = "ply\nformat ascii 1.0\nelement vertex 4\nproperty float x\nproperty float y\nproperty float z\nelement face 2\nproperty list uchar int vertex_indices\nend_header\n0 0 0\n1 0 0\n1 1 0\n0 1 0\n3 0 1 2\n3 0 2 3\n"
gltf = '{"asset":{"version":"2.0"},"scene":0,"scenes":[{"nodes":[0]}],"nodes":[{"mesh":0,"name":"n"}],"meshes":[{"primitives":[{"attributes":{"POSITION":0}}]}],"accessors":[{"bufferView":0,"componentType":5126,"count":3,"type":"VEC3","min":[0,0,0],"max":[1,1,0]}],"bufferViews":[{"buffer":0,"byteLength":36}],"buffers":[{"byteLength":36,"uri":"data:application/octet-stream;base64,AAAAAAAAAAAAAAAAAACAPwAAAAAAAAAAAAAAAAAAgD8AAAAA"}]}'
off = "OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n"
dae = """<?xml version="1.0"?><COLLADA xmlns="http://www.collada.org/2005/11/COLLADASchema" version="1.4.1"><asset><up_axis>Y_UP</up_axis></asset><library_geometries><geometry id="g"><mesh><source id="p"><float_array id="pa" count="9">0 0 0 1 0 0 0 1 0</float_array><technique_common><accessor source="#pa" count="3" stride="3"><param name="X" type="float"/><param name="Y" type="float"/><param name="Z" type="float"/></accessor></technique_common></source><vertices id="v"><input semantic="POSITION" source="#p"/></vertices><triangles count="1"><input semantic="VERTEX" source="#v" offset="0"/><p>0 1 2</p></triangles></mesh></geometry></library_geometries><library_visual_scenes><visual_scene id="s"><node id="n"><instance_geometry url="#g"/></node></visual_scene></library_visual_scenes><scene><instance_visual_scene url="#s"/></scene></COLLADA>"""
files = {
    "a.obj": obj,
    "a.stl": stl,
    "a.ply": ply,
    "a.gltf": gltf,
    "a.off": off,
    "a.dae": dae,
    "m.mtl": "newmtl red\nKd 1 0 0\nKs .5 .5 .5\nNs 20\nmap_Kd t.png\n",
    "bad.obj": "nothing",
    "bad.gltf": "{",
    "bad.dae": "<COLLADA",
    "bad.fbx": "Kaydara FBX Binary  x",
}
flags = (
    a.Process_Triangulate,
    a.Process_Triangulate
    | a.Process_JoinIdenticalVertices
    | a.Process_GenSmoothNormals
    | a.Process_CalcTangentSpace,
    a.Process_Triangulate
    | a.Process_SortByPType
    | a.Process_OptimizeMeshes
    | a.Process_ImproveCacheLocality
    | a.Process_GenNormals,
)
with tempfile.TemporaryDirectory() as directory:
    for name, text in files.items():
        with open(os.path.join(directory, name), "w") as f:
            f.write(text)
    for name in [*files, "none.obj"]:
        for flag in flags:
            try:
                scene = a.import_file(os.path.join(directory, name), flag)
            except Exception as e:
                print(name, type(e).__name__)
                continue
            for mesh in scene.meshes:
                v = mesh.vertices
                print(
                    name,
                    mesh.num_vertices,
                    mesh.num_faces,
                    len(mesh.indices),
                    len(v),
                    mesh.material_index,
                    round(
                        sum(map(float, list(v)[:60])) if not isinstance(v[0], (tuple, list)) else 0,
                        3,
                    ),
                )
            print(
                scene.num_meshes,
                scene.num_materials,
                sorted(scene.materials[0])[:8] if scene.materials else "",
            )
