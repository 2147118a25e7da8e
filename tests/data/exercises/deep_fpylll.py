"""LLL, BKZ, SVP, CVP, Gram-Schmidt with several floats, enumeration and errors of fplll."""

from fpylll import BKZ, CVP, FPLLL, GSO, LLL, Enumeration, IntegerMatrix, Pruning

FPLLL.set_random_seed(1337)
for kind, options in (
    ("qary", {"k": 10, "bits": 20}),
    ("intrel", {"bits": 60}),
    ("uniform", {"bits": 40}),
    ("ntrulike", {"q": 1031}),
):
    a = IntegerMatrix.random(20, kind, **options)
    for float_type in ("double", "long double", "dpe", "mpfr"):
        if float_type == "mpfr":
            FPLLL.set_precision(120)
        m = GSO.Mat(IntegerMatrix(a), float_type=float_type, U=IntegerMatrix.identity(a.nrows))
        LLL.Reduction(m, delta=0.99, eta=0.51)()
        m.update_gso()
        print(
            kind,
            float_type,
            list(m.B[0])[:6],
            round(float(m.get_r(0, 0)), 1),
            round(float(m.get_mu(3, 1)), 4),
            list(m.U[0])[:4],
        )
        print(round(float(m.get_log_det(0, a.nrows)), 3), LLL.is_reduced(IntegerMatrix(m.B)))
    b = LLL.reduction(IntegerMatrix(a), method="fast" if kind != "intrel" else "wrapper")
    print(b[0].norm() > 0, a.transpose()[0, 0], b.nrows, b.ncols)
    c = BKZ.reduction(IntegerMatrix(b), BKZ.Param(8, max_loops=3, flags=BKZ.MAX_LOOPS))
    print([round(c[i].norm(), 2) for i in range(3)])
a = IntegerMatrix.random(14, "qary", k=7, bits=15)
LLL.reduction(a)
print(CVP.closest_vector(a, [12345 * n % 999 for n in range(14)]))
m = GSO.Mat(a)
m.update_gso()
print(
    sorted(
        (round(d, 2), tuple(map(int, v)))
        for d, v in Enumeration(m, 3).enumerate(
            0, 14, m.get_r(0, 0) * 0.99 if False else m.get_r(0, 0) * 1.01, 0
        )
    )[:2]
)
pr = Pruning.run(m.get_r(0, 0) * 2, 2**10, [m.get_r(i, i) for i in range(14)], 0.5)
print(len(pr.coefficients), 0 < pr.expectation <= 1)
big = IntegerMatrix.from_matrix([[3**400 + i * j for i in range(5)] for j in range(5)])
print(big[0, 0] == 3**400, (big * big)[1, 2] % 1000003, big.submatrix(0, 0, 2, 2))
for bad in (
    lambda: IntegerMatrix(-1, 2),
    lambda: LLL.reduction(a, delta=2.0),
    lambda: a[99, 0],
    lambda: GSO.Mat(a, float_type="nosuch"),
    lambda: BKZ.Param(0),
):
    try:
        print(bad() is None)
    except Exception as e:
        print(type(e).__name__)
