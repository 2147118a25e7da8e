"""Tags of WAV, FLAC, MP3, Ogg and AIFF files that are made here, read, changed, removed, by TagLib."""

import os
import struct
import tempfile
import wave
import zlib

import taglib


def flac():
    info = (
        struct.pack(">HH", 4096, 4096)
        + bytes(6)
        + struct.pack(">Q", (44100 << 44) | (1 << 41) | (15 << 36) | 44100)
        + bytes(16)
    )
    return b"fLaC\x80" + struct.pack(">I", len(info))[1:] + info + b"\xff\xf8\xc9\x18" + bytes(50)


def mp3():
    return (b"\xff\xfb\x90\x64" + bytes(413)) * 50


def ogg():
    def page(data, kind, number):
        lacing = bytes([255] * (len(data) // 255) + [len(data) % 255])
        raw = (
            b"OggS\0"
            + bytes([kind])
            + struct.pack("<qIII", 0, 7, number, 0)
            + bytes([len(lacing)])
            + lacing
            + data
        )
        crc = 0
        for byte in raw:
            crc ^= byte << 24
            for _ in range(8):
                crc = (crc << 1 ^ (0x04C11DB7 if crc & 0x80000000 else 0)) & 0xFFFFFFFF
        return raw[:22] + struct.pack("<I", crc) + raw[26:]

    head = b"\x01vorbis" + struct.pack("<IBIiii", 0, 2, 44100, 0, 128000, 0) + b"\xb8\x01"
    comment = b"\x03vorbis" + struct.pack("<I", 4) + b"test" + struct.pack("<I", 0) + b"\x01"
    return (
        page(head, 2, 0)
        + page(comment, 0, 1)
        + page(b"\x05vorbis" + bytes(100), 0, 2)
        + page(bytes(200), 4, 3)
    )


with tempfile.TemporaryDirectory() as directory:
    made = {"a.flac": flac(), "a.mp3": mp3(), "a.ogg": ogg()}
    with wave.open(os.path.join(directory, "a.wav"), "wb") as w:
        w.setparams((2, 2, 44100, 0, "NONE", ""))
        w.writeframes(bytes(40000))
    aiff = (
        b"AIFFCOMM\0\0\0\x12"
        + struct.pack(">hIh", 1, 10, 16)
        + b"\x40\x0e\xac\x44"
        + bytes(6)
        + b"SSND\0\0\0\x1c"
        + bytes(28)
    )
    made["a.aiff"] = b"FORM" + struct.pack(">I", len(aiff)) + aiff
    for name, data in made.items():
        with open(os.path.join(directory, name), "wb") as f:
            f.write(data)
    for name in sorted(os.listdir(directory)):
        path = os.path.join(directory, name)
        with taglib.File(path) as f:
            print(name, f.length, f.bitrate, f.sampleRate, f.channels, f.tags, f.readOnly)
            f.tags.update(
                {
                    "TITLE": ["Täg ☃"],
                    "ARTIST": ["one", "two"],
                    "TRACKNUMBER": ["3/9"],
                    "DATE": ["2020"],
                    "GENRE": ["Rock"],
                    "COMMENT": ["x" * 3000],
                    "MYOWN": ["value"],
                    "BPM": ["120"],
                }
            )
            print(sorted(f.save()))
        with taglib.File(path, save_on_exit=True) as f:
            print({k: [v[:20] for v in vs] for k, vs in sorted(f.tags.items())}, f.unsupported)
            del f.tags["COMMENT"]
            f.tags["TITLE"] = "shorter"
            f.removeUnsupportedProperties(f.unsupported)
        with taglib.File(path) as f:
            print(f.tags.get("TITLE"), "COMMENT" in f.tags)
            f.tags.clear()
            f.save()
        print(taglib.File(path).tags, zlib.crc32(b""))
    for bad in ("none.mp3", "x.txt", "broken.flac"):
        path = os.path.join(directory, bad)
        if bad[0] != "n":
            with open(path, "wb") as f:
                f.write(b"fLaC\0\0\0\x22broken")
        try:
            print(taglib.File(path).tags)
        except Exception as e:
            print(type(e).__name__)
