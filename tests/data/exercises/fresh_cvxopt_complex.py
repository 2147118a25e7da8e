"""Complex, singular and large sparse systems, orderings and cones, by the libraries that CVXOPT has in it."""

import random

from cvxopt import amd, cholmod, matrix, solvers, sparse, spdiag, spmatrix, umfpack

solvers.options.update(show_progress=False)
random.seed(7)


def told(x):
    return [
        complex(round(v.real, 4) + 0.0, round(v.imag, 4) + 0.0)
        if isinstance(v, complex)
        else round(v, 4) + 0.0
        for v in x
    ]


n = 40
a = spmatrix(
    [complex(5 + i, 1) for i in range(n)] + [complex(-1, i % 3) for i in range(n - 1)] + [1j] * 10,
    list(range(n)) + list(range(1, n)) + list(range(10)),
    list(range(n)) + list(range(n - 1)) + list(range(20, 30)),
)
b = matrix([complex(i, -i) for i in range(n)])
x = +b
umfpack.linsolve(a, x)
print(told(x)[:4], max(abs(a * x - b)) < 1e-9)
for way in ("N", "T", "C"):
    x = +b
    umfpack.solve(a, umfpack.numeric(a, umfpack.symbolic(a)), x, way)
    back = {"N": a, "T": a.T, "C": a.H}[way] * x
    print(way, told(x)[:3], max(abs(back - b)) < 1e-9)
h = a.H * a
for supernodal in (0, 1, 2):
    cholmod.options["supernodal"] = supernodal
    for uplo in ("L", "U"):
        x = +b
        cholmod.linsolve(h, x, uplo=uplo)
        print(supernodal, uplo, max(abs(h * x - b)) < 1e-6)
    f = cholmod.symbolic(h, p=matrix(range(n)))
    cholmod.numeric(h, f)
    for system in range(9):
        x = +b
        try:
            cholmod.solve(f, x, sys=system)
            print(system, told(x)[:2])
        except Exception as e:
            print(system, type(e).__name__)
    print(
        told(cholmod.diag(f))[:3]
        if supernodal == 2
        else len(cholmod.getfactor(f))
        if supernodal == 0
        else ""
    )
size = 900
rows, columns, values = [], [], []
for i in range(size):
    for j, v in ((i, 8.0), ((i * 7 + 3) % size, -1.0), ((i + 1) % size, -1.0)):
        rows.append(i), columns.append(j), values.append(v)
big = spmatrix(values, rows, columns, (size, size))
both = big + big.T
right = matrix([float(i % 11) for i in range(size)])
for solve, system in ((umfpack.linsolve, big), (cholmod.linsolve, both)):
    x = +right
    solve(system, x)
    print(solve.__name__, max(abs(system * x - right)) < 1e-8, round(sum(x), 4))
order = amd.order(both)
print(sorted(order) == list(range(size)))
for control in (1, 0):
    amd.options["aggressive"] = control
    print(len(set(amd.order(both))))
print(len(cholmod.splinsolve(both, spmatrix(1.0, [0, 5, 9], [0, 1, 2], (size, 3)))) > 3)
P = spdiag([1.0 + i for i in range(20)])
G = sparse([spdiag([-1.0] * 20), spdiag([1.0] * 20)])
hh = matrix([0.0] * 20 + [1.0] * 20)
found = solvers.coneqp(
    P,
    matrix([-float(i % 7) for i in range(20)]),
    G,
    hh,
    A=spmatrix(1.0, [0] * 20, range(20)),
    b=matrix([3.0]),
    kktsolver="chol2",
)
print(found["status"], told(found["x"])[:5])
socp = solvers.socp(
    matrix([-2.0, 1.0, 5.0]),
    Gq=[
        matrix([[12.0, 13.0, 12.0], [6.0, -3.0, -12.0], [-5.0, -5.0, 6.0]]),
        matrix([[3.0, 3.0, -1.0, 1.0], [-6.0, -6.0, -9.0, 19.0], [10.0, -2.0, -2.0, -3.0]]),
    ],
    hq=[matrix([-12.0, -3.0, -2.0]), matrix([27.0, 0.0, 3.0, -42.0])],
)
print(socp["status"], [round(v, 3) for v in socp["x"]])
for bad in (
    lambda: umfpack.linsolve(spmatrix([1j], [0], [0], (2, 2)), matrix([1j, 1j])),
    lambda: cholmod.linsolve(-h, +b),
    lambda: umfpack.solve(a, umfpack.symbolic(big), +b),
    lambda: cholmod.linsolve(a[:, :5], +b),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
for _ in range(20):
    x = +b
    umfpack.linsolve(a, x)
    cholmod.numeric(h, cholmod.symbolic(h))
