"""Ratios, blocks, callbacks, channels and copies of Secret Rabbit Code."""

import numpy
import samplerate

x = numpy.sin(numpy.arange(20000) * 0.05).astype("f4")
for kind in ("sinc_best", "sinc_medium", "sinc_fastest", "zero_order_hold", "linear"):
    for ratio in (0.1, 0.5, 1.0, 1.5, 7.3):
        y = samplerate.resample(x, ratio, kind)
        print(kind, ratio, len(y), round(float(abs(y).mean()), 3))
    for channels in (1, 2, 6):
        r = samplerate.Resampler(kind, channels=channels)
        data = numpy.stack([x] * channels, -1) if channels > 1 else x
        total = 0
        for start in range(0, 20000, 2500):
            r.set_ratio(0.5 + start / 20000)
            total += len(
                r.process(
                    data[start : start + 2500], 0.5 + start / 20000, end_of_input=start == 17500
                )
            )
        r.reset()
        print(kind, channels, total)
blocks = iter([x[i : i + 500] for i in range(0, 5000, 500)])
with samplerate.CallbackResampler(lambda: next(blocks, None), 1.5, "sinc_fastest") as c:
    print([len(c.read(1000)) for _ in range(9)])
for bad in (1e9, -1.0, 0.0):
    try:
        samplerate.resample(x, bad)
    except Exception as e:
        print(type(e).__name__)
