"""Classifiers and word vectors trained, saved, loaded, quantized and asked, by fastText."""

import os
import tempfile

import fasttext

fasttext.FastText.eprint = lambda *args, **kwargs: None
good, bad = ["nice", "fine", "great", "lovely", "good"], ["bad", "awful", "poor", "ugly", "sad"]
with tempfile.TemporaryDirectory() as directory:
    path, saved = os.path.join(directory, "t.txt"), os.path.join(directory, "m.bin")
    with open(path, "w") as f:
        for i in range(300):
            words = good if i % 2 else bad
            f.write(
                f"__label__{'pos' if i % 2 else 'neg'} {words[i % 5]} täg {words[i % 3]} w{i}\n"
            )
    model = fasttext.train_supervised(path, dim=10, epoch=10, thread=1, verbose=0, seed=3)
    print(model.labels, len(model.words), model.get_dimension())
    for line in ("nice great", "ugly awful", "unknown"):
        labels, chances = model.f.predict(line + "\n", 2, 0.0, "strict")[0], None
        print(line, labels[1])
    print(model.test(path), model.get_subwords("nice")[0])
    model.save_model(saved)
    again = fasttext.load_model(saved)
    print(again.get_word_vector("nice").tolist() == model.get_word_vector("nice").tolist())
    print(again.labels == model.labels, again.get_word_id("nice"), again.get_word_id("no"))
    again.quantize(input=path, cutoff=280, retrain=True, verbose=0, thread=1)
    print(again.is_quantized(), len(again.words) > 200)
    again.save_model(saved)
    print(fasttext.load_model(saved).f.predict("nice great\n", 1, 0.0, "strict")[0][1])
    for kind in ("skipgram", "cbow"):
        vectors = fasttext.train_unsupervised(
            path, model=kind, dim=8, epoch=2, thread=1, minCount=1, verbose=0
        )
        print(
            kind,
            vectors.get_word_vector("täg").shape,
            len(vectors.get_nearest_neighbors("nice", k=3)),
        )
        print(
            vectors.get_subwords("lovely")[0],
            len(vectors.get_analogies("nice", "good", "bad", k=2)),
        )
        print(vectors.get_sentence_vector("nice täg").shape, vectors.get_input_matrix().shape[1])
    with open(saved, "wb") as f:
        f.write(b"garbage" * 100)
    for wrong in (
        lambda: fasttext.load_model(saved),
        lambda: fasttext.load_model("/no/such"),
        lambda: fasttext.train_supervised("/no/such"),
        lambda: fasttext.train_supervised(path, loss="no such"),
    ):
        try:
            print(wrong())
        except Exception as e:
            print(type(e).__name__)
