"""Windows, layouts, models, pictures, documents, dialogs, events and styles without a screen, by Qt 5."""

import os

os.environ["QT_QPA_PLATFORM"] = "offscreen"
from PyQt5.QtCore import QBuffer, QByteArray, QIODevice, QPoint, QRectF, Qt
from PyQt5.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QImage,
    QIntValidator,
    QKeySequence,
    QPainter,
    QPainterPath,
    QPixmap,
    QStandardItem,
    QStandardItemModel,
    QTextDocument,
    QTransform,
    QValidator,
)
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import (
    QAction,
    QApplication,
    QCheckBox,
    QComboBox,
    QGraphicsScene,
    QGraphicsView,
    QLabel,
    QLineEdit,
    QMainWindow,
    QPushButton,
    QSlider,
    QSpinBox,
    QTableWidget,
    QTableWidgetItem,
    QTextEdit,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

application = QApplication.instance() or QApplication([])
window, centre = QMainWindow(), QWidget()
layout = QVBoxLayout(centre)
button, edit, spin, box, combo, slider, text = (
    QPushButton("Press"),
    QLineEdit(),
    QSpinBox(),
    QCheckBox("on"),
    QComboBox(),
    QSlider(Qt.Horizontal),
    QTextEdit(),
)
for widget in (button, edit, spin, box, combo, slider, text):
    layout.addWidget(widget)
window.setCentralWidget(centre)
menu = window.menuBar().addMenu("File")
action = QAction("Open", window, shortcut=QKeySequence("Ctrl+O"))
menu.addAction(action)
window.resize(320, 400)
window.show()
application.processEvents()
seen = []
button.clicked.connect(lambda: seen.append("clicked"))
edit.textChanged.connect(seen.append)
spin.valueChanged[int].connect(seen.append)
slider.valueChanged.connect(spin.setValue)
combo.currentTextChanged.connect(seen.append)
action.triggered.connect(lambda: seen.append("action"))
QTest.mouseClick(button, Qt.LeftButton)
QTest.keyClicks(edit, "abc")
slider.setValue(42)
combo.addItems(["one", "two"])
combo.setCurrentIndex(1)
action.trigger()
box.setChecked(True)
print(seen, spin.value(), box.isChecked(), edit.text(), action.shortcut().toString())
text.setHtml("<h1>Täg</h1><p>some <b>bold</b> text</p><table><tr><td>x</td></tr></table>")
print(text.toPlainText().split("\n")[:2], text.document().blockCount() > 2)
print(
    window.isVisible(),
    window.grab().size() == window.size(),
    centre.layout().count(),
    QIntValidator(0, 9).validate("77", 0)[0] != QValidator.Acceptable,
)
image = QImage(60, 40, QImage.Format_ARGB32)
image.fill(QColor("white"))
painter = QPainter(image)
painter.setRenderHint(QPainter.Antialiasing)
painter.fillRect(5, 5, 20, 20, QColor(255, 0, 0))
path = QPainterPath()
path.addEllipse(QRectF(30, 10, 20, 20))
painter.fillPath(path, QColor(0, 0, 255, 128))
painter.drawText(QPoint(2, 38), "Text")
painter.end()
print(
    image.pixelColor(10, 10).name(),
    image.pixelColor(40, 20).blue() == 255,
    image.pixelColor(59, 1).name(),
)
for kind in ("PNG", "BMP", "JPG", "PPM"):
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.WriteOnly)
    print(kind, image.save(buffer, kind), QImage.fromData(data).size() == image.size())
print(
    image.scaled(30, 20).size().width(),
    image.mirrored(True, False).pixelColor(49, 10).name(),
    image.transformed(QTransform().rotate(90)).width(),
)
print(
    QPixmap.fromImage(image).width(),
    QImage.fromData(b"garbage").isNull(),
    QFontMetrics(QFont()).horizontalAdvance("wider text")
    > QFontMetrics(QFont()).horizontalAdvance("w"),
)
model = QStandardItemModel()
for i in range(5):
    item = QStandardItem(f"item {i}")
    item.appendRow(QStandardItem(f"child {i}"))
    model.appendRow(item)
tree = QTreeView()
tree.setModel(model)
tree.expandAll()
tree.selectAll()
print(
    model.rowCount(),
    model.item(2).child(0).text(),
    len(tree.selectedIndexes()),
    model.findItems("item 3")[0].row(),
)
table = QTableWidget(3, 2)
table.setItem(1, 1, QTableWidgetItem("cell"))
table.sortItems(1)
print(table.findItems("cell", Qt.MatchExactly)[0].text(), table.columnCount())
scene = QGraphicsScene()
scene.addRect(0, 0, 50, 50)
scene.addEllipse(20, 20, 60, 60).setRotation(30)
scene.addText("Täg")
view = QGraphicsView(scene)
print(len(scene.items()), len(scene.items(QRectF(0, 0, 10, 10))) >= 1, view.grab().width() > 0)
document = QTextDocument()
document.setPlainText("word " * 500)
print(document.find("word").isNull(), document.characterCount())
window.setStyleSheet("QPushButton { color: red; } QLabel { border: 1px solid }")
label = QLabel("rich <i>text</i>", window)
label.show()
application.processEvents()
print(label.sizeHint().width() > 5, len(window.findChildren(QWidget)) > 8)
window.close()
for widget in (tree, table, view, window):
    widget.deleteLater()
application.processEvents()
