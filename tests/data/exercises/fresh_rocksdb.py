"""A database opened, filled, iterated, batched, snapshotted, compacted, opened again, and damaged, by RocksDB."""

import os
import tempfile

from rocksdict import (
    AccessType,
    DBCompressionType,
    Options,
    Rdict,
    SstFileWriter,
    WriteBatch,
)

with tempfile.TemporaryDirectory() as directory:
    for compression in ("none", "snappy", "lz4", "zstd", "zlib", "bz2"):
        path = os.path.join(directory, compression)
        options = Options(raw_mode=True)
        options.create_if_missing(True)
        options.set_compression_type(getattr(DBCompressionType, compression)())
        options.set_write_buffer_size(1 << 16)
        db = Rdict(path, options)
        for i in range(3000):
            db[b"%05d" % (i * 7919 % 3000)] = (b"value %d " % i) * 12
        for i in range(0, 3000, 3):
            del db[b"%05d" % i]
        db.flush()
        db.compact_range(None, None)
        print(
            compression,
            sum(1 for _ in db.keys()),
            db[b"00001"][:10],
            b"00003" in db,
            db.get(b"none"),
        )
        snapshot = db.snapshot()
        db[b"new"] = b"1"
        print(
            b"new" in db,
            [k for k in snapshot.keys() if k == b"new"],
            [k for k, _ in zip(snapshot.keys(), range(3))],
        )
        del snapshot
        batch = WriteBatch(raw_mode=True)
        for i in range(50):
            batch.put(b"batch%d" % i, b"x" * i)
        batch.delete(b"batch7")
        db.write(batch)
        print(b"batch8" in db, b"batch7" in db, db.get([b"batch1", b"batch7", b"batch9"]))
        it = db.iter()
        it.seek(b"01000")
        print(it.valid(), it.key(), it.seek_to_last(), it.key(), it.prev(), it.key())
        db.delete_range(b"batch", b"batci")
        print(sum(1 for k in db.keys() if k.startswith(b"batch")))
        column = db.create_column_family("other", Options(raw_mode=True))
        column[b"k"] = b"v"
        print(
            column[b"k"], b"k" in db, int(db.property_int_value("rocksdb.estimate-num-keys")) > 1000
        )
        del it, column
        db.close()
        print(sorted(Rdict.list_cf(path)))
        db = Rdict(path)
        print(sum(1 for _ in db.keys()), db.get_column_family("other")[b"k"])
        db.close()
    sst = os.path.join(directory, "a.sst")
    writer = SstFileWriter(options=Options(raw_mode=True))
    writer.open(sst)
    for i in range(100):
        writer[b"s%03d" % i] = b"%d" % i
    writer.finish()
    db = Rdict(os.path.join(directory, "ingest"), Options(raw_mode=True))
    db.ingest_external_file([sst])
    print(db[b"s042"], len(list(db.keys())))
    try:
        Rdict(os.path.join(directory, "ingest"), Options(raw_mode=True))
    except Exception as e:
        print(type(e).__name__)
    db.close()
    plain = Rdict(os.path.join(directory, "plain"))
    plain["täg"], plain[5], plain[2.5], plain[b"b"] = {"a": [1]}, "x", None, 10**30
    print(sorted(map(str, plain.keys())), plain["täg"], plain[5], plain[b"b"])
    plain.close()
    read = Rdict(os.path.join(directory, "plain"), access_type=AccessType.read_only())
    try:
        read["x"] = 1
    except Exception as e:
        print(type(e).__name__)
    read.close()
    current = os.path.join(directory, "plain", "CURRENT")
    with open(current, "wb") as f:
        f.write(b"garbage\n")
    for bad in (
        lambda: Rdict(os.path.join(directory, "plain")),
        lambda: read["x"],
        lambda: Rdict("/proc/none"),
    ):
        try:
            print(bad())
        except Exception as e:
            print(type(e).__name__)
    Rdict.destroy(os.path.join(directory, "ingest"))
    print(os.path.exists(os.path.join(directory, "ingest", "CURRENT")))
