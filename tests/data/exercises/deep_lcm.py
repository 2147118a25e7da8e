"""Multicast over the loopback with large and many messages, threads, logs and replays, by LCM."""

import os
import tempfile
import threading
import time

import lcm

URL = "udpm://239.255.76.67:7671?ttl=0"


def drain(bus, until, seconds=3.0):
    end = time.monotonic() + seconds
    while not until() and time.monotonic() < end:
        bus.handle_timeout(50)


got = []
for url in (URL, "memq://", "udpm://?recv_buf_size=4000000"):
    got.clear()
    try:
        bus = lcm.LCM(url)
        sub = bus.subscribe("S.*", lambda c, d: got.append((c, len(d), sum(d) % 1000)))
        sub.set_queue_capacity(200)
        for size in (0, 1, 1400, 1500, 30000, 65000):
            for _ in range(1 if url == "memq://" else 20):
                bus.publish(f"S{size}", bytes(i % 253 for i in range(size)))
                drain(bus, lambda n=size: any(c == f"S{n}" for c, *_ in got), 1)
                if any(c == f"S{size}" for c, *_ in got):
                    break
        print(url[:6], bus.fileno() >= 0, sorted(set(got)))
        again = bus.subscribe("again", lambda c, d: got.append((c, d)))
        bus.unsubscribe(sub)
        bus.unsubscribe(again)
        bus.publish("S1", b"x")
        del bus
    except Exception as e:
        print(url, type(e).__name__)


def failing(channel, data):
    raise KeyError(channel)


bus = lcm.LCM("memq://")
bus.subscribe("F", failing)
bus.publish("F", b"1")
try:
    print(bus.handle())
except Exception as e:
    print(type(e).__name__)
counts = []
buses = [lcm.LCM("memq://") for _ in range(4)]


def work(b, name):
    seen = []
    b.subscribe(name, lambda c, d: seen.append(d))
    for i in range(200):
        b.publish(name, b"%d" % i * i)
        b.handle_timeout(100)
    counts.append((name, len(seen), sum(map(len, seen))))


threads = [threading.Thread(target=work, args=(b, f"N{i}")) for i, b in enumerate(buses)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(sorted(counts))
path = os.path.join(tempfile.mkdtemp(), "log")
log = lcm.EventLog(path, "w", overwrite=True)
for i in range(300):
    log.write_event(1000 * i, f"CHANNEL_{i % 7}", bytes([i % 256]) * (i * 13 % 5000))
log.close()
for mode in ("r", "a"):
    try:
        log = lcm.EventLog(path, mode)
        if mode == "a":
            log.write_event(999999, "last", b"z")
        print(mode, log.size(), log.tell())
        log.close()
    except Exception as e:
        print(mode, type(e).__name__)
log = lcm.EventLog(path, "r")
for at in (0, 150000, 299000, 5000000):
    try:
        log.seek_to_timestamp(at)
        e = log.read_next_event()
        print(at, e and (e.eventnum, e.timestamp, e.channel, len(e.data)))
    except Exception as e:
        print(at, type(e).__name__)
log.seek(0)
print(sum(len(e.data) for e in log))
for options in ("?speed=0", "?speed=0&start_timestamp=100000", "?mode=r&speed=100"):
    seen = []
    play = lcm.LCM(f"file://{path}{options}")
    play.subscribe("CHANNEL_[13]", lambda c, d: seen.append((c, len(d))))
    try:
        for _ in range(400):
            play.handle_timeout(30)
            if len(seen) > 60:
                break
    except Exception as e:
        print(type(e).__name__)
    print(options, seen[:4], len(seen) > 40)
made = os.path.join(tempfile.mkdtemp(), "made")
writer = lcm.LCM(f"file://{made}?mode=w")
for i in range(20):
    writer.publish("W", b"w" * i)
del writer
print([(e.eventnum, e.channel, len(e.data)) for e in lcm.EventLog(made)][-3:])
with open(path, "r+b") as f:
    f.seek(20)
    f.write(b"\xff" * 50)
try:
    print(len(list(lcm.EventLog(path))) < 301)
except Exception as e:
    print(type(e).__name__)
