"""Streams, levels, dictionaries, threads and damaged data of Brotli, LZ4 and Snappy."""

import importlib
import random
import threading

rng = random.Random(5)
words = [bytes(rng.randrange(97, 123) for _ in range(rng.randrange(2, 9))) for _ in range(400)]
text = b" ".join(rng.choice(words) for _ in range(40000))
noise = rng.randbytes(200000)


def module(name):
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def damaged(packed, unpack, errors):
    told = []
    for at in (3, len(packed) // 2, len(packed) - 3):
        broken = packed[:at] + bytes([packed[at] ^ 0xFF]) + packed[at + 1 :]
        try:
            told.append(unpack(broken) == text)
        except errors as e:
            told.append(type(e).__name__)
    return told


for name in ("brotli", "brotlicffi"):
    brotli = module(name)
    if brotli is None:
        continue
    for mode in (brotli.MODE_GENERIC, brotli.MODE_TEXT, brotli.MODE_FONT):
        for quality in (0, 1, 4, 5, 9, 11):
            packed = brotli.compress(
                text[:60000], mode=mode, quality=quality, lgwin=18 + quality % 4
            )
            print(quality, brotli.decompress(packed) == text[:60000])
    for data in (text, noise, b"", b"x"):
        packer = brotli.Compressor(quality=5)
        parts = b"".join(
            packer.process(data[i : i + 999]) + (packer.flush() if i % 5 == 0 else b"")
            for i in range(0, len(data), 999)
        )
        parts += packer.finish()
        unpacker = brotli.Decompressor()
        out = b"".join(unpacker.process(parts[i : i + 77]) for i in range(0, len(parts), 77))
        print(out == data, unpacker.is_finished())
    print(damaged(brotli.compress(text), brotli.decompress, brotli.error))
frame, block = module("lz4.frame"), module("lz4.block")
if frame is not None:
    for level in (-5, 0, 3, 9, 12, 16):
        for size in (4, 5, 6, 7):
            packed = frame.compress(
                text,
                compression_level=level,
                block_size=size,
                block_linked=size % 2 == 0,
                content_checksum=True,
                block_checksum=True,
            )
            print(
                level,
                size,
                frame.decompress(packed) == text,
                frame.get_frame_info(packed)["content_size"],
            )
    for mode in ("default", "fast", "high_compression"):
        packed = block.compress(text, mode=mode, dict=text[:1000])
        print(mode, block.decompress(packed, dict=text[:1000]) == text)
    with frame.open("x.lz4", "wb") as file:
        for i in range(0, len(text), 5000):
            file.write(text[i : i + 5000])
    with frame.open("x.lz4") as file:
        file.seek(1000)
        print(file.read(20) == text[1000:1020])
    print(damaged(frame.compress(text, content_checksum=True), frame.decompress, RuntimeError))
done = []


def work():
    for _ in range(6):
        if module("brotli"):
            done.append(
                module("brotli").decompress(module("brotli").compress(text, quality=3)) == text
            )
        if frame is not None:
            done.append(frame.decompress(frame.compress(text)) == text)


threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(done), all(done))
