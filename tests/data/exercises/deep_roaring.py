"""Sets, operations, ranges, serialisation and statistics of Roaring bitmaps."""

import pickle

from pyroaring import BitMap, BitMap64, FrozenBitMap

a = BitMap(n * n % 1000003 for n in range(30000))
b = BitMap(range(100, 500000, 3)) | BitMap(range(800000, 900000))
print(len(a), len(b), len(a & b), len(a | b), len(a - b), len(a ^ b))
print(a.jaccard_index(b), a.intersection_cardinality(b), a.union_cardinality(b), a.rank(5000))
print(a.select(77) if hasattr(a, "select") else a[77], a.min(), a.max(), a[10:20], a <= (a | b))
for m in (a, b):
    print(m.run_optimize(), m.shrink_to_fit() >= 0, sorted(m.get_statistics().items()))
    print(BitMap.deserialize(m.serialize()) == m, pickle.loads(pickle.dumps(m)) == m)
    print(m.flip(5, 1000).intersect(m), len(m.flip(5, 1000)), m.range_cardinality(7, 70000))
m = BitMap()
m.add_range(10, 200000)
m.remove_range(50, 60)
m.update(range(5))
m.discard(3)
m.flip_inplace(0, 20)
print(len(m), list(m)[:8], m.contains_range(70, 1000) if hasattr(m, "contains_range") else 0)
print(len(BitMap.union(a, b, m)), len(BitMap.intersection(a, b, m)), m.next_set_bit(55))
f = FrozenBitMap(a)
print(hash(f) == hash(FrozenBitMap(a)), f == a, len(f & b))
w = BitMap64(n * 2**33 + n for n in range(5000))
print(len(w), w.max(), len(w & BitMap64(range(2**33))), BitMap64.deserialize(w.serialize()) == w)
for bad in (
    lambda: m.remove(3),
    lambda: BitMap().min(),
    lambda: BitMap([-1]),
    lambda: a[10**9],
    lambda: BitMap.deserialize(b"garbage!"),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
