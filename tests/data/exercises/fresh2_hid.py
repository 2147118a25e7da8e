"""Devices listed, opened and asked where there are none, by hidapi."""

import hid

print(
    sorted({len(d) for d in hid.enumerate()}),
    len(hid.enumerate(0x1234, 0x5678)),
    type(hid.version_str()).__name__,
)
for call in (
    lambda d: d.open(0x1234, 0x5678),
    lambda d: d.open(0x1234, 0x5678, "täxt"),
    lambda d: d.open_path(b"/dev/hidraw99"),
    lambda d: d.open_path(b"1-1:1.0"),
    lambda d: d.read(5, 10),
    lambda d: d.write(b"\x01\x02"),
    lambda d: d.send_feature_report([0, 1]),
    lambda d: d.get_feature_report(0, 8),
    lambda d: d.get_input_report(0, 8),
    lambda d: d.set_nonblocking(1),
    lambda d: d.error(),
    lambda d: d.get_manufacturer_string(),
    lambda d: d.get_indexed_string(1),
    lambda d: d.get_report_descriptor(),
    lambda d: d.close(),
    lambda d: d.open_path("nope"),
):
    for _ in range(2):
        device = hid.device()
        try:
            print(call(device))
        except Exception as e:
            print(type(e).__name__)
        finally:
            device.close()
