"""Topics of structures written and read inside one participant, with conditions, filters and limits, by Cyclone DDS."""

import os
from dataclasses import dataclass

os.environ["CYCLONEDDS_URI"] = (
    "<CycloneDDS><Domain><General><Interfaces><NetworkInterface name='lo' multicast='false'/></Interfaces>"
    "<AllowMulticast>false</AllowMulticast></General></Domain></CycloneDDS>"
)

from cyclonedds.core import (
    InstanceState,
    Listener,
    Policy,
    Qos,
    ReadCondition,
    SampleState,
    ViewState,
    WaitSet,
)
from cyclonedds.domain import DomainParticipant
from cyclonedds.idl import IdlStruct
from cyclonedds.idl.annotations import key
from cyclonedds.idl.types import array, int32, sequence, uint8
from cyclonedds.pub import DataWriter, Publisher
from cyclonedds.sub import DataReader, Subscriber
from cyclonedds.topic import Topic
from cyclonedds.util import duration


@dataclass
class Message(IdlStruct, typename="Message"):
    id: int32
    key("id")
    text: str
    values: sequence[float]
    raw: array[uint8, 4]


participant = DomainParticipant(0)
qos = Qos(
    Policy.Reliability.Reliable(duration(seconds=1)),
    Policy.History.KeepLast(5),
    Policy.Durability.TransientLocal,
)
topic = Topic(participant, "täg".encode("ascii", "ignore").decode() + "Message", Message, qos=qos)
seen = []


class Heard(Listener):
    def on_publication_matched(self, writer, status):
        seen.append(status.current_count)


writer = DataWriter(Publisher(participant), topic, qos=qos, listener=Heard())
reader = DataReader(Subscriber(participant), topic, qos=qos)
for i in range(40):
    writer.write(Message(i % 4, f"text {i} täg", [i / 2] * (i % 5), [i, 1, 2, 3]))
got = reader.read(100)
print(len(got), sorted((m.id, m.text, len(m.values), m.raw[0]) for m in got)[:6], bool(seen))
condition = ReadCondition(reader, SampleState.NotRead | ViewState.Any | InstanceState.Any)
wait = WaitSet(participant)
wait.attach(condition)
print(wait.wait(duration(milliseconds=20)))
writer.write(Message(9, "new", [1.5], [9, 9, 9, 9]))
print(wait.wait(duration(seconds=2)), [m.text for m in reader.read(condition=condition)])
handle = writer.lookup_instance(Message(1, "", [], [0] * 4))
print(
    handle is not None,
    len(reader.read_instance(handle, 10)) if hasattr(reader, "read_instance") else "",
)
writer.dispose(Message(1, "", [], [0] * 4))
print(len(reader.take(100)), len(reader.take(100)))
late = DataReader(participant, topic, qos=qos)
print(sorted({m.id for m in late.take(100) if isinstance(m, Message)}))
sample = Message(3, "x" * 1000, [0.5] * 200, [1, 2, 3, 4])
raw = sample.serialize()
print(len(raw), Message.deserialize(raw) == sample, topic.name, topic.typename)
print(
    writer.get_qos()[Policy.History] if hasattr(writer, "get_qos") else "",
    len(participant.get_children()),
)
for bad in (
    lambda: writer.write(5),  # noqa: F821
    lambda: Message(1, 2, 3, 4).serialize(),
    lambda: DomainParticipant(-5),
    lambda: Message.deserialize(b"garbage"),
):
    try:
        print(type(bad()).__name__)
    except Exception as e:
        print(type(e).__name__)
del reader, late, writer, topic, participant
