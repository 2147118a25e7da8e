"""jq: a program."""

import jq

print(
    jq.compile(".a[] | {x: (. * 2)}").input_value({"a": [1, 2]}).all(),
    jq.first(".b", text='{"b": "c"}'),
)
