"""A dictionary that is built here, tokens, n-best, formats, errors and threads of MeCab by fugashi."""

import os
import tempfile
import threading

import fugashi

directory = tempfile.mkdtemp()
files = {
    "dicrc": "cost-factor = 700\nbos-feature = BOS/EOS,*\neval-size = 1\nunk-eval-size = 1\nconfig-charset = UTF-8\nnode-format-yomi = %f[1]\neos-format-yomi = \\n\n",
    "matrix.def": "2 2\n0 0 0\n0 1 10\n1 0 20\n1 1 -5\n",
    "char.def": "DEFAULT 0 1 0\nSPACE 0 1 0\nALPHA 1 1 0\nKANJI 0 0 2\nHIRAGANA 0 1 2\n0x0020 SPACE\n0x0041..0x005A ALPHA\n0x0061..0x007A ALPHA\n0x3041..0x309F HIRAGANA\n0x4E00..0x9FA5 KANJI\n",
    "unk.def": "DEFAULT,0,0,4769,SYM,*\nSPACE,0,0,8903,SP,*\nALPHA,1,1,7000,ALPHA,*\nKANJI,1,1,9000,KANJI,*\nHIRAGANA,1,0,9500,HIRA,*\n",
    "pos-id.def": "NOUN,* 1\nPART,* 2\n",
    "rewrite.def": "[unigram rewrite]\n*,* $1,$2\n[left rewrite]\n*,* $1,$2\n[right rewrite]\n*,* $1,$2\n",
    "feature.def": "",
    "left-id.def": "0 BOS/EOS,*\n1 NOUN,*\n",
    "right-id.def": "0 BOS/EOS,*\n1 NOUN,*\n",
    "words.csv": "".join(
        f"{w},1,{n % 2},{1000 + n * 97 % 4000},{p},{y}\n"
        for n, (w, p, y) in enumerate(
            (
                ("すもも", "NOUN", "sumomo"),
                ("もも", "NOUN", "momo"),
                ("も", "PART", "mo"),
                ("の", "PART", "no"),
                ("うち", "NOUN", "uchi"),
                ("東京", "NOUN", "tokyo"),
                ("京都", "NOUN", "kyoto"),
                ("東", "NOUN", "azuma"),
                ("都", "NOUN", "to"),
                ("に", "PART", "ni"),
                ("住む", "VERB", "sumu"),
            )
        )
    ),
}
for name, text in files.items():
    with open(os.path.join(directory, name), "w", encoding="utf-8") as f:
        f.write(text)
quiet = os.dup(1)
null = os.open(os.devnull, os.O_WRONLY)
os.dup2(null, 1)
os.chdir(directory)
fugashi.build_dictionary(f"build -d {directory} -o {directory} -f utf-8 -t utf-8")
os.dup2(quiet, 1)
print(sorted(n for n in os.listdir(directory) if n.endswith((".dic", ".bin"))))
arguments = f"-r {directory}/dicrc -d {directory}"
tagger = fugashi.GenericTagger(arguments)
text = "すもももももももものうち。東京都に住む ABC def 漢字の ひらがな"
for word in tagger(text):
    print(
        word.surface,
        word.feature,
        word.is_unk,
        word.length,
        repr(word.white_space),
        word.posid,
        word.stat,
    )
print(tagger.parse(text))
for best in tagger.nbestToNodeList("東京都にすもももも", 5):
    print([w.surface for w in best])
print(tagger.nbest("東京都に住む", 3))
for options in ("-Owakati", "-Oyomi", "-F%m|%f[0]\\n", "-a", "-l1", "-C"):
    t = fugashi.GenericTagger(f"{arguments} {options}")
    print(options, t.parse("東京都に住む")[:300])
print([(d["charset"], d["size"]) for d in tagger.dictionary_info], len(tagger(text * 300)))
for bad in ("-d /nowhere", "-r /nowhere -d /no", arguments + " --nosuch"):
    try:
        print(fugashi.GenericTagger(bad) is None)
    except RuntimeError as e:
        print(type(e).__name__)
counts = []


def work():
    own = fugashi.GenericTagger(arguments)
    counts.extend(len(own(text)) for _ in range(20))


threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(set(counts), len(counts))
