"""A sound, pictures, an archive and broken files, as tracks, text, XML and JSON, by MediaInfo."""

import io
import json
import os
import struct
import tempfile
import wave
import zlib

from pymediainfo import MediaInfo

d = tempfile.mkdtemp()
with wave.open(os.path.join(d, "a.wav"), "wb") as f:
    f.setnchannels(2), f.setsampwidth(2), f.setframerate(22050), f.writeframes(bytes(44100 * 4))
chunk = lambda k, b: struct.pack(">I", len(b)) + k + b + struct.pack(">I", zlib.crc32(k + b))  # noqa: E731
png = (
    b"\x89PNG\r\n\x1a\n"
    + chunk(b"IHDR", struct.pack(">IIBBBBB", 30, 20, 8, 2, 0, 0, 0))
    + chunk(b"tEXt", b"Title\0T")
    + chunk(b"IDAT", zlib.compress(bytes(91 * 20)))
    + chunk(b"IEND", b"")
)
files = {
    "b.png": png,
    "c.gif": b"GIF89a\x05\0\x06\0\x80\0\0" + bytes(6) + b",\0\0\0\0\5\0\6\0\0\2\2L\1\0;",
    "d.bmp": b"BM"
    + struct.pack("<IIIIiiHHIIiiII", 54 + 48, 0, 54, 40, 4, 4, 1, 24, 0, 48, 0, 0, 0, 0)
    + bytes(48),
    "e.srt": b"1\n00:00:01,000 --> 00:00:02,500\nHello\n\n2\n00:00:03,000 --> 00:00:04,000\nYou\n",
    "f.au": b".snd" + struct.pack(">IIIII", 24, 8000, 3, 8000, 1) + bytes(8000),
    "g.bin": bytes(range(256)) * 9,
    "h.mp4": struct.pack(">I4s4sI4s", 20, b"ftyp", b"isom", 1, b"isom")
    + struct.pack(">I4s", 8 + 108, b"moov")
    + struct.pack(">I4s", 108, b"mvhd")
    + struct.pack(">IIIII", 0, 0, 0, 1000, 5000)
    + bytes(80),
    "i.wav": b"RIFF\xff\xff",
    "j": b"",
}
for name, data in files.items():
    open(os.path.join(d, name), "wb").write(data)
keys = (
    "track_type",
    "format",
    "duration",
    "width",
    "height",
    "bit_depth",
    "sampling_rate",
    "channel_s",
    "color_space",
    "compression_mode",
    "stream_size",
    "bit_rate",
    "internet_media_type",
    "count_of_audio_streams",
)
for name in ["a.wav", *files]:
    path = os.path.join(d, name)
    for options in (
        {},
        {"parse_speed": 1.0, "full": False},
        {"legacy_stream_display": True, "mediainfo_options": {"Language": "raw"}},
    ):
        info = MediaInfo.parse(path, **options)
        print(
            name,
            [
                {k: getattr(t, k, None) for k in keys if getattr(t, k, None) is not None}
                for t in info.tracks
            ],
        )
    print(
        MediaInfo.parse(io.BytesIO(open(path, "rb").read()), buffer_size=100)
        .to_data()["tracks"][0]
        .get("format")
    )
    print(
        sorted(
            t["@type"] for t in json.loads(MediaInfo.parse(path, output="JSON"))["media"]["track"]
        )
        if name != "j"
        else "",
        MediaInfo.parse(path, output="General;%Format%|%FileSize%"),
        "Mediainfo" in MediaInfo.parse(path, output="OLDXML"),
        "Width" in MediaInfo.parse(path, output="text"),
    )
for bad in (
    lambda: MediaInfo.parse("/no/such"),
    lambda: MediaInfo.parse(d),
    lambda: MediaInfo.can_parse(),
    lambda: MediaInfo.parse(path, library_file="/no.so"),
):
    try:
        print(type(bad()).__name__)
    except Exception as e:
        print(type(e).__name__)
