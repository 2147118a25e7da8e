"""Japanese texts as phonemes, labels and sounds, by Open JTalk and the HTS engine."""

import numpy
import pyopenjtalk

for text in (
    "こんにちは",
    "今日はいい天気ですね。",
    "123円と4.5メートル",
    "ABC",
    "",
    "日本語の音声合成、ですか？",
):
    try:
        print(text, pyopenjtalk.g2p(text), pyopenjtalk.g2p(text, kana=True))
        labels = pyopenjtalk.extract_fullcontext(text)
        print(len(labels), labels[:1])
        if labels:
            wave, rate = pyopenjtalk.synthesize(labels)
            print(
                rate,
                len(wave) > 1000,
                len(wave) // 1000,
                round(float(numpy.abs(wave).mean()) / 100),
            )
    except Exception as e:
        print(type(e).__name__)
wave, rate = pyopenjtalk.tts("こんにちは")
for speed, tone in ((0.5, 0.0), (2.0, 0.0), (1.0, 5.0)):
    other, _ = pyopenjtalk.tts("こんにちは", speed=speed, half_tone=tone)
    print(speed, tone, round(len(other) / len(wave), 1), numpy.isfinite(other).all())
again, _ = pyopenjtalk.tts("こんにちは")
print(bool((again == wave).all()), wave.dtype)
print([n["pron"] for n in pyopenjtalk.run_frontend("今日は")])
engine = pyopenjtalk.HTSEngine(
    pyopenjtalk.DEFAULT_HTS_VOICE
    if isinstance(pyopenjtalk.DEFAULT_HTS_VOICE, bytes)
    else str(pyopenjtalk.DEFAULT_HTS_VOICE).encode()
)
print(engine.get_sampling_frequency(), engine.get_fullcontext_label_format())
engine.set_speed(1.5)
engine.add_half_tone(2)
print(len(engine.synthesize(pyopenjtalk.extract_fullcontext("テスト"))) > 1000)
for bad in (
    lambda: pyopenjtalk.HTSEngine(b"/no/such"),
    lambda: engine.synthesize(["garbage"]),
    lambda: pyopenjtalk.g2p(5),
):
    try:
        print(type(bad()).__name__)
    except Exception as e:
        print(type(e).__name__)
