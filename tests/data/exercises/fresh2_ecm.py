"""Factors found and not found by curves of given sigma, bounds and faults, by GMP-ECM."""

import sage.all__sagemath_categories  # noqa: F401 - the integers have to be made first
from sage.libs.libecm import ecmfactor
from sage.rings.integer import Integer

numbers = [
    Integer(2) ** 67 - 1,
    Integer(10) ** 40 + 1,
    Integer(2) ** 128 + 1,
    Integer(1000003) * Integer(10000019),
    Integer(3) ** 100 - 2,
    Integer(10) ** 120 + 33,
    Integer(30),
    Integer(1),
]
for number in numbers:
    for bound in (50, 2000, 50000):
        for sigma in (0, 7, 10, 2**32 + 5):
            try:
                found = ecmfactor(number, bound, sigma=sigma) if sigma else None
                if found and found[0]:
                    factor = Integer(str(found[1]).split()[0])
                    print(number, bound, sigma, number % factor == 0, factor if sigma else "")
                else:
                    print(number, bound, sigma, found)
            except Exception as e:
                print(number, bound, sigma, type(e).__name__)
for bad in (
    lambda: ecmfactor(Integer(-7), 10, sigma=5),
    lambda: ecmfactor("x", 10),
    lambda: ecmfactor(Integer(77), 0, sigma=5),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
