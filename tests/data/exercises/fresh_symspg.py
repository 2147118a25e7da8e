"""Symmetry of crystals: data sets, operations, primitive cells, k-points, magnetic groups, errors, by spglib."""

import spglib

cubic = [[4, 0, 0], [0, 4, 0], [0, 0, 4]]
cells = {
    "NaCl": (
        cubic,
        [
            [0, 0, 0],
            [0, 0.5, 0.5],
            [0.5, 0, 0.5],
            [0.5, 0.5, 0],
            [0.5, 0.5, 0.5],
            [0.5, 0, 0],
            [0, 0.5, 0],
            [0, 0, 0.5],
        ],
        [1] * 4 + [2] * 4,
    ),
    "bcc": (cubic, [[0, 0, 0], [0.5, 0.5, 0.5]], [1, 1]),
    "hcp": (
        [[3, 0, 0], [-1.5, 2.598076211353316, 0], [0, 0, 4.9]],
        [[1 / 3, 2 / 3, 0.25], [2 / 3, 1 / 3, 0.75]],
        [1, 1],
    ),
    "rutile": (
        [[4.6, 0, 0], [0, 4.6, 0], [0, 0, 2.96]],
        [
            [0, 0, 0],
            [0.5, 0.5, 0.5],
            [0.3, 0.3, 0],
            [0.7, 0.7, 0],
            [0.2, 0.8, 0.5],
            [0.8, 0.2, 0.5],
        ],
        [1, 1, 2, 2, 2, 2],
    ),
    "low": ([[3, 0, 0], [0.5, 4, 0], [0.3, 0.7, 5]], [[0.1, 0.2, 0.3], [0.4, 0.1, 0.9]], [1, 2]),
}
for name, cell in cells.items():
    d = spglib.get_symmetry_dataset(cell, symprec=1e-5)
    print(
        name,
        d.number,
        d.international,
        d.hall,
        d.hall_number,
        d.choice,
        d.wyckoffs,
        d.equivalent_atoms.tolist(),
    )
    print(
        d.rotations.shape,
        d.pointgroup,
        d.transformation_matrix.round(3).tolist(),
        d.site_symmetry_symbols,
    )
    print(
        d.origin_shift.round(3).tolist(),
        d.std_types.tolist(),
        d.std_lattice.round(3).tolist(),
        d.crystallographic_orbits.tolist(),
    )
    print(spglib.get_spacegroup(cell), len(spglib.get_symmetry(cell)["rotations"]))
    for found in (
        spglib.find_primitive(cell),
        spglib.standardize_cell(cell, to_primitive=True, no_idealize=True),
        spglib.refine_cell(cell),
    ):
        print(len(found[2]), round(abs(float(__import__("numpy").linalg.det(found[0]))), 3))
    mapping, grid = spglib.get_ir_reciprocal_mesh([4, 4, 4], cell, is_shift=[0, 0, 0])
    print(len(set(mapping.tolist())), grid.shape, grid[5].tolist())
    print(
        spglib.niggli_reduce(cell[0]).round(3).tolist(),
        spglib.delaunay_reduce(cell[0]).round(3).shape,
    )
magnetic = (*cells["bcc"], [[0, 0, 1], [0, 0, -1]])
m = spglib.get_magnetic_symmetry_dataset(magnetic)
print(m.uni_number, m.msg_type, m.n_operations, m.time_reversals.sum())
print(spglib.get_magnetic_spacegroup_type(m.uni_number).bns_number)
print(
    spglib.get_spacegroup_type(525).international_full, spglib.get_spacegroup_type(525).schoenflies
)
symmetry = spglib.get_symmetry_from_database(525)
print(symmetry["rotations"].shape, round(float(symmetry["translations"].sum()), 3))
print(spglib.get_hall_number_from_symmetry(symmetry["rotations"], symmetry["translations"]))
print(spglib.get_pointgroup(symmetry["rotations"])[0])
layer = spglib.get_symmetry_layerdataset(cells["hcp"], aperiodic_dir=2)
print(layer.number if layer else None)
for bad in (
    lambda: spglib.get_symmetry_dataset((cubic, [[0, 0, 0], [0, 0, 1e-9]], [1, 1])),
    lambda: spglib.get_symmetry_dataset(([[0] * 3] * 3, [[0, 0, 0]], [1])),
    lambda: spglib.get_spacegroup_type(9999),
    lambda: spglib.niggli_reduce([[0] * 3] * 3),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
