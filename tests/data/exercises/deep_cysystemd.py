"""Journal readers, matches, journal writes and the daemon's words of libsystemd by cysystemd."""

import os
import socket
import tempfile
import uuid

directory = tempfile.mkdtemp()
path = os.path.join(directory, "notify")
server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind(path)
os.environ["NOTIFY_SOCKET"] = path
from cysystemd import journal
from cysystemd.daemon import Notification, notify
from cysystemd.reader import JournalOpenMode, JournalReader, Rule

for kind in (
    Notification.READY,
    Notification.STATUS,
    Notification.RELOADING,
    Notification.STOPPING,
):
    notify(kind, *(["all well"] if kind is Notification.STATUS else []))
    print(server.recv(1000))
for mode in (JournalOpenMode.SYSTEM, JournalOpenMode.CURRENT_USER, JournalOpenMode.LOCAL_ONLY):
    reader = JournalReader()
    try:
        reader.open(mode)
        reader.add_filter(
            Rule("SYSLOG_IDENTIFIER", "x") | Rule("PRIORITY", "3") & Rule("_PID", "1")
        )
        print(
            reader.seek_head(),
            reader.seek_tail(),
            reader.wait(0) is not None,
            reader.data_threshold,
            reader.timeout is not None,
        )
        reader.data_threshold = 5000
        reader.clear_filter()
        print(
            list(reader)[:0],
            reader.next() is None,
            reader.previous(1) is None,
            reader.closed,
            reader.events,
            reader.fd > 0,
        )
    except Exception as e:
        print(type(e).__name__)
reader = JournalReader()
for name, value in (
    ("open_directory", directory),
    ("open_files", os.path.join(directory, "none.journal")),
):
    try:
        getattr(reader, name)(value)
        print(name, len(list(reader)), reader.seek_monotonic_usec is not None)
    except Exception as e:
        print(name, type(e).__name__)
broken = os.path.join(directory, "broken.journal")
with open(broken, "wb") as f:
    f.write(b"LPKSHHRH" + bytes(5000))
try:
    r = JournalReader()
    r.open_files(broken)
    print(len(list(r)))
except Exception as e:
    print(type(e).__name__)
for call in (
    lambda: journal.send(
        message="hello", priority=journal.Priority.ERROR, MESSAGE_ID=uuid.uuid4().hex
    ),
    lambda: journal.write("hello", journal.Priority.INFO),
):
    try:
        print(call() is None)
    except Exception as e:
        print(type(e).__name__)
