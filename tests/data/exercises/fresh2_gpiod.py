"""Chips that are none, settings and configurations of lines, by libgpiod."""

import datetime
import tempfile

import gpiod
from gpiod.line import Bias, Clock, Direction, Drive, Edge, Value

print(
    isinstance(gpiod.api_version, str),
    [gpiod.is_gpiochip_device(p) for p in ("/dev/null", "/dev/zero", "/no", "/tmp", "/etc/passwd")],
)
settings = [
    gpiod.LineSettings(
        direction=Direction.OUTPUT, drive=Drive.OPEN_DRAIN, output_value=Value.ACTIVE
    ),
    gpiod.LineSettings(
        edge_detection=Edge.BOTH,
        bias=Bias.PULL_UP,
        debounce_period=datetime.timedelta(milliseconds=5),
        event_clock=Clock.REALTIME,
        active_low=True,
    ),
    gpiod.LineSettings(),
]
for one in settings:
    print(one)
with tempfile.NamedTemporaryFile() as f:
    for path in ("/dev/null", "/no", f.name, "/dev/gpiochip99", "/tmp"):
        for call in (
            lambda: gpiod.Chip(path),
            lambda: gpiod.request_lines(
                path,
                {(1, 2): settings[0], 3: settings[1]},
                consumer="c",
                event_buffer_size=9,
                output_values={1: Value.ACTIVE},
            ),
        ):
            try:
                print(call())
            except Exception as e:
                print(type(e).__name__, getattr(e, "errno", None))
