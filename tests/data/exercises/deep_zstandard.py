"""Parameters, long distances, seekable frames, prefixes, multithreading and damaged frames, both backends."""

import io
import random

import zstandard
from zstandard import backend_c

try:
    from zstandard import backend_cffi
except ImportError:
    backend_cffi = None
rng = random.Random(3)
words = [bytes(rng.randrange(97, 123) for _ in range(rng.randrange(2, 9))) for _ in range(500)]
text = b" ".join(rng.choice(words) for _ in range(60000))
for backend in filter(None, (backend_c, backend_cffi)):
    print(backend.__name__)
    for strategy in range(1, 10):
        parameters = backend.ZstdCompressionParameters.from_level(
            6,
            strategy=strategy,
            enable_ldm=strategy % 2,
            window_log=20,
            write_checksum=1,
            threads=strategy % 3,
        )
        packed = backend.ZstdCompressor(compression_params=parameters).compress(text)
        print(strategy, backend.ZstdDecompressor(max_window_size=2**27).decompress(packed) == text)
    samples = [text[i : i + 300] for i in range(0, 150000, 300)]
    dictionary = backend.train_dictionary(8192, samples, k=64, d=8, level=5, threads=2, steps=4)
    dictionary.precompute_compress(level=3)
    packer, unpacker = (
        backend.ZstdCompressor(dict_data=dictionary),
        backend.ZstdDecompressor(dict_data=dictionary),
    )
    print(
        all(unpacker.decompress(packer.compress(s)) == s for s in samples[:50]),
        len(dictionary.as_bytes()),
    )
    many = packer.multi_compress_to_buffer(samples, threads=2) if backend is backend_c else None
    if many is not None:
        print(
            len(many),
            unpacker.multi_decompress_to_buffer(many, threads=2)[3].tobytes() == samples[3],
        )
    chunker = backend.ZstdCompressor(level=4).chunker(chunk_size=1000, size=len(text))
    parts = [*chunker.compress(text), *chunker.flush(), *chunker.finish()]
    print(
        backend.ZstdDecompressor(max_window_size=2**27).decompressobj().decompress(b"".join(parts))
        == text
    )
    print(
        backend.frame_content_size(b"".join(parts)),
        backend.get_frame_parameters(b"".join(parts)).has_checksum,
    )
    stream = io.BytesIO()
    with backend.ZstdCompressor().stream_writer(stream, closefd=False) as writer:
        for i in range(0, len(text), 7000):
            writer.write(text[i : i + 7000])
            writer.flush(backend.FLUSH_BLOCK if hasattr(backend, "FLUSH_BLOCK") else 0)
    print(b"".join(backend.ZstdDecompressor().read_to_iter(io.BytesIO(stream.getvalue()))) == text)
    decompressor = backend.ZstdDecompressor(max_window_size=1 << 27).decompressobj(
        read_across_frames=True
    )
    print(len(decompressor.decompress(stream.getvalue() * 2)) == 2 * len(text))
    packed = bytearray(backend.ZstdCompressor(write_checksum=True).compress(text))
    for position in (0, 5, 200, len(packed) - 2):
        broken = (
            bytes(packed[:position])
            + bytes([packed[position] ^ 0x55])
            + bytes(packed[position + 1 :])
        )
        try:
            print(backend.ZstdDecompressor().decompress(broken) == text)
        except backend.ZstdError as e:
            print(type(e).__name__)
    prefix = backend.ZstdCompressionDict(text[:5000], dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    print(
        backend.ZstdDecompressor(dict_data=prefix).decompress(
            backend.ZstdCompressor(dict_data=prefix).compress(text)
        )
        == text
    )
