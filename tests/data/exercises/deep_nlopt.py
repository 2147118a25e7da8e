"""Local and global algorithms, constraints, results and exceptions of NLopt."""

import nlopt
import numpy

calls = []


def rosen(x, grad):
    calls.append(1)
    if grad.size:
        grad[0] = -400 * x[0] * (x[1] - x[0] ** 2) - 2 * (1 - x[0])
        grad[1] = 200 * (x[1] - x[0] ** 2)
    return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2


def bound(x, grad):
    if grad.size:
        grad[:] = [2 * x[0], 2 * x[1]]
    return x[0] ** 2 + x[1] ** 2 - 1.5


names = "LD_LBFGS LD_MMA LD_SLSQP LD_CCSAQ LD_TNEWTON_PRECOND_RESTART LD_VAR2 LN_COBYLA LN_BOBYQA LN_NELDERMEAD LN_SBPLX LN_NEWUOA_BOUND LN_PRAXIS GN_DIRECT_L GN_ORIG_DIRECT GN_AGS"
for name in names.split():
    o = nlopt.opt(getattr(nlopt, name), 2)
    o.set_min_objective(rosen)
    o.set_lower_bounds([-2.0, -2.0])
    o.set_upper_bounds([2.0, 2.0])
    o.set_xtol_rel(1e-8)
    o.set_maxeval(3000)
    x = o.optimize([-1.2, 1.0])
    print(
        name,
        numpy.round(x, 1) + 0.0,
        o.last_optimum_value() < 0.1,
        o.get_dimension(),
        o.get_algorithm_name()[:5] != "",
    )
for name in ("LD_MMA", "LD_SLSQP", "LN_COBYLA", "LD_CCSAQ"):
    o = nlopt.opt(getattr(nlopt, name), 2)
    o.set_min_objective(rosen)
    o.add_inequality_constraint(bound, 1e-8)
    o.set_xtol_rel(1e-6)
    o.set_maxeval(5000)
    print(name, numpy.round(o.optimize([0.5, 0.5]), 2), o.last_optimize_result() > 0)
nlopt.srand(5)
for name in ("GN_CRS2_LM", "GN_ISRES", "GN_ESCH", "G_MLSL_LDS"):
    o = nlopt.opt(getattr(nlopt, name), 2)
    o.set_local_optimizer(nlopt.opt(nlopt.LD_LBFGS, 2))
    o.set_min_objective(rosen)
    o.set_lower_bounds(-2.0)
    o.set_upper_bounds(2.0)
    o.set_population(40)
    o.set_maxeval(4000)
    print(name, rosen(o.optimize([0.0, 0.0]), numpy.zeros(0)) < 0.5)


def fails(x, grad):
    raise ZeroDivisionError


def stops(x, grad):
    raise nlopt.ForcedStop


for function in (fails, stops):
    o = nlopt.opt(nlopt.LN_COBYLA, 2)
    o.set_min_objective(function)
    try:
        print(o.optimize([1.0, 1.0]))
    except Exception as e:
        print(type(e).__name__)
for bad in (
    lambda: nlopt.opt(9999, 2),
    lambda: nlopt.opt(nlopt.LN_COBYLA, 2).set_lower_bounds([1.0]),
    lambda: nlopt.opt(nlopt.LD_LBFGS, 2).add_equality_constraint(bound, 0),
):
    try:
        bad()
        print("taken")
    except Exception as e:
        print(type(e).__name__)
