"""Data parted, lost, put together, rebuilt and checked, by backends of liberasurecode."""

import itertools

from pyeclib.ec_iface import VALID_EC_TYPES, ECDriver

data = bytes((i * 7) % 251 for i in range(10007))
kinds = [
    k
    for k in (
        "liberasurecode_rs_vand",
        "flat_xor_hd_3",
        "flat_xor_hd_4",
        "isa_l_rs_vand",
        "isa_l_rs_cauchy",
        "jerasure_rs_vand",
    )
    if k in VALID_EC_TYPES
]
print("liberasurecode_rs_vand" in kinds, "flat_xor_hd_3" in kinds)
for kind in kinds:
    k, m = (10, 5) if kind.startswith("flat") else (6, 3)
    for checksum in ("none", "inline_crc32"):
        driver = ECDriver(k=k, m=m, ec_type=kind, chksum_type=checksum)
        print(kind, driver.k, driver.m, driver.min_parity_fragments_needed())
        fragments = driver.encode(data)
        print(len(fragments), len(set(map(len, fragments))), driver.decode(fragments) == data)
        for lost in itertools.islice(itertools.combinations(range(k + m), 2), 0, 40, 7):
            left = [f for i, f in enumerate(fragments) if i not in lost]
            rebuilt = driver.reconstruct(left, list(lost))
            print(
                lost,
                driver.decode(left) == data,
                [rebuilt[j] == fragments[i] for j, i in enumerate(lost)],
                len(driver.fragments_needed(list(lost))) >= k - 1,
            )
        print(driver.decode(fragments, ranges=[(0, 9), (100, 299)]) == [data[:10], data[100:300]])
        sizes = driver.get_segment_info(len(data), 4096)
        print(
            sizes["num_segments"],
            sizes["segment_size"],
            driver.get_metadata(fragments[0], 1)["index"],
            sorted(driver.get_metadata(fragments[1], 1))[:4],
        )
        print(driver.verify_stripe_metadata([driver.get_metadata(f) for f in fragments]))
        broken = bytearray(fragments[2])
        broken[200] ^= 255
        for bad in (
            lambda: driver.decode(fragments[: k - 2]),
            lambda: (
                driver.decode(
                    [bytes(broken), *fragments[3:], *fragments[:2]], force_metadata_checks=True
                )
                == data
            ),
            lambda: driver.decode([b"garbage"] * k),
            lambda: driver.reconstruct(fragments[: k - 3], [k]),
            lambda: driver.get_metadata(b"x" * 100),
        ):
            try:
                print(bad())
            except Exception as e:
                print(type(e).__name__)
        many = [driver.encode(data[:i]) for i in (1, 10, 1000)]
        print(
            [driver.decode(f[m:]) == data[:i] for f, i in zip(many, (1, 10, 1000))]
            if not kind.startswith("flat")
            else ""
        )
for options in (
    {"k": 0, "m": 1, "ec_type": kinds[0]},
    {"k": 2, "m": 1, "ec_type": "none"},
    {"k": 50, "m": 50, "ec_type": kinds[0]},
):
    try:
        ECDriver(**options)
        print("accepted")
    except Exception as e:
        print(type(e).__name__)
