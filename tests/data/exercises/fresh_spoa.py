"""Consensus and multiple alignments of noisy sequences by all algorithms and scores, by spoa."""

import random

from spoa import poa

random.seed(9)


def noisy(truth, rate):
    made = []
    for c in truth:
        r = random.random()
        if r < rate:
            made.append(random.choice("ACGT"))
        elif r < rate * 1.5:
            continue
        else:
            made.append(c)
    return "".join(made)


for n, rate in ((40, 0.05), (200, 0.08), (600, 0.03)):
    truth = "".join(random.choice("ACGT") for _ in range(n))
    reads = [noisy(truth, rate) for _ in range(12)]
    for algorithm in (0, 1, 2):
        for scores in (
            {},
            {"m": 5, "n": -4, "g": -8},
            {"g": -8, "e": -6},
            {"g": -8, "e": -6, "q": -10, "c": -4},
        ):
            consensus, rows = poa(reads, algorithm=algorithm, **scores)
            same = sum(a == b for a, b in zip(consensus, truth))
            print(
                n,
                algorithm,
                scores,
                len(rows),
                len({len(r) for r in rows}),
                [r.replace("-", "") == s for r, s in zip(rows, reads)].count(True),
                abs(len(consensus) - n) < n // 8,
            )
consensus, rows = poa(["ACGTACGT"] * 3 + ["ACGTTACGT"])
print(consensus, rows)
print(
    poa(["AAA", "CCC"], genmsa=False), poa(["ACGT"]), poa(["ACGT", "ACGA", "ACGA"], min_coverage=2)
)
for bad in (
    lambda: poa([]),
    lambda: poa(["ACGT"], algorithm=9),
    lambda: poa(["ACGT"], g=1),
    lambda: poa([""]),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
