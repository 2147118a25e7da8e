"""Meshes and clouds of points with options and attributes, and broken data, by Draco."""

import DracoPy
import numpy as np

n = 20
grid = np.array([(x, y, (x * y) % 7 / 3) for x in range(n) for y in range(n)], "f4")
faces = np.array(
    [(x * n + y, x * n + y + 1, (x + 1) * n + y) for x in range(n - 1) for y in range(n - 1)], "u4"
)
colors = (np.abs(grid[:, :3]) * 12 % 255).astype("u1")
for level in (0, 1, 5, 10):
    for bits in (8, 14):
        packed = DracoPy.encode(
            grid,
            faces,
            quantization_bits=bits,
            compression_level=level,
            quantization_range=-1,
            create_metadata=True,
        )
        mesh = DracoPy.decode(packed)
        print(
            level,
            bits,
            mesh.points.shape,
            mesh.faces.shape,
            round(float(mesh.points.sum()), 2),
            mesh.encoding_options is not None,
        )
for preserve in (False, True):
    packed = DracoPy.encode(
        grid,
        faces,
        colors=colors,
        preserve_order=preserve,
        tex_coord=grid[:, :2].astype("f8"),
        normals=(grid / 20).astype("f8"),
    )
    mesh = DracoPy.decode(packed)
    print(
        mesh.colors.shape,
        int(mesh.colors.sum()),
        mesh.tex_coord.shape,
        mesh.normals.shape,
        [a["unique_id"] for a in mesh.attributes],
    )
packed = DracoPy.encode(grid, colors=colors)
cloud = DracoPy.decode(packed)
print(type(cloud).__name__, cloud.points.shape, cloud.colors[:2].tolist())
packed = DracoPy.encode(
    grid, faces, generic_attributes={3: grid[:, :1].astype("f4"), 5: colors.astype("u2")}
)
mesh = DracoPy.decode(packed)
print(len(mesh.attributes))
for at in range(5, len(packed), len(packed) // 9):
    broken = packed[:at] + bytes([packed[at] ^ 0x5A]) + packed[at + 1 :]
    for data in (broken, packed[:at]):
        try:
            print(at, DracoPy.decode(data).points.shape)
        except Exception as e:
            print(at, type(e).__name__)
