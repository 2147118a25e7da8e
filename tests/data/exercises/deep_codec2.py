"""Noise, silence, clipped and tonal speech, two coders at a time, threads and odd input, by Codec 2."""

import gc
import threading

import numpy as np
import pycodec2

r = np.random.default_rng(4)
t = np.arange(16000) / 8000
sounds = {
    "silence": np.zeros(16000),
    "noise": r.normal(size=16000) * 9000,
    "clipped": np.clip(np.sin(2 * np.pi * 95 * t) * 90000, -32768, 32767),
    "voice": sum(np.sin(2 * np.pi * 110 * k * t) / k for k in range(1, 25))
    * 7000
    * (np.sin(9 * t) > 0),
    "impulse": (np.arange(16000) % 800 == 0) * 30000,
}
for mode in (3200, 2400, 1600, 1400, 1300, 1200, 700, 450):
    for name, sound in sounds.items():
        try:
            coder, other = pycodec2.Codec2(mode), pycodec2.Codec2(mode)
            n = coder.samples_per_frame()
            frames = [sound[i : i + n].astype("i2") for i in range(0, len(sound) - n, n)]
            bits = [coder.encode(f) for f in frames]
            again = [other.encode(f) for f in frames]
            back = np.concatenate([other.decode(b) for b in bits]).astype(float)
            power = np.log10(np.square(back.reshape(-1, n)).mean(1) + 1)
            print(
                mode,
                name,
                bits == again,
                b"".join(bits[3:9]).hex(),
                np.round(power[5:12], 0).tolist(),
            )
            coder.set_lpc_post_filter(1, 1, 0.9, 0.5), coder.set_natural_or_gray(1)
            wrong = [bytes(x ^ 0x55 for x in b) for b in bits[:20]]
            print(len([coder.decode(b) for b in wrong]), coder.decode_ber(bits[0], 0.4).shape)
        except Exception as e:
            print(mode, name, type(e).__name__)
found = [None] * 4


def work(i):
    c = pycodec2.Codec2((3200, 2400, 1300, 1200)[i])
    n = c.samples_per_frame()
    voice = sounds["voice"].astype("i2")
    bits = [c.encode(voice[k : k + n]) for k in range(0, 16000 - n, n)]
    found[i] = (len(bits), sum(map(sum, bits)), sum(len(c.decode(b)) for b in bits))


threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
for th in threads:
    th.start()
for th in threads:
    th.join()
print(found)
c = pycodec2.Codec2(1200)
for bad in (
    lambda: pycodec2.Codec2(-5),
    lambda: c.encode(None),
    lambda: c.encode(np.zeros(320)),
    lambda: c.decode(3),
    lambda: pycodec2.Codec2("x"),
):
    try:
        print(type(bad()).__name__)
    except Exception as e:
        print(type(e).__name__)
for _ in range(50):
    pycodec2.Codec2(2400)
gc.collect()
print("end")
