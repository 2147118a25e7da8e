"""Polynomials of knots, links and broken codes, by libhomfly."""

from sage.libs.homfly import homfly_polynomial_dict, homfly_polynomial_string

links = {
    "trefoil": "1 6 0 1 1 -1 2 1 0 -1 1 1 2 -1 0 1 1 1 2 1",
    "mirror": "1 6 0 1 1 -1 2 1 0 -1 1 1 2 -1 0 -1 1 -1 2 -1",
    "hopf": "2 2 0 1 1 -1 2 0 -1 1 1 0 1 1 1",
    "figure": "1 8 0 1 1 -1 2 1 3 -1 1 1 0 -1 3 1 2 -1 0 1 1 1 2 -1 3 -1",
}
for name, code in links.items():
    for call in (homfly_polynomial_string, homfly_polynomial_dict):
        for _ in range(2):
            try:
                print(
                    name,
                    call(code) if call is homfly_polynomial_string else sorted(call(code).items()),
                )
            except Exception as e:
                print(name, type(e).__name__)
