"""Numbers of all sizes, powers, many curves, large bounds, and arithmetic of GMP beside it, by GMP-ECM."""

import gc

import sage.all__sagemath_categories  # noqa: F401 - the integers have to be made first
from sage.libs.libecm import ecmfactor
from sage.rings.integer import Integer
from sage.rings.rational import Rational


def tried(call):
    try:
        return call()
    except Exception as e:
        return type(e).__name__


primes = [
    Integer(2) ** 31 - 1,
    Integer(2) ** 61 - 1,
    Integer(10) ** 18 + 9,
    Integer(10) ** 24 + 7,
    Integer(2) ** 89 - 1,
]
for i, p in enumerate(primes):
    for q in primes[i:]:
        for bound in (11, 1000, 20000):
            for sigma in (6, 11, 42, 2**31 + 9):
                found = tried(
                    lambda p=p, q=q, bound=bound, sigma=sigma: ecmfactor(p * q, bound, sigma=sigma)
                )
                print(p * q, bound, sigma, found)
for number in (
    Integer(4),
    Integer(9) ** 20,
    Integer(10007) ** 5,
    Integer(2) ** 1000,
    Integer(2) ** 1279 - 1,
    Integer(6) ** 333 + 1,
):
    for bound in (100, 3000):
        print(
            number.ndigits(),
            bound,
            tried(lambda number=number, bound=bound: ecmfactor(number, bound, sigma=9)),
        )
for verbose in (False, True):
    print(
        tried(
            lambda verbose=verbose: ecmfactor(
                Integer(10) ** 30 + 57, 500, verbose=verbose, sigma=13
            )[0]
        )
    )
for bad in ((Integer(0), 10), (Integer(77), -5), (None, 10), (Integer(2) ** 90 + 7, "x")):
    print(bad[1], tried(lambda bad=bad: ecmfactor(*bad, sigma=7)))
a, b = Integer(7) ** 500, Integer(3) ** 901
print(
    a * b % primes[4],
    (a // b),
    a.gcd(b * 49),
    (b - a).str(36)[:50],
    pow(a, 12345, b) % 1000,
    a.isqrt() % 10007,
)
print(
    a.quo_rem(b)[1] % 997,
    (a * b).popcount(),
    a.xgcd(b)[0],
    Integer(b).nth_root(53, truncate_mode=1)[0] % 9973,
    (-a >> 99) % 1009,
)
q = Rational((a, b))
print(
    (q + 1 / q).numerator() % 10**9,
    (q**3).denominator() % 10**9,
    q.floor(),
    tried(lambda: q / 0),
    (q - q).is_zero(),
)
print(
    Integer(200).factorial() % (10**60 + 7),
    Integer(300).binomial(151) if hasattr(Integer, "binomial") else "",
)
for _ in range(30):
    ecmfactor(Integer(2) ** 200 + 1, 100, sigma=12)
gc.collect()
print("end")
