# packages: pyarrow
"""Arrow and Parquet: the codecs, regular expressions, and the C++ runtime."""

import pyarrow
import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet

table = pyarrow.table({"a": list(range(1000)), "b": [f"text {i % 7}" for i in range(1000)]})
for codec in ("NONE", "snappy", "gzip", "brotli", "zstd", "lz4"):
    pyarrow.parquet.write_table(table, "x.parquet", compression=codec)
    print(codec, pyarrow.parquet.read_table("x.parquet").equals(table))
print(pyarrow.compute.match_substring_regex(table["b"], "t [3-5]$").to_pylist()[:7])
print(table.group_by("b").aggregate([("a", "sum")]).sort_by("b").to_pydict())
pyarrow.csv.write_csv(table, "x.csv")
print(pyarrow.csv.read_csv("x.csv").num_rows)
try:
    pyarrow.parquet.read_table(__file__)
except pyarrow.ArrowInvalid as e:
    print(type(e).__name__)
