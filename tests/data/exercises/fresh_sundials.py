"""Stiff equations, events, several solvers and differential-algebraic ones, and errors, by SUNDIALS."""

import numpy
from sksundae import cvode, ida


def robertson(t, y, yp):
    yp[0] = -0.04 * y[0] + 1e4 * y[1] * y[2]
    yp[2] = 3e7 * y[1] ** 2
    yp[1] = -yp[0] - yp[2]


def jacobian(t, y, yp, jac):
    jac[0] = [-0.04, 1e4 * y[2], 1e4 * y[1]]
    jac[2] = [0, 6e7 * y[1], 0]
    jac[1] = -jac[0] - jac[2]


for options in (
    {},
    {"jacfn": jacobian},
    {"method": "Adams", "max_num_steps": 9},
    {"linsolver": "band", "lband": 2, "uband": 2},
    {"linsolver": "gmres"},
    {"max_order": 2},
):
    times = [0, 0.4, 4, 40] if "method" not in options else [0, 1e-3]
    try:
        found = cvode.CVODE(robertson, rtol=1e-6, atol=1e-9, **options).solve(times, [1, 0, 0])
        print(
            sorted(options),
            found.success,
            found.y[-1].round(4).tolist() if found.success else "",
            found.nfev > 3,
        )
    except Exception as e:
        print(sorted(options), type(e).__name__)


def fall(t, y, yp):
    yp[0], yp[1] = y[1], -9.81


def ground(t, y, events):
    events[0] = y[0]


ground.terminal, ground.direction = [True], [-1]
found = cvode.CVODE(fall, rtol=1e-9, atol=1e-9, eventsfn=ground, num_events=1).solve(
    [0, 10], [10, 0]
)
print(
    found.status, found.t_events.round(4).tolist(), found.y_events.round(3).tolist(), found.message
)
solver = cvode.CVODE(fall, rtol=1e-8, atol=1e-8)
solver.init_step(0, [10, 0])
print([solver.step(t / 4).y.round(3).tolist() for t in range(1, 4)])
print(solver.step(5, method="onestep").t > 0.75)


def residual(t, y, yp, res):
    res[0] = yp[0] + 0.04 * y[0] - 1e4 * y[1] * y[2]
    res[1] = yp[1] - 0.04 * y[0] + 1e4 * y[1] * y[2] + 3e7 * y[1] ** 2
    res[2] = y[0] + y[1] + y[2] - 1


for options in (
    {},
    {"calc_initcond": "yp0"},
    {"linsolver": "gmres"},
    {"constraints_idx": [0, 1, 2], "constraints_type": [1, 1, 1]},
):
    try:
        found = ida.IDA(residual, rtol=1e-6, atol=1e-9, algebraic_idx=[2], **options).solve(
            [0, 0.4, 4], [1, 0, 0], [-0.04, 0.04, 0]
        )
        print(sorted(options), found.success, found.y[-1].round(4).tolist())
    except Exception as e:
        print(sorted(options), type(e).__name__)


def broken(t, y, yp):
    yp[0] = 1 / 0


for bad in (
    lambda: cvode.CVODE(broken).solve([0, 1], [1]).success,
    lambda: cvode.CVODE(fall, method="none"),
    lambda: cvode.CVODE(fall, rtol=-1).solve([0, 1], [1, 1]).success,
    lambda: (
        cvode.CVODE(lambda t, y, yp: yp.__setitem__(0, y[0] ** 2), max_num_steps=50)
        .solve([0, 5], [1])
        .success
    ),
    lambda: ida.IDA(residual).solve([0, 1], [5, 5, 5], [0, 0, 0]).success,
    lambda: cvode.CVODE(fall).solve([0], [1, 1]),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
for _ in range(20):
    cvode.CVODE(fall).solve(numpy.linspace(0, 1, 5), [1, 0])
