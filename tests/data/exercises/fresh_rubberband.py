"""Sounds stretched and shifted in pitch, whole and over plug-ins that are kept, by Rubber Band."""

import numpy
from pedalboard import Pedalboard, PitchShift, time_stretch

rate = 44100
t = numpy.arange(rate) / rate
x = (0.5 * numpy.sin(2 * numpy.pi * 440 * t)).astype("f4")


def pitch(y):
    y = y.reshape(-1)[len(y.reshape(-1)) // 4 : -len(y.reshape(-1)) // 4]
    return round(
        float(numpy.abs(numpy.fft.rfft(y * numpy.hanning(len(y)))).argmax()) * rate / len(y) / 20
    )


for factor in (0.5, 1.0, 1.7):
    for options in (
        {},
        {"high_quality": False},
        {"transient_mode": "smooth"},
        {"use_long_fft_window": True},
        {"pitch_shift_in_semitones": 5.0},
    ):
        y = time_stretch(x, rate, stretch_factor=factor, **options)
        print(factor, options, y.shape[0], round(y.shape[1] / rate, 1), pitch(y))
stereo = numpy.stack([x, x[::-1]])
print(time_stretch(stereo, rate, 1.3).shape[0])
for semitones in (-12, 0, 7):
    board = Pedalboard([PitchShift(semitones=semitones)])
    parts = [board(x[i : i + 4096], rate, reset=False) for i in range(0, rate, 4096)]
    y = numpy.concatenate(parts)
    print(semitones, pitch(board(x, rate)), y.shape[0] > rate // 3)
    board.reset()
print(time_stretch(x, rate, numpy.linspace(1, 2, len(x))).shape[0])
for bad in (
    lambda: time_stretch(x, rate, 0),
    lambda: time_stretch(x, rate, 1.0, transient_mode="none such"),
    lambda: PitchShift(semitones=999),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
