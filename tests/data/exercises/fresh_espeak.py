"""Texts of several languages and clauses as phonemes, by eSpeak NG with the wheel's own data."""

import os
import sys
import types

(where,) = [p for p in (os.path.join(d, "piper") for d in sys.path) if os.path.isdir(p)]
package = types.ModuleType("piper")
package.__path__ = [where]
sys.modules["piper"] = package
from piper import espeakbridge

espeakbridge.initialize(os.path.join(where, "espeak-ng-data"))
for voice, text in (
    ("en-us", "Hello world. How are you today? I have 42 dogs, and 3.5 cats!"),
    ("de", "Guten Morgen, wie geht es Ihnen? Es kostet 99 Euro."),
    ("fr", "Bonjour tout le monde; ça va bien."),
    ("es", "¿Cómo está usted?"),
    ("en-gb-x-rp", "The quick brown fox jumps over the lazy dog."),
):
    espeakbridge.set_voice(voice)
    print(voice, espeakbridge.get_phonemes(text))
for text in ("", " ", "...", "x" * 300, "☃ snow", "a b c d"):
    print(espeakbridge.get_phonemes(text))
for bad in ("no-such-voice", ""):
    try:
        print(espeakbridge.set_voice(bad))
    except Exception as e:
        print(type(e).__name__)
espeakbridge.set_voice("en-us")
print(espeakbridge.get_phonemes("again and again") == espeakbridge.get_phonemes("again and again"))
