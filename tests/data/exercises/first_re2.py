"""RE2: matches."""

import re2

print(re2.search(r"(\w+)@(\w+)", "me@example").groups(), re2.sub(r"a+", "b", "caaat"))
