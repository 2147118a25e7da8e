"""Braids of many strands and long words, powers, conjugates, and the same from threads, by libbraiding."""

import random
import threading

from sage.libs import braiding


class Braid:
    def __init__(self, n, word):
        self.n, self.word = n, tuple(word)

    def parent(self):
        return self

    def strands(self):
        return self.n

    def Tietze(self):
        return self.word


def tried(name, *args):
    try:
        return str(getattr(braiding, name)(*args))[:400]
    except Exception as e:
        return type(e).__name__


r = random.Random(17)
for n in (2, 3, 4, 7, 12, 30):
    for length in (0, 1, 8, 60):
        word = [r.choice((-1, 1)) * r.randrange(1, n) for _ in range(length)]
        b, c = Braid(n, word), Braid(n, [1, *word, -1])
        for name in ("leftnormalform", "rightnormalform", "rigidity", "send_to_sss"):
            print(n, length, name, tried(name, b))
        for name in ("greatestcommondivisor", "leastcommonmultiple"):
            print(n, length, name, tried(name, b, c), tried(name, b, Braid(n, word[::-1])))
        if n < 8 and length < 20:
            print(n, length, tried("conjugatingbraid", b, c), tried("thurston_type", b))
            print(
                tried("send_to_uss", b),
                tried("send_to_sc", b),
                tried("trajectory", b),
                tried("cyclic_slidings", b),
            )
for n, word in (
    (3, (1, 2) * 4),
    (4, (1, -2, 3, -2)),
    (4, (1, 2, 3) * 4),
    (5, (1, 1, 3, 4)),
    (5, (2, -3, 1)),
):
    b = Braid(n, word)
    for name in ("supersummitset", "ultrasummitset", "sliding_circuits", "centralizer"):
        print(n, word, name, tried(name, b))
print(tried("leftnormalform", Braid(3, (2**40,))))
print(
    tried("leftnormalform", Braid("x", (1,))),
    tried("rigidity", Braid(3, "ab")),
    tried("rigidity", None),
)
found = [None] * 4


def work(i):
    found[i] = [tried("leftnormalform", Braid(5, (1, 2, 3, 4, -1, -2) * k)) for k in range(25)]


threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(found[0] == found[1] == found[2] == found[3], found[0][-1])
