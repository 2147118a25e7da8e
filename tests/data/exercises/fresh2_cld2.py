"""Languages of texts with hints, vectors, HTML and broken input, by CLD2."""

import pycld2

texts = {
    "en": "It is a truth universally acknowledged, that a single man in possession of a good fortune must be in want of a wife.",
    "fr": "Longtemps, je me suis couché de bonne heure. Parfois, à peine ma bougie éteinte, mes yeux se fermaient si vite.",
    "de": "Als Gregor Samsa eines Morgens aus unruhigen Träumen erwachte, fand er sich in seinem Bett verwandelt.",
    "ru": "Все счастливые семьи похожи друг на друга, каждая несчастливая семья несчастлива по-своему.",
    "ja": "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。",
    "zh": "孔乙己是站着喝酒而穿长衫的唯一的人。他身材很高大；青白脸色。",
    "ar": "كان يا ما كان في قديم الزمان رجل يعيش في مدينة بعيدة",
    "th": "กาลครั้งหนึ่งนานมาแล้ว มีชายคนหนึ่งอาศัยอยู่ในหมู่บ้าน",
    "pt": "Algum tempo hesitei se devia abrir estas memórias pelo princípio ou pelo fim",
    "id": "Pada suatu hari ada seorang raja yang sangat kaya dan bijaksana di negeri ini",
    "hr": "Jednoga dana bio je kralj koji je imao tri sina i jednu kćer u velikom gradu",
}
for name, text in texts.items():
    print(name, pycld2.detect(text), pycld2.detect(text, returnVectors=True, bestEffort=True)[-1])
mixed = " ".join(texts.values())
for options in (
    {},
    {"returnVectors": True},
    {"isPlainText": False},
    {"hintLanguage": "FRENCH"},
    {"hintTopLevelDomain": "ru"},
    {"hintLanguageHTTPHeaders": "mi,en"},
    {"hintEncoding": "ISO_8859_5"},
    {"debugScoreAsQuads": True},
    {"bestEffort": True},
):
    for text in (
        mixed,
        f"<html lang='de'><p>{texts['en']}</p>&eacute;<script>var x</script>{texts['fr']}",
        "short",
        "",
        "123 !!",
    ):
        print(options, pycld2.detect(text, **options))
print(len(pycld2.LANGUAGES), len(pycld2.DETECTED_LANGUAGES), len(pycld2.ENCODINGS))
for bad in (
    lambda: pycld2.detect(b"\xff\xfe\x00abc"),
    lambda: pycld2.detect("x", hintLanguage="nope"),
    lambda: pycld2.detect("x", hintEncoding="nope"),
    lambda: pycld2.detect(mixed * 50),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
