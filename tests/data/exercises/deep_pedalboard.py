"""Effects, resampling, files of WAV, MP3, Ogg, FLAC, GSM, stretching and errors of pedalboard."""

import io

import numpy
import pedalboard as p
from pedalboard.io import AudioFile

x = (numpy.sin(numpy.arange(44100) * 0.05) * 0.5).astype("f4")
stereo = numpy.stack([x, x[::-1]])
for effect in (
    p.Gain(3),
    p.Reverb(),
    p.Chorus(),
    p.Compressor(),
    p.Delay(),
    p.Distortion(),
    p.HighpassFilter(500),
    p.LadderFilter(),
    p.Limiter(),
    p.Phaser(),
    p.PitchShift(3),
    p.Bitcrush(4),
    p.Clipping(),
    p.Invert(),
    p.Resample(8000),
    p.GSMFullRateCompressor(),
    p.MP3Compressor(4),
    p.NoiseGate(),
    p.PeakFilter(1000),
    p.Convolution(numpy.hanning(500).astype("f4"), 1.0, sample_rate=44100),
):
    for data in (x, stereo):
        y = effect(data, 44100, buffer_size=1024)
        print(
            type(effect).__name__,
            y.shape,
            y.dtype,
            round(float(abs(y).mean()), 2),
            bool(numpy.isfinite(y).all()),
        )
board = p.Pedalboard(
    [p.Gain(2), p.Chain([p.Delay(0.1), p.Reverb()]), p.Mix([p.Gain(1), p.PitchShift(5)])]
)
print(
    len(board), board(stereo, 44100).shape, p.time_stretch(stereo, 44100, stretch_factor=1.5).shape
)
for kind in ("wav", "mp3", "ogg", "flac", "aiff"):
    for quality in (None, 0.5):
        memory = io.BytesIO()
        try:
            with AudioFile(
                memory,
                "w",
                samplerate=44100,
                num_channels=2,
                format=kind,
                **(
                    {"quality": 128 if kind == "mp3" else 5}
                    if quality and kind in ("mp3", "ogg")
                    else {}
                ),
            ) as f:
                for start in range(0, 44100, 9000):
                    f.write(stereo[:, start : start + 9000])
        except Exception as e:
            print(kind, quality, type(e).__name__)
            continue
        memory.seek(0)
        with AudioFile(memory) as f:
            y = f.read(f.frames)
            print(
                kind,
                quality,
                f.samplerate,
                f.num_channels,
                abs(f.frames - 44100) < 4000,
                round(float(abs(y).mean()), 2),
                f.file_dtype,
            )
            f.seek(1000)
            print(f.tell(), f.resampled_to(16000).read(1600).shape)
for bad in (
    lambda: AudioFile(io.BytesIO(b"garbage" * 50)),
    lambda: AudioFile("/nowhere.wav"),
    lambda: AudioFile(io.BytesIO(), "w", 44100, 1, format="none"),
    lambda: p.HighpassFilter("x"),
    lambda: p.Gain()(numpy.zeros((9, 9, 9), "f4"), 44100),
    lambda: p.load_plugin("/nowhere.vst3"),
):
    try:
        print(bad() is None)
    except Exception as e:
        print(type(e).__name__)
