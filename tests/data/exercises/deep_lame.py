"""Rates, qualities, stereo and the order of calls of LAME."""

import math
import struct

import lameenc

samples = b"".join(
    struct.pack("<hh", int(9000 * math.sin(i * 0.05)), int(9000 * math.sin(i * 0.03)))
    for i in range(22050)
)
for rate in (8000, 16000, 22050, 32000, 44100, 48000):
    for channels in (1, 2):
        for quality in (0, 2, 7):
            for bits in (32, 128, 320):
                encoder = lameenc.Encoder()
                encoder.set_bit_rate(bits)
                encoder.set_in_sample_rate(rate)
                encoder.set_channels(channels)
                encoder.set_quality(quality)
                encoder.silence()
                data = bytes(encoder.encode(samples)) + bytes(encoder.flush())
                print(rate, channels, quality, bits, len(data) // 500, data[:2].hex())
encoder = lameenc.Encoder()
try:
    encoder.flush()
except RuntimeError as e:
    print(e)
