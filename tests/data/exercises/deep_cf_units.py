"""Parsing, conversion, calendars, formatting and errors of UDUNITS by cf-units."""

import pickle

import cf_units
import numpy
from cf_units import Unit

x = numpy.linspace(0, 100, 7)
for one, other in (
    ("celsius", "fahrenheit"),
    ("km h-1", "m/s"),
    ("hPa", "mmHg"),
    ("degrees", "radian"),
    ("kg m2 s-2", "J"),
    ("lg(re 1 mW)", "W"),
    ("dBZ", "mm6 m-3"),
    ("years", "days"),
    ("m3", "l"),
):
    a, b = Unit(one), Unit(other)
    print(
        one,
        a.is_convertible(b),
        numpy.round(a.convert(x, b), 6),
        a.convert(x.astype("f4"), b).dtype,
    )
    print(
        a.definition,
        repr(a.format(cf_units.UT_NAMES)),
        a.symbol,
        a == b,
        hash(a) == hash(Unit(one)),
    )
    if not one.startswith(("lg", "dB")):
        print((a * b).definition, (a / b).definition)
for text in ("m", "1e-3 kg", "micron", "1/s", "unknown", "no_unit", "10 knots"):
    u = Unit(text)
    print(u, u.is_dimensionless(), u.is_unknown(), u.is_no_unit(), u.is_time_reference())
    try:
        print(
            (u**2).definition,
            u.root(2) if text == "1/s" else "",
            u.invert(),
            u.log(10) if text == "m" else "",
        )
        print(
            u.offset_by_time("days since 2000-01-01")
            if text == "x"
            else pickle.loads(pickle.dumps(u)) == u
        )
    except Exception as e:
        print(type(e).__name__)
for calendar in ("standard", "360_day", "noleap", "julian"):
    t = Unit("hours since 1970-01-01 00:00", calendar=calendar)
    d = t.num2date(numpy.array([0, 1e5, 123456.5]))
    print(calendar, [str(i) for i in d], t.date2num(d))
    print(t.convert(1000.0, Unit("days since 1960-01-01", calendar=calendar)))
for bad in ("wibble", "m**", "2 3 ^", "degC^2^x", "s since"):
    try:
        print(Unit(bad))
    except ValueError as e:
        print(bad, type(e).__name__)
try:
    print(Unit("m").convert(1, "s"))
except ValueError as e:
    print(type(e).__name__)
