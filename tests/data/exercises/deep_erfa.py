"""Leap seconds of one's own, observed places, errors and many arguments of ERFA."""

import warnings

import erfa
import numpy

warnings.simplefilter("ignore")
leap = erfa.leap_seconds.get()
print(len(leap) > 20, erfa.dat(2031, 1, 1, 0.0))
erfa.leap_seconds.set(numpy.concatenate([leap, numpy.array([(2030, 1, 38.0)], leap.dtype)]))
print(erfa.dat(2031, 1, 1, 0.0), erfa.utctai(2462867.5, 0.5))
place = (
    1.2,
    0.3,
    1e-5,
    1e-5,
    0.1,
    55.0,
    2458849.5,
    0.1,
    0.2,
    0.5,
    0.6,
    1000.0,
    1e-7,
    1e-7,
    1000.0,
    10.0,
    0.5,
    0.55,
)
print([round(float(v), 7) for v in erfa.atco13(*place)])
astrom = erfa.apco13(2458849.5, 0.1, 0.2, 0.5, 0.6, 1000.0, 1e-7, 1e-7, 1000.0, 10.0, 0.5, 0.55)[0]
print([round(float(v), 7) for v in erfa.atioq(1.1, 0.2, astrom)], astrom.dtype.names[:4])
body = numpy.zeros(3, erfa.dt_eraLDBODY)
body["bm"], body["dl"] = [0.1, 0.2, 0.3], 1e-6
body["pv"]["p"], body["pv"]["v"] = 1.0, 0.001
print(numpy.round(erfa.ldn(body, [1.0, 0.5, 0.2], [0.1, 0.9, 0.1]), 9).tolist())
print(
    [round(float(v), 9) for v in erfa.plan94(2458849.5, 0.0, 4)["p"]],
    numpy.round(erfa.moon98(2458849.5, 0.0)["p"], 9).tolist(),
)
dates = 2451545.0 + numpy.arange(2000.0)
print(
    round(float(erfa.gst06a(dates, 0.1, dates, 0.2).sum()), 5),
    round(float(erfa.nut00a(dates, 0.0)[0].sum()), 10),
)
for bad in (
    lambda: erfa.cal2jd(2020, 13, 1),
    lambda: erfa.gd2gc(9, 0.0, 0.0, 0.0),
):
    try:
        print(bad())
    except (erfa.ErfaError, TypeError) as e:
        print(str(e)[:50])
print(erfa.apcs13(2458849.5, 0.1, numpy.zeros(1, erfa.dt_pv)).dtype.names == astrom.dtype.names)
