"""Loudness, range and peaks of signals of several rates and channels, over many chunks, by libebur128."""

import array
import math

import pyebur128 as p


def signal(rate, seconds, channels, loud):
    n = rate * seconds
    return array.array(
        "f",
        (
            loud * (1 + (i // rate % 3)) / 3 * math.sin(6.2832 * 997 * i / rate)
            for i in range(n)
            for _ in range(channels)
        ),
    )


every = (
    p.MeasurementMode.MODE_I
    | p.MeasurementMode.MODE_LRA
    | p.MeasurementMode.MODE_TRUE_PEAK
    | p.MeasurementMode.MODE_SAMPLE_PEAK
    | p.MeasurementMode.MODE_S
    | p.MeasurementMode.MODE_M
)
states = []
for rate, channels in ((48000, 2), (44100, 1), (16000, 2)):
    state = p.R128State(channels, rate, every)
    data = signal(rate, 7, channels, 0.5)
    step = rate // 10 * channels
    for at in range(0, len(data), step):
        state.add_frames(data[at : at + step], len(data[at : at + step]) // channels)
    states.append(state)
    print(
        rate,
        channels,
        round(p.get_loudness_global(state), 1),
        round(p.get_loudness_range(state), 1),
    )
    print(round(p.get_loudness_momentary(state), 1), round(p.get_loudness_shortterm(state), 1))
    print([round(p.get_sample_peak(state, c), 2) for c in range(channels)])
    print([round(p.get_true_peak(state, c), 1) for c in range(channels)])
    print([round(p.get_previous_sample_peak(state, c), 2) for c in range(channels)])
    print(round(p.get_relative_threshold(state), 1), round(p.get_loudness_window(state, 1000), 1))
print(
    round(p.get_loudness_global_multiple(states), 1),
    round(p.get_loudness_range_multiple(states), 1),
)
quiet = p.R128State(2, 48000, every)
quiet.add_frames(array.array("f", bytes(4 * 96000)), 48000)
print(p.get_loudness_global(quiet), p.get_sample_peak(quiet, 0))
for bad in (
    lambda: p.get_sample_peak(states[1], 5),
    lambda: p.get_loudness_window(states[0], 99999999),
    lambda: p.R128State(0, 48000, every),
    lambda: p.R128State(2, 5, every),
    lambda: p.get_true_peak(p.R128State(1, 48000, p.MeasurementMode.MODE_M), 0),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
state = p.R128State(3, 48000, every)
state.set_channel(2, p.ChannelType.UNUSED) if hasattr(state, "set_channel") else None
state.change_parameters(1, 44100)
state.add_frames(signal(44100, 1, 1, 0.9), 44100)
print(round(p.get_loudness_momentary(state), 1))
