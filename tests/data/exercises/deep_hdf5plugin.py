"""All filters of hdf5plugin in files of h5py, chunks, types, threads and damages."""

import os
import tempfile

import h5py
import hdf5plugin
import numpy

d = tempfile.mkdtemp()
x = (numpy.add.outer(numpy.arange(200) * 3, numpy.arange(150)) % 997).astype("i4")
filters = [hdf5plugin.Bitshuffle(cname=c) for c in ("none", "lz4", "zstd")]
filters += [
    hdf5plugin.Blosc(cname=c, shuffle=s)
    for c in ("blosclz", "lz4", "lz4hc", "snappy", "zlib", "zstd")
    for s in (0, 1, 2)
]
filters += [hdf5plugin.Blosc2(cname=c) for c in ("blosclz", "lz4", "lz4hc", "zlib", "zstd")] + [
    hdf5plugin.BZip2(5),
    hdf5plugin.LZ4(),
    hdf5plugin.Zstd(),
    hdf5plugin.Zstd(clevel=19),
]
for n, f in enumerate(filters):
    for kind in ("i4", "u2", "f8"):
        path = os.path.join(d, f"{n}.h5")
        data = x.astype(kind)
        try:
            with h5py.File(path, "w") as h:
                h.create_dataset("a", data=data, chunks=(50, 50), **f)
            with h5py.File(path) as h:
                print(
                    type(f).__name__,
                    f.filter_options[:7],
                    kind,
                    bool((h["a"][...] == data).all()),
                    h["a"].id.get_storage_size() < data.nbytes,
                )
        except Exception as e:
            print(type(f).__name__, kind, type(e).__name__)
for f in (
    hdf5plugin.Zfp(rate=10),
    hdf5plugin.Zfp(accuracy=0.01),
    hdf5plugin.Zfp(precision=20),
    hdf5plugin.Zfp(reversible=True),
    hdf5plugin.SZ(absolute=0.1),
    hdf5plugin.SZ3(absolute=0.1),
    hdf5plugin.Sperr(peak_signal_to_noise_ratio=90),
    hdf5plugin.FciDecomp(),
):
    data = (
        x.astype("u2")
        if isinstance(f, hdf5plugin.FciDecomp)
        else (numpy.sin(x / 100.0) * 100).astype("f4")
    )
    path = os.path.join(d, "z.h5")
    try:
        with h5py.File(path, "w") as h:
            h.create_dataset("a", data=data, chunks=(100, 150), **f)
        with h5py.File(path) as h:
            print(type(f).__name__, float(abs(h["a"][...].astype("f8") - data).max()) < 1)
    except Exception as e:
        print(type(f).__name__, type(e).__name__)
print(sorted(hdf5plugin.get_filters() and [f.filter_name for f in hdf5plugin.get_filters()]))
for name in ("2.h5", "15.h5", "20.h5", f"{len(filters) - 2}.h5"):
    path = os.path.join(d, name)
    raw = bytearray(open(path, "rb").read())
    at = len(raw) * 2 // 3
    raw[at : at + 200] = b"\xff" * 200
    open(path, "wb").write(raw)
    try:
        with h5py.File(path) as h:
            print(name, h["a"][...].shape)
    except Exception as e:
        print(name, type(e).__name__)
