"""Tries of keys, bytes and records, prefixes, files and errors of marisa-trie."""

import os
import pickle
import tempfile

import marisa_trie

keys = sorted({f"key{n * 7919 % 10007}" for n in range(4000)} | {"é", "", "ключ", "a" * 300})
for tries in (1, 3, 8):
    for tail in (marisa_trie.TEXT_TAIL, marisa_trie.BINARY_TAIL):
        for order in (marisa_trie.LABEL_ORDER, marisa_trie.WEIGHT_ORDER):
            t = marisa_trie.Trie(
                keys, num_tries=tries, binary=tail == marisa_trie.BINARY_TAIL, order=order
            )
            print(len(t), sorted(t) == keys, t.prefixes("key1234"), sorted(t.keys("key12"))[:5])
            print(t.restore_key(t["key17"]) if "key17" in t else None, "nothing" in t)
            again = pickle.loads(pickle.dumps(t))
            print(sorted(again) == keys, t == again)
b = marisa_trie.BytesTrie((k, k.encode()[::-1]) for k in keys)
print(b.get("key1"), sorted(b.items("key10"))[:4])
r = marisa_trie.RecordTrie("<Hi", [(k, (len(k), n)) for n, k in enumerate(keys)])
print(r.get("key3"), sorted(r.items("key100"))[:3])
with tempfile.TemporaryDirectory() as directory:
    path = os.path.join(directory, "t")
    t.save(path)
    for method in ("load", "mmap"):
        print(sorted(getattr(marisa_trie.Trie(), method)(path)) == keys)
    with open(path, "wb") as f:
        f.write(b"We love Marisa.\0" + b"x" * 50)
    for name in (path, path + "no"):
        try:
            marisa_trie.Trie().load(name)
        except Exception as e:
            print(type(e).__name__)
