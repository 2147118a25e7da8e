"""Messages in memory and by files, queues, subscriptions and logs, by LCM."""

import os
import tempfile

import lcm

got = []
bus = lcm.LCM("memq://")
subs = [
    bus.subscribe(channel, lambda c, d: got.append((c, len(d), d[:5])))
    for channel in ("A", "B.*", ".*")
]
subs[0].set_queue_capacity(2) if hasattr(subs[0], "set_queue_capacity") else None
for i in range(4):
    bus.publish("A", bytes([i]) * (10**i)), bus.publish("BX", b"b" * i), bus.publish("C", b"")
while bus.handle_timeout(20):
    pass
print(sorted(got), bus.fileno() > 0)
bus.unsubscribe(subs[2])
bus.publish("C", b"unseen"), bus.publish("B", b"seen")
print(bus.handle_timeout(50), bus.handle_timeout(10), got[-1])
path = os.path.join(tempfile.mkdtemp(), "log")
log = lcm.EventLog(path, "w", overwrite=True)
for i in range(5):
    log.write_event(i * 1000000 + 7, f"CH{i % 2}", bytes(range(i * 20)))
print(log.size() > 100, log.tell() > 100, log.close())
log = lcm.EventLog(path)
print(
    [(e.eventnum, e.timestamp, e.channel, len(e.data)) for e in log],
    log.seek_to_timestamp(2500000),
    log.read_next_event().eventnum,
)
play = lcm.LCM(f"file://{path}?speed=0")
play.subscribe("CH1", lambda c, d: got.append((c, len(d), d[:2])))
for _ in range(9):
    try:
        play.handle_timeout(50)
    except Exception as e:
        print(type(e).__name__)
        break
print(got[-2:])
for bad in (
    lambda: lcm.LCM("no://x"),
    lambda: lcm.EventLog("/no/such"),
    lambda: lcm.LCM("udpm://1.2.3.4:99999"),
    lambda: bus.subscribe("(", print),
    lambda: bus.publish("x" * 100, b""),
    lambda: lcm.EventLog(path, "q"),
):
    try:
        print(type(bad()).__name__)
    except Exception as e:
        print(type(e).__name__)
