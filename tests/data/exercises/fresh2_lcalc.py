"""Values, zeros and twists of zeta and other L functions, by lcalc."""

import sage.all__sagemath_modules  # noqa: F401 - the rings have to be made first
from sage.libs.lcalc.lcalc_Lfunction import Lfunction_I, Lfunction_Zeta

show = lambda z: (round(float(z.real()), 5) + 0.0, round(float(z.imag()), 5) + 0.0)  # noqa: E731
zeta = Lfunction_Zeta()
for s in (0.5, 2, -1, 3 + 4j, 0.5 + 14.134725j, 0.5 + 100j):
    for derivative in (0, 1):
        try:
            print(
                s,
                derivative,
                show(zeta.value(s, derivative)),
                round(float(zeta.hardy_z_function(abs(complex(s).imag)).real()), 5),
            )
        except Exception as e:
            print(s, type(e).__name__)
print(
    [round(float(z), 4) for z in zeta.find_zeros(10, 35, 0.1)],
    [round(float(z), 4) for z in zeta.find_zeros_via_N(5)],
    zeta.compute_rank(),
)
mod4 = Lfunction_I("mod4", 0, [0, 1, 0, -1], 4, 1.128379167, 1, [0.5], [0.5], [], [])
mod3 = Lfunction_I("mod3", 0, [0, 1, -1], 3, 0.977205, 1, [0.5], [0.5], [], [])
for f in (mod4, mod3):
    for s in (1, 0.5, 0.7 + 3j):
        try:
            print(show(f.value(s)), str(f)[:40])
        except Exception as e:
            print(type(e).__name__)
for bad in (
    lambda: Lfunction_I("x", 0, [1], 0, 1, 1, [1, 2], [0], [], []),
    lambda: zeta.value("x"),
    lambda: zeta.find_zeros(5, 1, 0.1),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
