"""All conversions, long texts and errors of OpenCC."""

import opencc

text = "鼠标里面的硅二极管坏了,导致光标分辨率降低。我们在老挝的服务器的硬盘需要使用互联网算法软件解决异步的问题。为什么你在床里面睡着?滑鼠裡面的矽二極體壞了,導致游標解析度降低。"
for name in (
    "s2t",
    "t2s",
    "s2tw",
    "tw2s",
    "s2hk",
    "hk2s",
    "s2twp",
    "tw2sp",
    "t2tw",
    "hk2t",
    "t2hk",
    "t2jp",
    "jp2t",
    "tw2t",
):
    converter = opencc.OpenCC(name)
    print(name, converter.convert(text))
    print(
        converter.convert(""),
        converter.convert("abc é \U0001f600\0x"),
        len(converter.convert(text * 300)),
        converter.convert(converter.convert(text)) != "",
    )
many = [opencc.OpenCC("s2twp") for _ in range(5)]
print({c.convert("鼠标") for c in many})
for bad in (
    lambda: opencc.OpenCC("nosuch"),
    lambda: converter.convert(5),
    lambda: opencc.OpenCC("/dev/null"),
):
    try:
        print(bad() is None)
    except Exception as e:
        print(type(e).__name__)
