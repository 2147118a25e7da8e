"""Speech decoding of pocketsphinx: models, grammars, endpoints and errors, on made sound."""

import array
import math
import random

from pocketsphinx import Config, Decoder, Endpointer, Vad, get_model_path

draw = random.Random(7)
tone = array.array(
    "h",
    (
        int(8000 * math.sin(n / 9) * math.sin(n / 700)) + draw.randrange(-50, 50)
        for n in range(32000)
    ),
).tobytes()
decoder = Decoder(samprate=16000, loglevel="FATAL")
decoder.start_utt()
for start in range(0, len(tone), 4096):
    decoder.process_raw(tone[start : start + 4096])
decoder.end_utt()
found = decoder.hyp()
print(found.hypstr if found else None, decoder.n_frames(), len(decoder.lookup_word("hello")))
print(decoder.lookup_word("hello"), get_model_path("en-us").endswith("en-us"))
decoder.add_jsgf_string("g", b"#JSGF V1.0; grammar g; public <x> = go forward | stop;")
decoder.activate_search("g")
decoder.start_utt()
decoder.process_raw(tone, full_utt=True)
decoder.end_utt()
print(decoder.hyp() is None or decoder.hyp().hypstr, decoder.current_search())
decoder.set_align_text("go forward")
print(decoder.current_search())
vad = Vad()
print([vad.is_speech(tone[n * vad.frame_bytes : (n + 1) * vad.frame_bytes]) for n in range(5)])
endpointer = Endpointer()
print(endpointer.frame_bytes, endpointer.in_speech)
print(Config(hmm="x")["hmm"])
try:
    Decoder(hmm="/absent", loglevel="FATAL")
except Exception as e:
    print(type(e).__name__)
