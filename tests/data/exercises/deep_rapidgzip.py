"""Files in parallel, seeks, indexes and errors of rapidgzip, which holds its own ISA-L."""

import gzip
import io
import os
import tempfile

import rapidgzip

data = b"".join(b"%d squared is %d\n" % (n, n * n) for n in range(60000))
with tempfile.TemporaryDirectory() as directory:
    path = os.path.join(directory, "a.gz")
    for level in (1, 6, 9):
        with open(path, "wb") as f:
            f.write(gzip.compress(data[:500000], level) + gzip.compress(data[500000:], level))
        for parallel in (1, 2, 4):
            with rapidgzip.open(path, parallelization=parallel) as f:
                print(f.read() == data, f.seek(1000), f.read(20) == data[1000:1020])
                print(f.seek(-10, io.SEEK_END) == len(data) - 10, f.read() == data[-10:])
                index = os.path.join(directory, "index")
                f.export_index(index)
            with rapidgzip.open(path, parallelization=parallel) as f:
                f.import_index(index)
                print(f.seek(777777), f.read(11) == data[777777:777788])
    print(rapidgzip.open(io.BytesIO(gzip.compress(data)), parallelization=2).read() == data)
    with open(path, "wb") as f:
        f.write(gzip.compress(data)[:-30] + b"x" * 30)
    try:
        print(len(rapidgzip.open(path, parallelization=2).read()))
    except Exception as e:
        print(type(e).__name__)
