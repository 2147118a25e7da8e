"""Qualities, types, channels and streams of soxr."""

import numpy
import soxr

x = numpy.sin(numpy.arange(48000) * 0.05)
for quality in ("QQ", "LQ", "MQ", "HQ", "VHQ"):
    for kind in ("f4", "f8", "i2", "i4"):
        scale = 1 if kind[0] == "f" else 10000
        for ratio in ((48000, 44100), (48000, 16000), (8000, 44100)):
            data = (x * scale).astype(kind)
            y = soxr.resample(data, *ratio, quality=quality)
            print(quality, kind, ratio, y.shape, y.dtype, round(float(abs(y / scale).mean()), 2))
        for channels in (1, 2, 5):
            stream = soxr.ResampleStream(48000, 32000, channels, dtype=data.dtype, quality=quality)
            many = numpy.stack([(x * scale).astype(kind)] * channels, -1)
            parts = [
                stream.resample_chunk(many[i : i + 7000], last=i + 7000 >= 48000)
                for i in range(0, 48000, 7000)
            ]
            whole = numpy.concatenate(parts)
            print(channels, whole.shape, round(float(abs(whole / scale).mean()), 2))
            print(stream.num_clips(), stream.delay() >= 0)
for bad in (
    lambda: soxr.resample(x, 0, 1),
    lambda: soxr.resample(x, 1, 2, quality="none"),
    lambda: soxr.ResampleStream(1, 2, 0),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
