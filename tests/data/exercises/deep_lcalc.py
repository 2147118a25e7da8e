"""Dirichlet L functions of three kinds, high zeros, derivatives, many objects, GMP and floats, by lcalc."""

import gc

import sage.all__sagemath_modules  # noqa: F401 - the rings have to be made first
from sage.libs.lcalc import lcalc_Lfunction as lcalc
from sage.rings.integer import Integer
from sage.rings.rational import Rational


def number(z):
    if isinstance(z, list):
        return [number(v) for v in z]
    try:
        return (round(float(z.real()), 4) + 0.0, round(float(z.imag()), 4) + 0.0)
    except (AttributeError, TypeError):
        return round(z, 4) if isinstance(z, float) else z


def tried(call):
    try:
        return number(call())
    except Exception as e:
        return type(e).__name__


def legendre(a, p):
    return 0 if a % p == 0 else 1 if pow(a, (p - 1) // 2, p) == 1 else -1


zeta = lcalc.Lfunction_Zeta()
for t in (0.1, 14, 30, 250, 1000, 5000, 20000):
    print(
        t,
        tried(lambda t=t: zeta.value(complex(0.5, t))),
        tried(lambda t=t: zeta.hardy_z_function(t)),
        tried(lambda t=t: zeta.value(complex(1.2, t), 1)),
        tried(lambda t=t: zeta.value(complex(-2.5, t / 50))),
    )
for low, high, step in ((0, 60, 0.05), (100, 130, 0.1), (1000, 1010, 0.02), (30, 30, 1)):
    print(
        low,
        high,
        tried(
            lambda low=low, high=high, step=step: [
                float(z) for z in zeta.find_zeros(low, high, step)
            ]
        ),
    )
print(
    tried(lambda: [float(z) for z in zeta.find_zeros_via_N(12, 0, 1)]),
    tried(lambda: zeta.compute_rank()),
)
for p in (3, 5, 7, 11, 13, 101):
    odd = p % 4 == 3
    gamma = [0.5 if odd else 0]
    for kind in ("Lfunction_I", "Lfunction_D", "Lfunction_C"):
        values = [legendre(a, p) for a in range(1, p + 1)]
        f = tried(
            lambda kind=kind, values=values, p=p, gamma=gamma: getattr(lcalc, kind)(
                f"chi{p}", 1, values, p, (p / 3.141592653589793) ** 0.5, 1, [0.5], gamma, [], []
            )
        )
        if isinstance(f, str):
            print(p, kind, f)
            continue
        print(
            p, kind, [tried(lambda f=f, s=s: f.value(s)) for s in (0.5, 1, 2, 0.5 + 5j, 0.3 - 2j)]
        )
        print(
            tried(lambda f=f: f.hardy_z_function(3.5)),
            tried(lambda f=f: [float(z) for z in f.find_zeros(0.1, 14, 0.1)]),
            tried(lambda f=f: f.compute_rank()),
            tried(lambda f=f: [float(z) for z in f.find_zeros_via_N(3)]),
        )
for bad in (
    lambda: lcalc.Lfunction_I("x"),
    lambda: lcalc.Lfunction_D("x", 1, ["a"], 1, 1, 1, [0.5], [0], [], []),
    lambda: zeta.value(None),
    lambda: zeta.find_zeros("a", 2, 3),
):
    print(tried(bad))
for _ in range(60):
    lcalc.Lfunction_I("m", 1, [1, 0, -1, 0], 4, 1.128379167, 1, [0.5], [0.5], [], []).value(1)
gc.collect()
a, b = Integer(7) ** 400, Integer(3) ** 555
print(
    a * b % 10**9,
    a.gcd(b + a),
    Rational((a, b)).floor(),
    a.isqrt() % 10007,
    (a // b).str(32)[:30],
    float(Rational((a, b))) > 1,
)
