"""Instances learned and classified by several algorithms, metrics and weights, tests and files, by TiMBL."""

import os
import random
import tempfile

import timblapi

d = tempfile.mkdtemp()
random.seed(4)
rows = [
    (*(random.choice("abcd") for _ in range(4)), "xyz"[random.randrange(3)]) for _ in range(150)
]
path = os.path.join(d, "train")
open(path, "w").write("".join(" ".join(row) + "\n" for row in rows))
# TiMBL tells dates and times.
told = os.fdopen(os.dup(1), "w", buffering=1)
for stream in (1, 2):
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
for options in (
    "-a IB1 +vdb+di",
    "-a IB1 -k 3 -mM +vdb",
    "-a IB1 -mJ -w2 -k 5",
    "-a IB1 -mO:I1 -w0",
    "-a IB2 -b 40",
):
    try:
        t = timblapi.TimblAPI(options, "x")
        print(options, t.valid(), t.learn(path), t.algo(), t.currentWeighting(), file=told)
        for row in [*rows[:6], ("a", "b", "c", "q", "?"), ("?", "?", "?", "?", "?")]:
            for call in (t.classify, t.classify2, t.classify3):
                print(call(" ".join(row), *([True, 0] if call == t.classify3 else [])), file=told)
        print(
            t.test(path, os.path.join(d, "o"), ""),
            round(t.getAccuracy(), 3),
            t.saveWeights(os.path.join(d, "w")),
            t.writeInstanceBase(os.path.join(d, "i")),
            t.writeArrays(os.path.join(d, "a")),
            file=told,
        )
        print(
            open(os.path.join(d, "w")).read().split()[-4:],
            t.increment(" ".join(rows[3])),
            t.decrement(" ".join(rows[3])),
            file=told,
        )
        u = timblapi.TimblAPI(options, "y")
        print(
            u.getInstanceBase(os.path.join(d, "i")),
            u.getWeights(os.path.join(d, "w"), timblapi.Weighting.GR),
            u.classify(" ".join(rows[9])),
            file=told,
        )
    except Exception as e:
        print(type(e).__name__, file=told)
