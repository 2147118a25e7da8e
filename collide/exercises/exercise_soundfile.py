# packages: soundfile
"""libsndfile with FLAC, Ogg, Opus and LAME: tones written and read."""

import numpy
import soundfile

tone = 0.5 * numpy.sin(numpy.arange(48000) / 20)
for name, subtype in (
    ("x.wav", "PCM_16"),
    ("x.flac", "PCM_16"),
    ("x.ogg", "VORBIS"),
    ("x.opus", "OPUS"),
    ("x.mp3", None),
):
    try:
        form = "OGG" if name == "x.opus" else None
        soundfile.write(name, tone, 48000, subtype=subtype, format=form)
        again, rate = soundfile.read(name)
        print(
            name,
            rate,
            abs(len(again) - 48000) < 3000,
            abs(float(numpy.abs(again).mean()) - 0.318) < 0.03,
        )
    except soundfile.LibsndfileError as e:
        print(name, e.code)
