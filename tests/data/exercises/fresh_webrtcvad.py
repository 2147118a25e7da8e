"""Frames of several rates judged as speech or not, by many detectors, and errors, of WebRTC."""

import math
import struct

import webrtcvad


def tone(rate, milliseconds, hertz, loud):
    n = rate * milliseconds // 1000
    return struct.pack(
        f"<{n}h",
        *(
            int(loud * (math.sin(6.2832 * hertz * i / rate) + math.sin(i * i * 0.01)) / 2)
            for i in range(n)
        ),
    )


for mode in range(4):
    vad = webrtcvad.Vad(mode)
    for rate in (8000, 16000, 32000, 48000):
        for length in (10, 20, 30):
            said = [
                vad.is_speech(
                    tone(rate, length, 120 + 40 * (k % 7), (0, 300, 9000, 20000)[k // 10]), rate
                )
                for k in range(40)
            ]
            print(mode, rate, length, "".join("01"[s] for s in said))
many = [webrtcvad.Vad() for _ in range(10)]
for i, vad in enumerate(many):
    vad.set_mode(i % 4)
print([vad.is_speech(tone(16000, 20, 200, 15000), 16000) for vad in many])
del many[::2]
for bad in (
    lambda: webrtcvad.Vad(9),
    lambda: vad.is_speech(b"\0" * 100, 16000),
    lambda: vad.is_speech(tone(16000, 20, 100, 10), 12345),
    lambda: vad.set_mode(-1),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
print(
    [
        webrtcvad.valid_rate_and_frame_length(r, n)
        for r, n in ((8000, 80), (8000, 81), (16000, 480), (1, 1))
    ]
)
