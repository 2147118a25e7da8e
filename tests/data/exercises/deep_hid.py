"""Both back ends, lists by identity, paths of many kinds, and every call of a closed device, by hidapi."""

import contextlib
import gc
import threading

import hid
import hidraw

for module in (hid, hidraw):
    for vendor, product in ((0, 0), (0x46D, 0), (0xFFFF, 0xFFFF), (0x1D6B, 2)):
        for _ in range(5):
            found = module.enumerate(vendor, product)
        print(module.__name__, vendor, product, type(found).__name__, [sorted(d) for d in found])
    paths = (b"", b"0001:0002:00", b"1-1.4:1.0", b"/dev/null", b"/dev/hidraw0", b"x" * 5000)
    for path in paths:
        device = module.device()
        calls = {
            "open_path": lambda d, path=path: d.open_path(path),
            "open": lambda d: d.open(0x46D, 0xC52B),
            "serial": lambda d: d.open(0x46D, 0xC52B, "säriel" * 40),
            "read": lambda d: d.read(64),
            "timeout": lambda d: d.read(64, timeout_ms=5),
            "write": lambda d: d.write([0] * 65),
            "feature": lambda d: d.send_feature_report(b"\0" * 100),
            "get": lambda d: d.get_feature_report(3, 64),
            "input": lambda d: d.get_input_report(3, 64),
            "descriptor": lambda d: d.get_report_descriptor(4096),
            "nonblocking": lambda d: d.set_nonblocking(True),
            "maker": lambda d: d.get_manufacturer_string(),
            "product": lambda d: d.get_product_string(),
            "number": lambda d: d.get_serial_number_string(),
            "indexed": lambda d: d.get_indexed_string(2, 100),
            "error": lambda d: d.error(),
            "close": lambda d: d.close(),
        }
        for name, call in calls.items():
            try:
                said = call(device)
                print(module.__name__, path[:9], name, type(said).__name__, bool(said))
            except Exception as e:
                print(module.__name__, path[:9], name, type(e).__name__)
        del device
        gc.collect()


def work(module):
    for _ in range(20):
        module.enumerate()
        d = module.device()
        with contextlib.suppress(OSError):
            d.open_path(b"9-9:1.0")
        d.close()


for module in (hid, hidraw):
    # Only one thread at a time may list the devices of hidapi; each of them is another one.
    for _ in range(4):
        thread = threading.Thread(target=work, args=(module,))
        thread.start()
        thread.join()
print(len(hid.enumerate()) == len(hid.enumerate()), "end")
