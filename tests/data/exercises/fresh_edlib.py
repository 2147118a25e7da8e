"""Alignments of sequences by all modes and tasks, with equalities, by edlib."""

import random

import edlib

random.seed(5)
pairs = [
    ("ACTG", "CACTRT"),
    ("", "ABC"),
    ("telephone", "elephant"),
    ("AAAA", "AAAA"),
    ("täg", "tag"),
]
for n in (50, 500, 3000):
    a = "".join(random.choice("ACGT") for _ in range(n))
    b = "".join(c if random.random() > 0.1 else random.choice("ACGT") for c in a)
    pairs.append((a, b[: n - n // 20]))
    pairs.append((a[n // 4 : n // 2], b))
for a, b in pairs:
    for mode in ("NW", "HW", "SHW"):
        for task in ("distance", "locations", "path"):
            r = edlib.align(a, b, mode=mode, task=task)
            print(
                mode,
                task,
                r["editDistance"],
                r["alphabetLength"],
                r["locations"][:3],
                (r["cigar"] or "")[:40],
            )
r = edlib.align(
    "ACTG", "CACTRT", mode="HW", task="path", additionalEqualities=[("R", "A"), ("R", "G")]
)
print(r)
nice = edlib.getNiceAlignment(r, "ACTG", "CACTRT")
print(nice)
for k in (0, 1, 2, 5):
    print(k, edlib.align("telephone", "elephant", k=k)["editDistance"])
print(
    edlib.align(["a", "bb", 3], ["a", 3, "bb", "x"], task="path"),
    edlib.align([1, 2, 3] * 50, [1, 3] * 60)["editDistance"],
)
for bad in (
    lambda: edlib.align("a", "b", mode="none"),
    lambda: edlib.align(5, "b"),
    lambda: edlib.getNiceAlignment({"cigar": None}, "a", "b"),
    lambda: edlib.align(list(range(500)), list(range(500))),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
