"""All formats, blocks, strings, seeking, raw data and damaged files of libsndfile."""

import io

import numpy
import soundfile as sf

rng = numpy.random.default_rng(1)
tone = 0.4 * numpy.sin(numpy.arange(24000) / 15)
both = numpy.stack([tone, 0.1 * rng.standard_normal(24000)], -1)
for form in sorted(sf.available_formats()):
    for subtype in sorted(sf.available_subtypes(form)):
        if not sf.check_format(form, subtype) or form == "SD2":
            continue
        stream = io.BytesIO()
        try:
            sf.write(
                stream, both, 24000 if subtype == "OPUS" else 22050, format=form, subtype=subtype
            )
            stream.seek(0)
            options = (
                {"format": form, "subtype": subtype, "samplerate": 22050, "channels": 2}
                if form == "RAW"
                else {}
            )
            again, rate = sf.read(stream, **options)
            print(
                form,
                subtype,
                rate,
                again.shape[1],
                round(float(numpy.abs(again[1000:20000, 0]).mean()), 1),
            )
        except sf.LibsndfileError as e:
            print(form, subtype, e.code)
with sf.SoundFile("x.flac", "w", 44100, 2, "PCM_24") as file:
    file.title, file.artist, file.comment = "title", "me", "é"
    for i in range(0, 24000, 1000):
        file.write(both[i : i + 1000])
with sf.SoundFile("x.flac") as file:
    print(
        file.frames,
        file.title,
        file.artist,
        file.comment,
        file.seek(12345),
        file.tell(),
        file.read(3).round(3).tolist(),
    )
    print([len(b) for b in file.blocks(blocksize=4096, overlap=100)], file.extra_info != "")
for name in ("x.ogg", "x.mp3", "x.wav", "x.opus"):
    try:
        sf.write(name, tone, 48000)
        with sf.SoundFile(name, "r") as file:
            file.seek(5000)
            first = file.read(100)
            file.seek(5000)
            print(
                name,
                len(first),
                bool(numpy.allclose(first, file.read(100), atol=0.02)),
                file.format,
            )
    except (sf.LibsndfileError, TypeError) as e:
        print(name, type(e).__name__)
data = open("x.flac", "rb").read()
for broken in (
    b"",
    data[:100],
    b"RIFF" + bytes(100),
    b"OggS" + bytes(100),
    data[:2000] + bytes(500) + data[2500:],
):
    try:
        print(len(sf.read(io.BytesIO(broken))[0]) > 0)
    except (sf.LibsndfileError, RuntimeError) as e:
        print(type(e).__name__)
print(sf.info("x.flac").duration)
