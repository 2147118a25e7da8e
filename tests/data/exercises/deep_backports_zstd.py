"""Zstandard: levels, dictionaries, threads, streams, long windows; no sizes, which a release may change."""

from backports import zstd

data = b"".join(b"%d text of %d\n" % (n, n % 97) for n in range(60000))
for level in (1, 3, 12, 19):
    print(level, zstd.decompress(zstd.compress(data, level)) == data)
options = {
    zstd.CompressionParameter.nb_workers: 2,
    zstd.CompressionParameter.checksum_flag: 1,
    zstd.CompressionParameter.enable_long_distance_matching: 1,
}
made = zstd.ZstdCompressor(options=options)
out = b"".join(made.compress(data[n : n + 9999]) for n in range(0, len(data), 9999)) + made.flush()
print(zstd.decompress(out) == data)
samples = [b"%d text of %d" % (n, n % 7) * 4 for n in range(3000)]
trained = zstd.train_dict(samples, 4000)
small = zstd.compress(samples[5], zstd_dict=trained)
print(zstd.decompress(small, zstd_dict=trained) == samples[5])
print(zstd.finalize_dict(trained, samples, 4000, 3).dict_id > 0)
try:
    zstd.decompress(out[:-5])
except Exception as e:
    print(type(e).__name__)
