"""bigWig files written in several ways, asked for values, statistics and intervals, and damaged."""

import os
import tempfile

import pyBigWig

with tempfile.TemporaryDirectory() as directory:
    path = os.path.join(directory, "a.bw")
    for zooms in (5, 10):
        bw = pyBigWig.open(path, "w")
        bw.addHeader([("chr1", 100000), ("chr2", 5000)], maxZooms=zooms)
        bw.addEntries(["chr1"] * 3, [10, 30, 50], ends=[20, 40, 60], values=[1.5, -2.0, 3.25])
        bw.addEntries("chr1", [100, 110, 150], values=[0.5, 1.0, 7.0], span=5)
        bw.addEntries("chr1", 1000, values=[float(i % 50) for i in range(5000)], span=10, step=12)
        bw.addEntries(["chr2"] * 2, [0, 100], ends=[50, 4000], values=[9.0, 1.0])
        bw.close()
        bw = pyBigWig.open(path)
        print(
            zooms,
            bw.chroms(),
            bw.isBigWig(),
            bw.isBigBed(),
            {k: v for k, v in bw.header().items() if k not in ("nLevels",)},
            bw.header()["nLevels"] > 0,
        )
        print(bw.values("chr1", 8, 33)[:5], bw.intervals("chr1", 0, 120), len(bw.intervals("chr1")))
        for kind in ("mean", "max", "min", "coverage", "std", "sum"):
            for exact in (True, False):
                found = bw.stats("chr1", 0, 60000, type=kind, nBins=3, exact=exact)
                print(
                    kind, exact, [None if v is None else round(v, 2 if exact else 0) for v in found]
                )
        print(bw.stats("chr2"), bw.values("chr2", 45, 55, numpy=False)[:6])
        for bad in (
            lambda: bw.values("none", 0, 5),
            lambda: bw.values("chr2", 0, 99999),
            lambda: bw.stats("chr1", 5, 2),
            lambda: bw.entries("chr1", 0, 5),
            lambda: bw.addEntries("chr1", 5, values=[1.0], span=1, step=1),
        ):
            try:
                print(bad())
            except Exception as e:
                print(type(e).__name__)
        bw.close()
    whole = open(path, "rb").read()
    for damaged in (b"", whole[:50], b"garbage" * 99):
        with open(path, "wb") as f:
            f.write(damaged)
        try:
            print(pyBigWig.open(path))
        except Exception as e:
            print(type(e).__name__)
    many = []
    for i in range(5):
        name = os.path.join(directory, f"{i}.bw")
        with pyBigWig.open(name, "w") as bw:
            bw.addHeader([("c", 1000 + i)])
            bw.addEntries("c", [i * 10], values=[float(i)], span=5)
        many.append(pyBigWig.open(name))
    print([m.intervals("c") for m in many])
    for m in many[::2]:
        m.close()
    print(many[1].values("c", 9, 13))
