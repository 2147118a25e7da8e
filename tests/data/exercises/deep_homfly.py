"""Polynomials of torus and twist knots, links of many parts and of braids, by libhomfly and its collector."""

import random

from sage.libs.homfly import homfly_polynomial_dict, homfly_polynomial_string


def code(word, strands):
    """The code of Jenkins for the closure of a braid: the strings with their crossings, then signs."""
    order = {s: [] for s in range(strands)}
    place = list(range(strands))
    for number, letter in enumerate(word):
        i = abs(letter) - 1
        left, right = place[i], place[i + 1]
        over, under = (left, right) if letter > 0 else (right, left)
        order[over].append((number, 1)), order[under].append((number, -1))
        place[i], place[i + 1] = right, left
    after = {s: p for p, s in enumerate(place)}
    parts, seen = [], set()
    for s in range(strands):
        part, now = [], s
        while now not in seen:
            seen.add(now)
            part += order[now]
            now = after[now]
        if part:
            parts.append(part)
    text = [str(len(parts))]
    for part in parts:
        text.append(str(len(part)) + " " + " ".join(f"{c} {o}" for c, o in part))
    signs = " ".join(f"{n} {1 if w > 0 else -1}" for n, w in enumerate(word))
    return " ".join(text) + " " + signs


random.seed(8)
cases = [([1] * n, 2) for n in range(2, 16)] + [([-1] * n, 2) for n in (2, 3, 9)]
cases += [([1, -2] * n, 3) for n in range(2, 8)] + [([1, 2] * n, 3) for n in range(2, 8)]
cases += [([1, 2, 3] * n, 4) for n in (2, 3, 4)] + [([1, -2, 3, -2] * n, 4) for n in (1, 2, 3)]
for _ in range(15):
    strands = random.randint(3, 5)
    letters = [*range(1, strands)] + [-k for k in range(1, strands)]
    cases.append((random.choices(letters, k=random.randint(6, 18)), strands))
for word, strands in cases:
    if set(map(abs, word)) != set(range(1, strands)):
        continue
    try:
        text = code(word, strands)
        found = homfly_polynomial_dict(text)
        print(strands, word[:6], len(word), sorted(found.items()))
        print(len(homfly_polynomial_string(text)))
    except Exception as e:
        print(strands, word, type(e).__name__)
for _ in range(300):
    homfly_polynomial_dict(code([1] * 11, 2))
kept = [homfly_polynomial_string(code([1, -2] * n, 3)) for n in range(2, 7)]
print(kept == [homfly_polynomial_string(code([1, -2] * n, 3)) for n in range(2, 7)], kept[1])
