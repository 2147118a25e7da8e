"""Filters, spectra, onsets, pitches, tempo, notes, files and errors, by aubio."""

import os
import tempfile

import aubio
import numpy as np

rate, hop = 44100, 512
t = np.arange(rate) / rate
sound = (np.sin(2 * np.pi * 440 * t) * (t % 0.25 < 0.2) * 0.5).astype("f4")
path = os.path.join(tempfile.mkdtemp(), "a.wav")
with aubio.sink(path, rate) as out:
    for i in range(0, rate - hop, hop):
        out(sound[i : i + hop], hop)
src = aubio.source(path, 0, hop)
print(src.samplerate, src.channels, src.duration)
vocoder, bank, mfcc = (
    aubio.pvoc(1024, hop),
    aubio.filterbank(40, 1024),
    aubio.mfcc(1024, 40, 13, rate),
)
bank.set_mel_coeffs_slaney(rate)
onset, tempo, notes = (
    aubio.onset("hfc", 1024, hop, rate),
    aubio.tempo("default", 1024, hop, rate),
    aubio.notes("default", 1024, hop, rate),
)
onset.set_threshold(0.3), notes.set_silence(-60)
pitches = {
    name: aubio.pitch(name, 2048, hop, rate)
    for name in ("yin", "yinfft", "yinfast", "mcomb", "fcomb", "schmitt", "specacf")
}
desc = {
    name: aubio.specdesc(name, 1024)
    for name in ("energy", "phase", "complex", "kl", "centroid", "rolloff")
}
filtered = aubio.digital_filter(7)
filtered.set_a_weighting(rate)
seen = []
while True:
    block, read = src()
    grain = vocoder(block)
    seen.append(
        (
            float(onset(block)[0]),
            float(tempo(block)[0]),
            *map(float, notes(block)),
            float(np.sum(bank(grain))),
            *map(float, mfcc(grain)[:2]),
            float(filtered(block)[3]),
            *(float(d(grain)[0]) for d in desc.values()),
            *(float(p(block)[0]) for p in pitches.values()),
        )
    )
    if read < hop:
        break
for row in seen[:60:6]:
    print([round(v, 2) for v in row])
print(
    onset.get_last(),
    tempo.get_bpm(),
    aubio.note2midi("C#4"),
    aubio.miditofreq(69),
    aubio.window("hanningz", 8),
)
print(
    aubio.fft(16)(sound[:16]).norm[:3],
    aubio.dct(8)(sound[:8])[:3],
    src.seek(100),
    vocoder.rdo(grain)[:2],
)
for bad in (
    lambda: aubio.source("/no"),
    lambda: aubio.pitch("no"),
    lambda: aubio.onset("no"),
    lambda: aubio.sink("/no/a.wav"),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
