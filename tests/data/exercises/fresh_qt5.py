"""Objects, signals, timers, strings, files, models, pictures and errors, by Qt 5 without a screen."""

import os
import tempfile

os.environ["QT_QPA_PLATFORM"] = "offscreen"
from PyQt5.QtCore import (
    QBuffer,
    QByteArray,
    QCoreApplication,
    QDataStream,
    QDate,
    QDateTime,
    QEventLoop,
    QFile,
    QIODevice,
    QJsonDocument,
    QLocale,
    QObject,
    QPointF,
    QProcess,
    QRegularExpression,
    QSettings,
    QSortFilterProxyModel,
    QStringListModel,
    Qt,
    QThread,
    QTimer,
    QUrl,
    QUuid,
    QVariant,
    QXmlStreamReader,
    QXmlStreamWriter,
    pyqtSignal,
    pyqtSlot,
)

application = QCoreApplication.instance() or QCoreApplication([])


class Talker(QObject):
    said = pyqtSignal(str, int)

    @pyqtSlot(str, int)
    def hear(self, text, n):
        print("heard", text, n, self.sender() is not None)


a, b = Talker(), Talker()
a.said.connect(b.hear)
a.said.emit("täg", 5)
a.said.disconnect(b.hear)
a.setObjectName("name")
a.setProperty("p", 3.5)
child = QObject(a)
print(
    a.objectName(),
    a.property("p"),
    len(a.children()),
    a.findChild(QObject) is child,
    a.metaObject().className(),
    [
        a.metaObject().method(i).name()
        for i in range(a.metaObject().methodOffset(), a.metaObject().methodCount())
    ],
)
loop, ticks = QEventLoop(), []
timer = QTimer()
timer.timeout.connect(lambda: (ticks.append(1), loop.quit() if len(ticks) == 3 else None))
timer.start(5)
loop.exec_()
timer.stop()
print(len(ticks))


class Worker(QThread):
    done = pyqtSignal(int)

    def run(self):
        self.done.emit(sum(range(1000)))


worker, found = Worker(), []
worker.done.connect(found.append)
worker.finished.connect(loop.quit)
worker.start()
loop.exec_()
worker.wait()
print(found)
array = QByteArray()
stream = QDataStream(array, QIODevice.WriteOnly)
stream.setVersion(QDataStream.Qt_5_0)
stream.writeInt32(5)
stream.writeQString("täg ☃")
stream.writeDouble(2.5)
stream.writeQVariant({"a": [1, "x"]})
stream = QDataStream(array, QIODevice.ReadOnly)
stream.setVersion(QDataStream.Qt_5_0)
print(
    stream.readInt32(),
    stream.readQString(),
    stream.readDouble(),
    stream.readQVariant(),
    array.size(),
    array.toBase64()[:12],
)
print(
    QJsonDocument.fromJson(b'{"k": [1, 2.5, null, "t\\u00e4g"]}').toVariant(),
    QJsonDocument.fromJson(b"{bad").isNull(),
)
match = QRegularExpression(r"(?<word>\w+)-(\d+)").match("abc tag-42")
print(
    match.hasMatch(),
    match.captured("word"),
    match.captured(2),
    QRegularExpression("(bad").isValid(),
)
print(
    QDate(2020, 2, 29).addYears(1).toString(Qt.ISODate),
    QDateTime.fromString("2020-01-02T03:04:05Z", Qt.ISODate).toMSecsSinceEpoch(),
    QLocale(QLocale.German).toString(1234567.5, "f", 1),
)
url = QUrl("http://user@example.org:81/a b?x=1#f")
print(
    url.host(),
    url.port(),
    url.path(),
    url.toEncoded(),
    QUuid("{12345678-1234-1234-1234-123456789012}").isNull(),
)
written = QByteArray()
buffer = QBuffer(written)
buffer.open(QIODevice.WriteOnly)
xml = QXmlStreamWriter(buffer)
(
    xml.writeStartDocument(),
    xml.writeStartElement("a"),
    xml.writeAttribute("k", "täg<"),
    xml.writeTextElement("b", "text"),
    xml.writeEndElement(),
    xml.writeEndDocument(),
)
buffer.close()
reader, kinds = QXmlStreamReader(written), []
while not reader.atEnd():
    kinds.append(reader.readNext())
print(
    bytes(written).decode(),
    len(kinds),
    reader.hasError(),
    QXmlStreamReader("<a><b></a>").hasError(),
)
model = QStringListModel(["b", "c", "a", "ab"])
proxy = QSortFilterProxyModel()
proxy.setSourceModel(model)
proxy.sort(0)
proxy.setFilterRegularExpression("a")
print([proxy.data(proxy.index(i, 0)) for i in range(proxy.rowCount())], model.index(9, 0).isValid())
with tempfile.TemporaryDirectory() as directory:
    path = os.path.join(directory, "s.ini")
    settings = QSettings(path, QSettings.IniFormat)
    settings.setValue("group/key", [1, "two"])
    settings.setValue("point", QPointF(1, 2))
    settings.sync()
    again = QSettings(path, QSettings.IniFormat)
    print(again.value("group/key"), again.value("point"), sorted(again.allKeys()))
    file = QFile(os.path.join(directory, "none"))
    print(file.open(QIODevice.ReadOnly), file.error() != 0)
process = QProcess()
process.start("/bin/echo", ["hello"])
print(process.waitForFinished(5000), bytes(process.readAllStandardOutput()), process.exitCode())
for bad in (
    lambda: QPointF("x"),
    lambda: a.said.emit(5),
    lambda: QDate("x", 1),
    lambda: QVariant().value().x,
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
many = [QObject(a) for _ in range(200)]
for o in many[::2]:
    o.deleteLater()
application.processEvents()
print(len(a.children()) > 100)
