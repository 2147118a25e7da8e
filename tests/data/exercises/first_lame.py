"""LAME: the sizes of what is encoded."""

import math
import struct

import lameenc

samples = b"".join(struct.pack("<h", int(9000 * math.sin(i * 0.05))) for i in range(44100))
encoder = lameenc.Encoder()
encoder.set_bit_rate(128)
encoder.set_in_sample_rate(44100)
encoder.set_channels(1)
print(len(encoder.encode(samples) + encoder.flush()) // 1000)
