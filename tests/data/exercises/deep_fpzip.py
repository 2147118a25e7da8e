"""Large fields, all precisions, slices, orders and threads, by fpzip."""

import hashlib
import threading

import fpzip
import numpy as np


def digest(a):
    return hashlib.md5(np.ascontiguousarray(a).tobytes()).hexdigest()[:12]


r = np.random.default_rng(11)
fields = {
    "noise": r.normal(size=(40, 50, 30)),
    "waves": np.sin(np.arange(120000) / 70).reshape(4, 20, 30, 50),
    "steps": np.repeat(np.arange(400), 250).reshape(100, 1000) * 1.5,
    "zero": np.zeros((300, 300)),
}
for name, field in fields.items():
    for kind in ("f4", "f8"):
        with np.errstate(all="ignore"):
            data = field.astype(kind)
        for precision in (0, 4, 8, 16, 20, 24, 28, 32, 40, 48, 56, 64):
            try:
                packed = fpzip.compress(data, precision=precision, order="C")
                back = fpzip.decompress(packed, order="C")
                print(name, kind, precision, back.dtype, back.shape, digest(back))
            except Exception as e:
                print(name, kind, precision, type(e).__name__)
data = fields["noise"]
for view in (data[::2], data[:, ::-1], data.T, np.asfortranarray(data), data[:1], data[:0]):
    for order in "CF":
        try:
            back = fpzip.decompress(fpzip.compress(view, order=order), order=order)
            print(view.shape, order, back.shape, digest(back))
        except Exception as e:
            print(view.shape, order, type(e).__name__)
found = [None] * 6


def work(i):
    piece = fields["waves"][:, i : i + 5].astype("f4" if i % 2 else "f8")
    for _ in range(8):
        found[i] = digest(fpzip.decompress(fpzip.compress(piece, order="C"), order="C"))


threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(found)
