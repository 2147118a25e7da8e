"""Words of many languages stemmed, with caches, many stemmers and errors, by Snowball's libstemmer."""

import Stemmer

words = {
    "english": [
        "running",
        "runner",
        "ran",
        "easily",
        "fairly",
        "cycling",
        "nationality",
        "generously",
        "dogs",
        "skies",
    ],
    "german": ["aufeinander", "kategorischen", "häuser", "laufen", "gelaufen", "schönste"],
    "french": ["continuellement", "majestueusement", "chevaux", "finissons"],
    "russian": ["важная", "важнее", "бегающий", "красивого"],
    "spanish": ["corriendo", "cheques", "torneados", "nacionalidad"],
    "porter": ["relational", "conditional", "rationalization", "flies"],
    "italian": ["pronunciando", "abbandonata", "propagandismo"],
    "finnish": ["taloissani", "juoksentelisinkohan"],
    "swedish": ["jaktkarlarne", "klostergården"],
    "hungarian": ["megszentségteleníthetetlenségeskedéseitekért", "házakban"],
    "turkish": ["kitaplarımızdan", "evlerinde"],
    "romanian": ["comunitatea", "frumoase"],
    "portuguese": ["boataria", "quilométricas"],
    "danish": ["undersøgelserne"],
    "norwegian": ["havnemyndighetene"],
    "dutch": ["lichamelijkheden", "opgesloten"],
}
for language, list_ in words.items():
    stemmer = Stemmer.Stemmer(language)
    made = stemmer.stemWords(list_)
    print(
        language,
        len(made),
        all(0 < len(m) <= len(w) + 1 for m, w in zip(made, list_)),
        made == [stemmer.stemWord(w) for w in list_],
    )
    if language in ("english", "porter", "russian", "spanish"):
        print(made)
    print(stemmer.stemWord(list_[0].encode()) == made[0].encode(), stemmer.stemWord(""))
english = Stemmer.Stemmer("english")
print(english.maxCacheSize)
for size in (0, 10, 5000):
    english.maxCacheSize = size
    print(
        size, len({english.stemWord(f"{w}{i % 7}s") for i in range(3000) for w in ("run", "walk")})
    )
print(
    "english" in Stemmer.algorithms(),
    "porter" in Stemmer.algorithms(aliases=True),
    len(Stemmer.algorithms()) > 10,
)
many = [Stemmer.Stemmer(n) for n in ("en", "de", "fr", "ru") * 20]
print([m.stemWord("nationalities") for m in many[:2]])
del many
print(english.stemWord("x" * 5000) == "x" * 5000, english.stemWord("ß☃"))
for bad in (
    lambda: Stemmer.Stemmer("none such"),
    lambda: english.stemWord(5),
    lambda: english.stemWords(5),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
