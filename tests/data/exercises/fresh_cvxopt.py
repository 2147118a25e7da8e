"""Sparse factorizations and programs of several kinds, by the libraries that CVXOPT has in it."""

from cvxopt import amd, cholmod, dsdp, fftw, glpk, gsl, matrix, solvers, spmatrix, umfpack

solvers.options.update(show_progress=False)
glpk.options["msg_lev"] = "GLP_MSG_OFF"
glpk.options["it_lim"] = 1000


def told(x, digits=5):
    return [round(float(v), digits) + 0.0 for v in x]


n = 12
laplace = spmatrix(
    [4.0] * n + [-1.0] * (n - 1),
    list(range(n)) + list(range(1, n)),
    list(range(n)) + list(range(n - 1)),
)
right = matrix([float(i) for i in range(n)])
for supernodal in (0, 2):
    cholmod.options["supernodal"] = supernodal
    x = +right
    cholmod.linsolve(laplace, x)
    factor = cholmod.symbolic(laplace)
    cholmod.numeric(laplace, factor)
    y = +right
    cholmod.solve(factor, y)
    print("cholmod", supernodal, told(x), max(abs(x - y)) < 1e-12)
    print(
        told(cholmod.diag(factor)) if supernodal else "",
        len(cholmod.getfactor(factor)) if not supernodal else "",
    )
    z = cholmod.splinsolve(laplace, spmatrix(1.0, [0, 3], [0, 1], (n, 2)))
    print(z.size, told(z.V)[:4])
print("amd", sorted(amd.order(laplace)))
general = spmatrix(
    [2.0, 3, 3, -1, 4, 4, -3, 1, 2, 2, 6, 1],
    [0, 1, 0, 2, 4, 1, 2, 3, 4, 2, 1, 4],
    [0, 0, 1, 1, 1, 2, 2, 2, 2, 3, 4, 4],
)
b = matrix([8.0, 45, -3, 3, 19])
umfpack.linsolve(general, b)
print("umfpack", told(b))
symbolic = umfpack.symbolic(general)
numeric = umfpack.numeric(general, symbolic)
for transposed in ("N", "T"):
    c = matrix([1.0, 2, 3, 4, 5])
    umfpack.solve(general, numeric, c, transposed)
    print(told(c))
print(round(umfpack.det(general), 6) if hasattr(umfpack, "det") else "")
g = matrix([[-1.0, -1.0, 0.0, 1.0], [1.0, -1.0, -1.0, -2.0]])
h = matrix([1.0, -2.0, 0.0, 4.0])
c = matrix([2.0, 1.0])
for solver in (None, "glpk"):
    print("lp", solver, told(solvers.lp(c, g, h, solver=solver)["x"], 4))
status, x = glpk.ilp(c, g, h, I={0, 1})
print("ilp", status, told(x))
print("infeasible", glpk.lp(c, matrix([[1.0, -1.0], [0.0, 0.0]]), matrix([-1.0, -1.0]))[0])
c = matrix([1.0, -1.0, 1.0])
gs = [
    matrix([[-7.0, -11.0, -11.0, 3.0], [7.0, -18.0, -18.0, 8.0], [-2.0, -8.0, -8.0, 1.0]]),
    matrix(
        [
            [-21.0, -11.0, 0.0, -11.0, 10.0, 8.0, 0.0, 8.0, 5.0],
            [0.0, 10.0, 16.0, 10.0, -10.0, -10.0, 16.0, -10.0, 3.0],
            [-5.0, 2.0, -17.0, 2.0, -6.0, 8.0, -17.0, 8.0, 6.0],
        ]
    ),
]
hs = [
    matrix([[33.0, -9.0], [-9.0, 26.0]]),
    matrix([[14.0, 9.0, 40.0], [9.0, 91.0, 10.0], [40.0, 10.0, 15.0]]),
]
dsdp.options["DSDP_Monitor"] = 0
for solver in (None, "dsdp"):
    print("sdp", solver, told(solvers.sdp(c, Gs=gs, hs=hs, solver=solver)["x"], 3))
gsl.setseed(7)
one = told(gsl.normal(3, 2))
gsl.setseed(7)
print("gsl", one == told(gsl.normal(3, 2)), one, told(gsl.uniform(2, 2)), gsl.getseed())
x = matrix([complex(i, -i) for i in range(8)])
y = +x
fftw.dft(y)
print("fftw", round(y[1].real, 4))
fftw.idft(y)
print(max(abs(y - x)) < 1e-12)
for bad in (
    lambda: cholmod.linsolve(-laplace, +right),
    lambda: umfpack.linsolve(spmatrix([1.0], [0], [0], (2, 2)), matrix([1.0, 1.0])),
    lambda: cholmod.solve(symbolic, +right),
    lambda: umfpack.linsolve(laplace, matrix([1.0])),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
