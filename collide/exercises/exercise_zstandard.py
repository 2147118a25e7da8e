# packages: zstandard
"""zstd: one-shot, streams, dictionaries and multithreaded compression."""

import io

import zstandard

text = b"".join(b"line %d of some text\n" % i for i in range(20000))
for level in (1, 3, 9, 19):
    packed = zstandard.ZstdCompressor(level=level).compress(text)
    print(level, zstandard.ZstdDecompressor().decompress(packed) == text)
packed = zstandard.ZstdCompressor(threads=2, write_checksum=True).compress(text)
print(zstandard.ZstdDecompressor().decompress(packed) == text, zstandard.frame_content_size(packed))
samples = [text[i : i + 200] for i in range(0, len(text), 200)]
dictionary = zstandard.train_dictionary(4096, samples)
small = zstandard.ZstdCompressor(dict_data=dictionary).compress(samples[7])
print(zstandard.ZstdDecompressor(dict_data=dictionary).decompress(small) == samples[7])
with zstandard.ZstdCompressor().stream_reader(io.BytesIO(text)) as reader:
    stream = reader.read()
with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(stream)) as reader:
    print(reader.read() == text)
try:
    zstandard.ZstdDecompressor().decompress(b"nonsense")
except zstandard.ZstdError as e:
    print(type(e).__name__)
