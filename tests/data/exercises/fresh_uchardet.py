"""Texts of many languages and encodings detected, whole and in pieces, by uchardet."""

import cchardet

texts = {
    "utf-8": "Größe und Übermut tun selten gut. Ça va très bien. Привет мир.",
    "koi8-r": "Широкая электрификация южных губерний даст мощный толчок подъёму сельского хозяйства. "
    * 3,
    "windows-1251": "Съешь же ещё этих мягких французских булок, да выпей чаю. В чащах юга жил бы цитрус. "
    * 3,
    "shift_jis": "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。" * 3,
    "euc-jp": "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。" * 3,
    "gb18030": "我们的祖国是花园，花园里花朵真鲜艳。和暖的阳光照耀着我们，每个人脸上都笑开颜。" * 3,
    "big5": "國家圖書館為全國最大之圖書館，負責收集全國圖書文獻。" * 3,
    "euc-kr": "안녕하세요. 저는 학생입니다. 오늘은 날씨가 매우 좋습니다." * 3,
    "iso-8859-7": "Η γρήγορη καφέ αλεπού πηδάει πάνω από το τεμπέλικο σκυλί. " * 3,
    "utf-16": "text in utf-16 with a mark",
    "utf-32": "text in utf-32 with a mark",
    "ascii": "plain old text",
    "windows-1255": "דג סקרן שט בים מאוכזב ולפתע מצא חברה. " * 4,
    "iso-2022-jp": "吾輩は猫である。名前はまだ無い。",
}
for encoding, text in texts.items():
    data = text.encode(encoding)
    found = cchardet.detect(data)
    name = found["encoding"]
    try:
        same = data.decode(name) == text if name else None
    except (LookupError, UnicodeDecodeError):
        same = None
    print(
        encoding,
        name is not None,
        same,
        found["confidence"] is not None and found["confidence"] > 0.3,
    )
    detector = cchardet.UniversalDetector()
    for i in range(0, len(data), 16):
        detector.feed(data[i : i + 16])
        if detector.done:
            break
    detector.close()
    print(detector.result["encoding"] == name or detector.done)
    detector.reset()
    detector.feed(b"plain")
    detector.close()
    print(detector.result["encoding"] is not None)
for data in (b"", b"\0" * 50, bytes(range(256)), b"\xff\xfe\xfa" * 9, b"\xef\xbb\xbfx"):
    found = cchardet.detect(data)
    print(found["encoding"] is None, data[:3])
with cchardet.UniversalDetector() as detector:
    detector.feed("täg".encode())
print(detector.result["encoding"] is not None)
many = [cchardet.UniversalDetector() for _ in range(50)]
for d in many:
    d.feed(texts["koi8-r"].encode("koi8-r"))
    d.close()
print({d.result["encoding"] for d in many})
try:
    cchardet.detect("text")
except TypeError as e:
    print(type(e).__name__)
