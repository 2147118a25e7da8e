"""Matrices over two elements: products, inverses, echelons, kernels, pictures and faults, by M4RI."""

import os
import tempfile

import sage.all__sagemath_modules  # noqa: F401 - the rings have to be made first
from sage.matrix.constructor import matrix
from sage.matrix.matrix_mod2_dense import from_png, parity, ple, pluq, to_png
from sage.modules.free_module_element import vector
from sage.rings.finite_rings.finite_field_constructor import GF

two = GF(2)


def make(r, c, k):
    return matrix(two, r, c, [(i * j + i * k + j) % 7 % 2 for i in range(r) for j in range(c)])


for r, c in ((1, 1), (3, 5), (64, 64), (65, 130), (200, 200), (700, 300)):
    a, b = make(r, c, 3), make(c, r, 5)
    p = a * b
    print(
        r,
        c,
        a.rank(),
        p.rank(),
        a.density(),
        str(p.echelon_form().pivots())[:60],
        a.transpose().nrows(),
        (a * b - p).is_zero(),
        a._multiply_strassen(b, 64) == p,
        a._multiply_m4rm(b, 4) == p if hasattr(a, "_multiply_m4rm") else "",
    )
    for algorithm in ("m4ri", "pluq", "ple", "heuristic", "classical"):
        try:
            print(algorithm, a.echelon_form(algorithm=algorithm).rank())
        except Exception as e:
            print(algorithm, type(e).__name__)
    s = make(r, r, 2) + matrix.identity(two, r)
    try:
        print(
            (s * ~s).is_one(),
            s.determinant(),
            s.solve_right(vector(two, [i % 2 for i in range(r)]))[:3],
        )
    except Exception as e:
        print(type(e).__name__)
    print(
        a.right_kernel().dimension() if c < 200 else "",
        [type(v).__name__ for v in pluq(a)[:1]],
        ple(a)[1][:3],
        a.submatrix(0, 0, 1, 1),
        a.stack(a).nrows(),
        a.augment(a).ncols(),
        a.str()[:20],
        a.row(0)[:3],
        a.nonzero_positions()[:3],
    )
path = os.path.join(tempfile.mkdtemp(), "a.png")
try:
    to_png(a, path)
    print(from_png(path) == a)
except Exception as e:
    print(type(e).__name__)
print([parity(v) for v in (0, 1, 7, 2**40 - 1)])
(
    a.randomize(),
    a.rescale_row(0, 1),
    a.add_multiple_of_row(0, 1, 1),
    a.swap_rows(0, 1),
    a.swap_columns(0, 1),
)
for bad in (
    lambda: make(2, 3, 1) * make(2, 3, 1),
    lambda: ~matrix(two, 2, 2),
    lambda: matrix(two, -1, 2),
    lambda: from_png("/no"),
    lambda: a.echelon_form(algorithm="no"),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
