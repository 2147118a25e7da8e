"""ERFA: calendars, matrices and positions."""

import erfa
import numpy

print(erfa.cal2jd(2020, 1, 1), erfa.dat(2017, 1, 1, 0.0))
print(numpy.round(erfa.pnm06a(2458849.5, 0.25), 10).tolist())
print([round(float(v), 8) for v in erfa.epv00(2458849.5, 0.1)[0]["p"]])
print(erfa.d2dtf("UTC", 5, 2457754.4999, 0.9999))
