"""Tables with columns of many kinds, queries, quantities, measures, functionals, fits and images, by casacore."""

import os
import tempfile

import numpy as np
from casacore import fitting, functionals, images, quanta, tables

d = os.path.join(tempfile.mkdtemp(), "t")
desc = tables.maketabdesc(
    [
        tables.makescacoldesc("a", 0),
        tables.makescacoldesc("s", ""),
        tables.makescacoldesc("z", 1j),
        tables.makearrcoldesc("m", 0.0, ndim=2, shape=[2, 3]),
        tables.makearrcoldesc("v", 0.0, ndim=1),
    ]
)
t = tables.table(d, desc, nrow=6, ack=False)
(
    t.putcol("a", np.arange(6) * 3),
    t.putcol("s", ["x", "yy", "", "z", "tä", "q"]),
    t.putcol("z", np.arange(6) * (1 + 2j)),
    t.putcol("m", np.arange(36.0).reshape(6, 2, 3)),
)
for i in range(6):
    t.putcell("v", i, np.arange(i + 1.0))
(
    t.putkeyword("k", {"n": [1, 2], "t": "text"}),
    t.putcolkeyword("a", "UNIT", "m"),
    t.addrows(2),
    t.removerows([7]),
)
print(
    t.nrows(),
    t.colnames(),
    t.getcol("a").tolist(),
    t.getcol("s"),
    t.getcell("v", 3).tolist(),
    t.getcolslice("m", [0, 1], [1, 2]).sum(),
    t.getkeywords(),
    t.getcolkeyword("a", "UNIT"),
    t.getcoldesc("m")["ndim"],
    sorted(t.getdminfo()["*1"]),
)
t.flush(), t.close()
for q in (
    "select a, s from $t where a > 3 orderby a desc",
    "select sum(a) as x, gmean(a) as y from $t",
    "calc sum([select a from $t])",
    "select from $t where s ~ p/y*/ || near(z, 3+6i)",
    "select a*2 as b, m[1,1] as c, upper(s) as u, mean(v) as w from $t limit 3",
    "select nope from $t",
    "bad query",
):
    try:
        t = tables.table(d, ack=False)
        r = tables.taql(q)
        print(
            q[:30],
            r
            if isinstance(r, list)
            else (r.nrows(), [str(r.getcol(c))[:60] for c in r.colnames()[:3] if c != "v"]),
        )
    except Exception as e:
        print(q[:30], type(e).__name__)
for text in ("5km", "3h15m", "12d30m15s", "2.5Jy/beam", "10deg", "2010/5/3/12:30"):
    x = quanta.quantity(text)
    print(
        text,
        x,
        x.canonical(),
        x.get_value(),
        x.get_unit(),
        (x * 2),
        x.conforms(quanta.quantity("1m")),
    )
f = functionals.gaussian1d([2.0, 1.0, 0.5])
print(
    [round(v, 5) for v in f([0.5, 1.0, 1.5])],
    np.round(f.fdf([0.7]), 4).tolist(),
    functionals.poly(2, [1, 2, 3])([2.0]),
    functionals.compiled("p*sin(x)+p1" if False else "p*x*x+p1", [1.0, 2.0])([3.0]),
)
fit = fitting.fitserver()
fit.linear(functionals.poly(1), np.arange(5.0), np.arange(5.0) * 2 + 1)
print(np.round(fit.solution(), 4).tolist(), fit.rank(), fit.done())
im = images.image(d + "i", shape=[4, 5])
im.putdata(np.arange(20.0).reshape(4, 5))
s = im.statistics()
print(
    im.shape(),
    s["sum"],
    s["max"],
    im.getdata([1, 1], [2, 3]).tolist(),
    im.subimage((0, 0), (1, 2)).shape(),
    im.regrid if False else im.datatype(),
    im.toworld([1, 1]),
    im.coordinates().get_axes(),
)
for bad in (
    lambda: tables.table("/no", ack=False),
    lambda: quanta.quantity("5nope"),
    lambda: quanta.quantity("5m") + quanta.quantity("3s"),
    lambda: images.image("/no"),
    lambda: fit.nonlinear(functionals.poly(9), [1.0], [1.0]),
    lambda: tables.table(d, ack=False).getcol("no"),
):
    try:
        print(type(bad()).__name__)
    except Exception as e:
        print(type(e).__name__)
