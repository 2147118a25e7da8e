"""Speech coded in all modes, soft decisions, filters and energies, by Codec 2."""

import numpy as np
import pycodec2

t = np.arange(8000 * 2) / 8000
speech = (
    (np.sin(2 * np.pi * 120 * t) + 0.5 * np.sin(2 * np.pi * 840 * t))
    * 6000
    * (np.sin(2 * np.pi * 3 * t) > -0.3)
).astype("i2")
for mode in (3200, 2400, 1600, 1400, 1300, 1200, 700, 450, 1):
    try:
        c = pycodec2.Codec2(mode)
        n = c.samples_per_frame()
        bits = [c.encode(speech[i : i + n]) for i in range(0, len(speech) - n, n)]
        back = np.concatenate([c.decode(b) for b in bits])
        energies = [round(float(c.get_energy(np.frombuffer(b, "u1").copy())), 1) for b in bits[:4]]
        print(mode, n, c.bits_per_frame(), c.bytes_per_frame(), len(bits), bits[5].hex(), energies)
        print(int(np.abs(back.astype(int)).mean()) // 100, back.shape, c.get_spare_bit_index())
        c.set_lpc_post_filter(1, 0, 0.7, 0.3), c.set_natural_or_gray(0)
        print(np.abs(c.decode_ber(c.encode(speech[:n]), 0.1).astype(int)).max() > 0)
        print(
            c.rebuild_spare_bit(np.ones(c.bits_per_frame(), "i4"))
            if c.get_spare_bit_index() >= 0
            else ""
        )
    except Exception as e:
        print(mode, type(e).__name__)
