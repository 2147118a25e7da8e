"""Expressions, derivatives, code, linear, quadratic and nonlinear solvers and errors of CasADi with its plugins."""

import os

import casadi as ca
import numpy as np

os.environ["OMP_NUM_THREADS"] = "1"
x, y = ca.MX.sym("x"), ca.SX.sym("y", 3)
f = ca.Function("f", [y], [ca.sin(y[0]) * y[1] + ca.exp(y[2]), ca.jacobian(ca.norm_2(y), y)])
print(
    [np.round(np.array(v), 5).tolist() for v in f([1, 2, 3])],
    f.n_instructions() > 0,
    ca.hessian(ca.sumsqr(y), y)[0].shape,
)
a = ca.DM([[4, 1, 0], [1, 3, 1], [0, 1, 2]])
for name in (
    "qr",
    "ldl",
    "symbolicqr",
    "lapackqr",
    "lapacklu",
    "csparse",
    "csparsecholesky",
    "lsqr",
    "mumps",
    "ma27",
):
    try:
        s = ca.Linsol("s", name, a.sparsity())
        print(name, np.round(np.array(s.solve(a, ca.DM([1, 2, 3]))), 6).tolist())
    except Exception as e:
        print(name, type(e).__name__)
qp = {"h": a.sparsity(), "a": ca.Sparsity.dense(1, 3)}
for name, options in (
    ("qrqp", {"print_iter": False, "print_header": False}),
    ("qpoases", {"printLevel": "none"}),
    ("osqp", {"osqp": {"verbose": False}}),
    ("highs", {"highs": {"output_flag": False}}),
    ("proxqp", {}),
    ("daqp", {}),
    ("clp", {}),
    ("ipqp", {"print_iter": False, "print_header": False, "print_info": False}),
    ("superscs", {"superscs": {"verbose": 0}}),
    (
        "nlpsol",
        {
            "nlpsol": "ipopt",
            "nlpsol_options": {"print_time": False, "ipopt": {"print_level": 0, "sb": "yes"}},
        },
    ),
):
    try:
        linear = name == "clp"
        s = ca.conic("s", name, {"a": qp["a"], "h": ca.Sparsity(3, 3)} if linear else qp, options)
        r = s(
            **({} if linear else {"h": a}),
            a=[1, 1, 1],
            g=[-1, -2, 0.5],
            lba=-1,
            uba=1,
            lbx=-2,
            ubx=2,
        )
        print(name, np.round(np.array(r["x"]).ravel(), 3).tolist(), round(float(r["cost"]), 3))
    except Exception as e:
        print(name, type(e).__name__)
z = ca.MX.sym("z", 2)
for name, options in (
    ("ipopt", {"print_time": False, "ipopt": {"print_level": 0, "sb": "yes"}}),
    (
        "sqpmethod",
        {
            "print_iteration": False,
            "print_header": False,
            "print_time": False,
            "qpsol": "qrqp",
            "qpsol_options": {"print_iter": False, "print_header": False},
        },
    ),
    (
        "blocksqp",
        {
            "print_time": False,
            "print_header": False,
            "print_iteration": False,
            "print_maxit_reached": False,
        },
    ),
    ("alpaqa", {"print_time": False}),
    ("sleqp", {"print_time": False}),
):
    try:
        s = ca.nlpsol(
            "s",
            name,
            {"x": z, "f": (1 - z[0]) ** 2 + 100 * (z[1] - z[0] ** 2) ** 2, "g": z[0] + z[1]},
            options,
        )
        r = s(x0=[0.5, 0.5], lbg=-5, ubg=5, lbx=-3, ubx=3)
        print(name, np.round(np.array(r["x"]).ravel(), 2).tolist())
    except Exception as e:
        print(name, type(e).__name__)
for name in ("rk", "cvodes", "idas", "collocation"):
    t = ca.integrator("t", name, {"x": x, "ode": -x}, 0, 1.0)
    print(name, round(float(t(x0=1)["xf"]), 3))
print(
    round(
        float(ca.rootfinder("r", "newton", {"x": x, "g": x**2 - 2})(1.0, 0)[0])
        if False
        else float(ca.rootfinder("r", "newton", {"x": x, "g": x**2 - 2})(x0=1.0)["x"]),
        5,
    )
)
print(
    np.round(
        np.array(ca.interpolant("i", "bspline", [[0, 1, 2, 3, 4, 5]], [0, 1, 4, 9, 16, 25])(2.5)), 4
    ).tolist()
)
for bad in (
    lambda: ca.nlpsol("s", "nosuch", {"x": z, "f": z[0]}),
    lambda: f(1, 2, 3, 4),
    lambda: ca.DM([1, 2]) + ca.DM([1, 2, 3]),
    lambda: ca.external("none", "/nowhere.so"),
):
    try:
        print(bad() is None)
    except Exception as e:
        print(type(e).__name__)
