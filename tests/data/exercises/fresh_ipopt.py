"""Nonlinear programs with bounds, constraints, several options and errors, by Ipopt in CasADi."""

import casadi as ca

quiet = {"ipopt.print_level": 0, "print_time": 0, "ipopt.sb": "yes"}
x, y, z = ca.MX.sym("x"), ca.MX.sym("y"), ca.MX.sym("z")
v = ca.vertcat(x, y, z)
rosenbrock = {"x": v, "f": x**2 + 100 * z**2, "g": z + (1 - x) ** 2 - y}
for options in (
    {},
    {"ipopt.hessian_approximation": "limited-memory"},
    {"ipopt.mu_strategy": "adaptive"},
    {"ipopt.tol": 1e-4},
    {"ipopt.nlp_scaling_method": "none"},
):
    solver = ca.nlpsol("s", "ipopt", rosenbrock, {**quiet, **options})
    found = solver(x0=[2.5, 3.0, 0.75], lbg=0, ubg=0)
    stats = solver.stats()
    print(
        options,
        [round(float(a), 3) + 0.0 for a in found["x"].full().ravel()],
        round(float(found["f"]), 4) + 0.0,
        stats["success"],
        stats["return_status"],
    )
    again = solver(x0=found["x"], lam_g0=found["lam_g"], lbg=0, ubg=0)
    print(round(float(again["f"]), 4) + 0.0, solver.stats()["iter_count"] <= stats["iter_count"])
bounded = ca.nlpsol("b", "ipopt", {"x": v, "f": (x - 1) ** 2 + (y - 2) ** 2 + (z - 3) ** 2}, quiet)
print(bounded(x0=0, lbx=[0, 0, 0], ubx=[0.5, 5, 2])["x"].full().ravel().round(4).tolist())
opti = ca.Opti()
n = 20
X, U = opti.variable(2, n + 1), opti.variable(1, n)
opti.minimize(ca.sumsqr(X) + ca.sumsqr(U))
for k in range(n):
    opti.subject_to(X[:, k + 1] == X[:, k] + 0.1 * ca.vertcat(X[1, k], U[k] - X[0, k] ** 3))
opti.subject_to(X[:, 0] == ca.vertcat(1, 0))
opti.subject_to(opti.bounded(-1, U, 1))
opti.solver("ipopt", {"print_time": 0}, {"print_level": 0, "sb": "yes"})
done = opti.solve()
print(
    round(float(done.value(opti.f)), 3),
    done.value(X)[:, -1].round(2).tolist(),
    done.value(U)[:3].round(2).tolist(),
)
seen = []
opti.callback(lambda i: seen.append(i))
opti.solve()
print(len(seen) > 2)
for problem, arguments in (
    ({"x": x, "f": x, "g": x**2 + 1}, {"ubg": 0}),
    ({"x": x, "f": -x}, {}),
    ({"x": x, "f": ca.sqrt(x)}, {"x0": -1}),
):
    solver = ca.nlpsol("w", "ipopt", problem, {**quiet, "ipopt.max_iter": 50})
    solver(**arguments)
    print(solver.stats()["success"])
for bad in (
    lambda: ca.nlpsol("n", "ipopt", rosenbrock, {"ipopt.none_such": 1}),
    lambda: ca.nlpsol("n", "none", rosenbrock),
    lambda: ca.nlpsol("n", "ipopt", rosenbrock, {**quiet, "ipopt.linear_solver": "none"})(x0=0),
):
    try:
        bad()
        print("accepted")
    except Exception as e:
        print(type(e).__name__)
