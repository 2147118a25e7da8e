"""Normal forms, summit sets, centralizers, conjugators and types of braids, by libbraiding."""

from sage.libs import braiding


class Group:
    def __init__(self, n):
        self.n = n

    def strands(self):
        return self.n


class Braid:
    def __init__(self, n, *word):
        self.word, self.group = word, Group(n)

    def parent(self):
        return self.group

    def strands(self):
        return self.group.n

    def Tietze(self):
        return self.word


braids = [
    Braid(3, 1, 2, 1, -2),
    Braid(3, 1, 2),
    Braid(4, 1, 2, 3, -1, 2),
    Braid(4, 1, 1, 3),
    Braid(5, 1, 2, 3, 4, 1, -3),
    Braid(5, 4, -2, 1, 1, 3),
    Braid(3),
    Braid(6, *(1, 2, 3, 4, 5) * 3),
]
one = (
    "leftnormalform",
    "rightnormalform",
    "centralizer",
    "supersummitset",
    "ultrasummitset",
    "thurston_type",
    "rigidity",
    "sliding_circuits",
    "send_to_sss",
    "send_to_uss",
    "send_to_sc",
    "trajectory",
    "cyclic_slidings",
)
for i, b in enumerate(braids):
    for name in one:
        if (
            name in ("centralizer", "supersummitset", "ultrasummitset", "sliding_circuits")
            and i > 5
        ):
            continue
        try:
            print(i, name, str(getattr(braiding, name)(b))[:300])
        except Exception as e:
            print(i, name, type(e).__name__)
for a, b in zip(braids[::2], braids[1::2]):
    for name in ("conjugatingbraid", "greatestcommondivisor", "leastcommonmultiple"):
        for pair in ((a, b), (b, a), (a, a)):
            try:
                print(name, getattr(braiding, name)(*pair))
            except Exception as e:
                print(name, type(e).__name__)
