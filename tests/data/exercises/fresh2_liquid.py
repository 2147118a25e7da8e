"""Filters, modems, oscillators, spectra, resamplers and frames, by liquid-dsp."""

import liquid
import numpy as np

t = np.arange(512)
x = np.exp(2j * np.pi * 0.05 * t).astype("c8") * (1 + 0.5 * np.cos(t / 9))
show = lambda v: [complex(np.round(complex(c), 4)) for c in np.ravel(v)[:5]]  # noqa: E731
for f in (
    liquid.firfilt(np.hanning(9).astype("f4")),
    liquid.firfilt("lowpass", n=21, fc=0.2, As=60),
    liquid.firfilt("firdespm", n=31, fc=0.1, As=60),
):
    f.scale = 0.5
    print(f.length, f.scale, show(f.execute(x)), show(f.coefficients))
for scheme in (
    "bpsk",
    "qpsk",
    "psk8",
    "dpsk4",
    "qam16",
    "qam64",
    "ask4",
    "apsk16",
    "arb16opt",
    "ook",
    "V29",
):
    try:
        m = liquid.modem(scheme)
        points = [m.modulate(s) for s in range(1 << m.bits_per_symbol)]
        print(
            m.scheme, m.bits_per_symbol, show(points), [m.demodulate(p + 0.01) for p in points[:8]]
        )
    except Exception as e:
        print(scheme, type(e).__name__)
n = liquid.nco(0.5, 0.1)
print(n.phase, n.frequency, show(n.mix_up(x[:32])), show(n.mix_down(x[:32])), round(n.phase, 4))
s = liquid.spgram(64, 48, 24)
s.execute(np.ascontiguousarray(x))
print(
    s.nfft,
    s.window_len,
    s.delay,
    s.num_samples_total,
    s.wtype,
    [np.round(np.ravel(v)[:5].astype(float), 2).tolist() for v in np.atleast_1d(s.get_psd())[:1]],
)
for rate in (0.3, 1.7, 4.0):
    r = liquid.msresamp(rate)
    out = r.execute(np.ascontiguousarray(x))
    print(round(r.rate, 3), round(r.delay, 2), len(out), show(out[40:]))
i = liquid.firinterp(4, 6, 60.0)
print(i.rate, i.semilength, show(i.execute(np.ascontiguousarray(x[:20]))[30:]))
track = liquid.symtrack(ftype="rrcos", k=2, m=7, beta=0.3, ms="qpsk")
print(len(track.execute(np.ascontiguousarray(x))) > 100)
r = liquid.rresamp(5, 3, 12)
print([show(r.execute(np.ascontiguousarray(x[:3])))] if hasattr(r, "execute") else "")
for bad in (lambda: liquid.modem("none"), lambda: liquid.firfilt("none"), lambda: liquid.spgram(0)):
    try:
        print(type(bad()).__name__)
    except Exception as e:
        print(type(e).__name__)
