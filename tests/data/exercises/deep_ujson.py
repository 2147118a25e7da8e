"""Numbers of all sizes, texts, options and errors of ujson with its double-conversion."""

import math
import random

import ujson

random.seed(7)
numbers = [random.uniform(-1, 1) * 10 ** random.randint(-300, 300) for _ in range(2000)]
numbers += [0.0, -0.0, 5e-324, 1.7976931348623157e308, 0.1, 1 / 3, 1e21, 1e22, 123456789.125]
text = ujson.dumps(numbers)
print(ujson.loads(text) == numbers, len(text), text[:200])
for x in (1e-7, 1e-5, 1.0, 1e15, 1e16, 1e17, 1e20, 1e21, 2.5, math.pi):
    print(ujson.dumps(x), ujson.loads(ujson.dumps(x)) == x)
for text in ("1.5e300", "31415.926535897932", "1e400", "-1e-400", "0.30000000000000004"):
    try:
        print(ujson.loads(text))
    except ujson.JSONDecodeError as e:
        print(type(e).__name__)
value = {"a": [1, 2.5, None, True, "é\u20ac\U0001f600"], "b": {"c": "</script>"}}
for options in ({}, {"ensure_ascii": False}, {"indent": 2}, {"escape_forward_slashes": False}):
    print(ujson.dumps(value, **options))
for bad in (
    lambda: ujson.dumps(math.inf, allow_nan=False),
    lambda: ujson.loads("[1,"),
    lambda: ujson.loads("1.2.3"),
    lambda: ujson.dumps(object()),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
