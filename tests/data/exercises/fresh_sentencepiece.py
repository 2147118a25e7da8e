"""Models of several kinds trained, saved, loaded, used and sampled, by SentencePiece."""

import io
import os
import tempfile

import sentencepiece as spm

words = [
    "the",
    "quick",
    "brown",
    "fox",
    "jumps",
    "over",
    "the",
    "lazy",
    "dog",
    "while",
    "seven",
    "wizards",
    "brew",
    "täglich",
    "☃",
    "tea",
]
lines = [" ".join(words[(i * j) % len(words)] for j in range(1, 12)) for i in range(1, 400)]
for kind in ("unigram", "bpe", "char", "word"):
    model = io.BytesIO()
    spm.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_writer=model,
        vocab_size={"unigram": 60, "bpe": 70, "char": 30, "word": 18}[kind],
        model_type=kind,
        hard_vocab_limit=False,
        num_threads=1,
        minloglevel=2,
        user_defined_symbols=["<sep>"],
    )
    sp = spm.SentencePieceProcessor(model_proto=model.getvalue())
    print(kind, sp.get_piece_size(), sp.bos_id(), sp.unk_id(), sp.id_to_piece(3))
    for text in ("the lazy fox", "täglich ☃<sep>tea", "", "xyz unknown 123"):
        ids = sp.encode(text)
        print(sp.decode(ids), sp.decode(sp.encode(text, out_type=str)) == sp.decode(ids))
    print(sp.encode(["the dog", "a tea"], add_bos=True, add_eos=True, out_type=str))
    pieces = [sp.id_to_piece(i) for i in range(sp.get_piece_size())]
    print(all(sp.piece_to_id(p) == i for i, p in enumerate(pieces)), sp.is_control(1))
    if kind == "unigram":
        print(len(sp.nbest_encode_as_ids("the quick brown", 3)))
        print(sp.decode(sp.sample_encode_as_ids("the quick brown", -1, 0.5)))
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "m.model")
        with open(path, "wb") as f:
            f.write(model.getvalue())
        again = spm.SentencePieceProcessor(model_file=path)
        print(again.encode("the lazy dog") == sp.encode("the lazy dog"))
for bad in (
    lambda: spm.SentencePieceProcessor(model_proto=b"garbage"),
    lambda: spm.SentencePieceProcessor(model_file="/no/such/file"),
    lambda: sp.id_to_piece(99999),
    lambda: spm.SentencePieceTrainer.train("--no_such=1"),
    lambda: sp.decode([99999]),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
