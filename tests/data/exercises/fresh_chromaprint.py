"""Fingerprints of sounds, YAML pools and spectra, by Chromaprint, libyaml and FFTW in Essentia."""

import os
import tempfile

import essentia
import essentia.standard as es
import numpy

essentia.log.infoActive = False
essentia.log.warningActive = False
rate = 44100
t = numpy.arange(rate * 12) / rate
sounds = {
    "sweep": numpy.sin(2 * numpy.pi * (200 + 100 * t) * t),
    "chord": sum(numpy.sin(2 * numpy.pi * f * t) for f in (261.6, 329.6, 392.0)) / 3,
    "beat": numpy.sin(2 * numpy.pi * 110 * t) * (numpy.floor(t * 4) % 2),
}
for name, x in sounds.items():
    x = x.astype("f4")
    whole = es.Chromaprinter(sampleRate=rate)(x)
    print(name, whole, len(whole))
    print(es.Chromaprinter(sampleRate=rate, maxLength=5)(x)[:40])
    spectrum = es.Spectrum()(es.Windowing(type="hann")(x[:2048]))
    print(spectrum.shape, int(spectrum.argmax()))
    print(
        len(es.MFCC(inputSize=1025)(spectrum)[1]),
        round(float(es.RMS()(x)), 3),
        round(float(es.ZeroCrossingRate()(x)), 4),
    )
for _ in range(10):
    es.Chromaprinter(sampleRate=rate)(sounds["chord"].astype("f4")[: rate * 3])
pool = essentia.Pool()
for i in range(5):
    pool.add("a.values", float(i))
    pool.add("a.words", f"word {i}")
pool.set("single", 2.5)
with tempfile.TemporaryDirectory() as directory:
    for kind in ("yaml", "json"):
        path = os.path.join(directory, "a." + kind)
        es.YamlOutput(filename=path, format=kind)(pool)
        back = es.YamlInput(filename=path, format=kind)()
        print(
            kind,
            sorted(n for n in back.descriptorNames() if "version" not in n),
            list(back["a.values"]),
            list(back["a.words"]),
            back["single"],
        )
    with open(path, "w") as f:
        f.write("a: [1, {garbage")
    for bad in (
        lambda: es.YamlInput(filename=path)(),
        lambda: es.YamlInput(filename="/no/such")(),
        lambda: es.Chromaprinter(sampleRate=-1),
        lambda: es.Chromaprinter()(numpy.zeros(0, "f4")),
    ):
        try:
            print(type(bad()).__name__)
        except Exception as e:
            print(type(e).__name__)
resampled = es.Resample(inputSampleRate=44100, outputSampleRate=22050)(sounds["chord"].astype("f4"))
print(abs(len(resampled) - rate * 6) < 50)
