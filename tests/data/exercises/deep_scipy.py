"""Decompositions, sparse solvers, eigenvalues, optimisation, integration and special functions of SciPy."""

import threading

import numpy
import scipy.integrate
import scipy.linalg as la
import scipy.optimize
import scipy.sparse as sp
import scipy.sparse.linalg as sla
import scipy.spatial
import scipy.special

rng = numpy.random.default_rng(3)
for kind in ("f4", "f8", "c8", "c16"):
    a = rng.random((40, 40)).astype(kind) + numpy.eye(40, dtype=kind) * 5
    q, r = la.qr(a)
    p, lower, upper = la.lu(a)
    print(
        kind,
        numpy.allclose(q @ r, a, atol=1e-3),
        numpy.allclose(p @ lower @ upper, a, atol=1e-3),
        numpy.allclose(la.expm(la.logm(a.astype("c16"))), a, atol=1e-3),
    )
    print(
        numpy.allclose(
            la.schur(a, "complex")[1]
            @ la.schur(a, "complex")[0]
            @ la.schur(a, "complex")[1].conj().T,
            a,
            atol=1e-2,
        ),
        la.cholesky(a @ a.conj().T).shape,
        la.null_space(a[:5]).shape,
    )
    sparse = (sp.random(300, 300, 0.02, random_state=1) + sp.eye(300) * 4).astype(kind).tocsc()
    b = rng.random(300).astype(kind)
    for order in ("NATURAL", "MMD_ATA", "COLAMD"):
        print(
            order,
            numpy.allclose(sparse @ sla.splu(sparse, permc_spec=order).solve(b), b, atol=1e-3),
        )
    for solver in (sla.gmres, sla.bicgstab, sla.lgmres, sla.cgs):
        x, code = solver(
            sparse, b, M=sla.LinearOperator((300, 300), sla.spilu(sparse).solve, dtype=kind)
        )
        print(solver.__name__, code, numpy.allclose(sparse @ x, b, atol=1e-2))
    if kind in ("f8", "c16"):
        start = numpy.ones(300, kind)
        print(
            numpy.sort(abs(sla.eigs(sparse, 3, v0=start)[0])).round(4),
            abs(sla.svds(sparse, 2, v0=start)[1]).round(3),
        )
print(
    sla.eigsh(
        sp.diags([2.0] * 200) + sp.diags([-1.0] * 199, 1) + sp.diags([-1.0] * 199, -1),
        3,
        sigma=0,
        v0=numpy.ones(200),
    )[0].round(8)
)
for method in ("RK45", "LSODA", "BDF", "Radau"):
    print(
        method,
        scipy.integrate.solve_ivp(
            lambda t, y: [-2 * y[0] + y[1], -y[1]], (0, 2), [1, 1], method=method, rtol=1e-8
        )
        .y[0, -1]
        .round(5),
    )
for method in ("BFGS", "L-BFGS-B", "SLSQP", "COBYLA", "trust-constr", "TNC", "Nelder-Mead"):
    print(
        method,
        scipy.optimize.minimize(
            lambda x: (x[0] - 1) ** 2 + (x[1] - 2) ** 2, [0, 0], method=method, tol=1e-8
        ).x.round(2)
        + 0.0,
    )
print(
    scipy.optimize.linprog([-1, -2], [[1, 1]], [4], bounds=[(0, 3), (0, 3)]).x,
    scipy.optimize.least_squares(lambda x: x**2 - 4, [1.0]).x.round(4),
    round(scipy.integrate.quad(numpy.exp, 0, 1)[0], 9),
)
points = rng.random((100, 3))
print(
    len(scipy.spatial.ConvexHull(points).vertices),
    scipy.spatial.cKDTree(points).query(points[0], 3)[1][0],
    round(scipy.spatial.ConvexHull(points).volume, 6),
)
print(
    round(float(scipy.special.jv(1.5, 2.5)), 9),
    round(float(scipy.special.gamma(0.3)), 9),
    round(float(scipy.special.hyp2f1(1, 2, 3, 0.5)), 9),
    round(float(scipy.special.erfinv(0.3)), 9),
)
done = []


def work():
    for _ in range(5):
        m = rng.random((80, 80))
        done.append(bool(numpy.allclose(la.inv(m) @ m, numpy.eye(80), atol=1e-5)))


threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(done), all(done))
