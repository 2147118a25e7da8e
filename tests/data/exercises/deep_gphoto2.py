"""A directory as a camera, callbacks, logs, file and list errors, by libgphoto2."""

import gc
import logging
import os
import tempfile
import threading

import gphoto2 as gp


def ask(name, call):
    try:
        said = call()
        print(
            name,
            said
            if isinstance(said, (int, str, float, list, tuple, bytes)) and name != "log"
            else type(said).__name__,
        )
        return said
    except gp.GPhoto2Error as e:
        print(name, "GPhoto2Error", e.code)
    except Exception as e:
        print(name, type(e).__name__)
    return None


d = tempfile.mkdtemp()
os.mkdir(os.path.join(d, "DCIM"))
for i in range(12):
    with open(os.path.join(d, "DCIM", f"img{i:02}.jpg"), "wb") as f:
        f.write(b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(range(256)) * (i * 40 + 1) + b"\xff\xd9")
open(os.path.join(d, "a.txt"), "w").write("text")
messages = []
context = gp.Context()
callbacks = [
    context.set_idle_func(lambda c, data: messages.append("idle"), None),
    context.set_error_func(lambda c, text, data: messages.append("error"), None),
    context.set_status_func(lambda c, text, data: messages.append("status"), None),
    context.set_message_func(lambda c, text, data: messages.append("message"), None),
    context.set_question_func(lambda c, text, data: gp.GP_CONTEXT_FEEDBACK_OK, None),
    context.set_cancel_func(lambda c, data: gp.GP_CONTEXT_FEEDBACK_OK, None),
    context.set_progress_funcs(
        lambda c, target, text, data: messages.append("start") or 5,
        lambda c, i, current, data: messages.append("update"),
        lambda c, i, data: messages.append("stop"),
        None,
    ),
]
lines = []
logging.getLogger("gphoto2").addHandler(logging.NullHandler())
logged = [
    ask("log", lambda level=level: gp.gp_log_add_func(level, lambda *a: lines.append(a[1]), None))
    for level in (gp.GP_LOG_ERROR, gp.GP_LOG_DEBUG)
]
for _ in range(2):
    ports, abilities = gp.PortInfoList(), gp.CameraAbilitiesList()
    ports.load(), abilities.load(context)
    camera = gp.Camera()
    at = ask("disk", lambda: ports.lookup_path(f"disk:{d}") >= 0)
    model = abilities.lookup_model("Directory Browse")
    ask("abilities", lambda: camera.set_abilities(abilities.get_abilities(model)))
    ask("port", lambda: camera.set_port_info(ports.get_info(ports.lookup_path(f"disk:{d}"))))
    ask("init", lambda: camera.init(context))
    ask("model", lambda: camera.get_abilities().model)
    ask("path", lambda: camera.get_port_info().get_path() == f"disk:{d}")
    ask("summary", lambda: len(str(camera.get_summary(context))) > 0)
    ask("about", lambda: len(str(camera.get_about(context))) > 0)
    ask("manual", lambda: len(str(camera.get_manual(context))) > 0)
    ask("storage", lambda: [(s.basedir == d, s.type, s.fstype) for s in camera.get_storageinfo()])
    for folder in ("/", "/DCIM", "/none", "x"):
        ask(folder, lambda: sorted(camera.folder_list_folders(folder, context).keys()))
        ask(folder, lambda: sorted(camera.folder_list_files(folder, context).keys()))
    for kind in (gp.GP_FILE_TYPE_NORMAL, gp.GP_FILE_TYPE_PREVIEW, gp.GP_FILE_TYPE_EXIF, 77):
        for i in (0, 5, 11):
            name = f"img{i:02}.jpg"
            f = ask("get", lambda: camera.file_get("/DCIM", name, kind, context))
            if f:
                ask("data", lambda: sum(memoryview(f.get_data_and_size())))
                ask("type", lambda: (f.get_name(), f.get_mime_type(), f.get_mtime() > 0))
    info = ask("info", lambda: camera.file_get_info("/DCIM", "img03.jpg", context))
    if info:
        print(
            info.file.fields, info.file.size, info.file.type, info.preview.fields, info.audio.fields
        )
        info.file.fields, info.file.permissions = gp.GP_FILE_INFO_PERMISSIONS, gp.GP_FILE_PERM_READ
        ask("set info", lambda: camera.file_set_info("/DCIM", "img03.jpg", info, context))
    buffer = bytearray(500)
    ask("read", lambda: camera.file_read("/DCIM", "img07.jpg", gp.GP_FILE_TYPE_NORMAL, 3, buffer))
    print(sum(buffer))
    new = gp.CameraFile()
    new.set_data_and_size(b"new" * 999)
    ask("put", lambda: camera.folder_put_file("/", "n.bin", gp.GP_FILE_TYPE_NORMAL, new, context))
    ask("mkdir", lambda: camera.folder_make_dir("/", "sub", context))
    ask("list", lambda: sorted(camera.folder_list_files("/", context).keys()))
    ask("delete", lambda: camera.file_delete("/", "n.bin", context))
    ask("rmdir", lambda: camera.folder_remove_dir("/", "sub", context))
    ask("no", lambda: camera.file_delete("/", "none", context))
    config = ask("config", lambda: camera.get_config(context))
    if config:
        print(
            config.count_children(),
            [(c.get_name(), c.get_type(), c.get_value()) for c in config.get_children()],
        )
        for child in config.get_children():
            ask("toggle", lambda: child.set_value(1 - child.get_value()))
        ask("set config", lambda: camera.set_config(config, context))
    ask("single", lambda: camera.get_single_config("none", context))
    ask("configs", lambda: camera.list_config(context).count())
    ask("capture", lambda: camera.capture(gp.GP_CAPTURE_IMAGE, context))
    ask("preview", lambda: camera.capture_preview(context))
    ask("trigger", lambda: camera.trigger_capture(context))
    ask("event", lambda: camera.wait_for_event(10, context)[0])
    ask("speed", lambda: camera.set_port_speed(9600))
    ask("exit", lambda: camera.exit(context))
print(sorted(set(messages)), len(lines) > 10)
names = gp.CameraList()
for i in range(500):
    names.append(f"n{(i * 37) % 500:03}", str(i))
names.sort()
print(names.count(), names.get_name(7), names.get_value(7), names.find_by_name("n123"))
ask("populate", lambda: names.populate("P%04i.JPG", 30))
print(names.count(), names.get_name(29))
ask("reset", lambda: names.reset())
ask("none", lambda: names.get_name(0))
f = gp.CameraFile()
for start in (
    b"\x89PNG\r\n",
    b"II*\0",
    b"RIFF\0\0\0\0AVI ",
    b"\xff\xd8\xff",
    b"",
    b"\0\0\0\x18ftypqt",
):
    f.set_data_and_size(start + bytes(40))
    ask("detect", lambda: f.detect_mime_type())
    print(f.get_mime_type())
f.set_name("photo.x"), f.set_mime_type("image/jpeg"), f.adjust_name_for_mime_type()
print(f.get_name())
path = os.path.join(d, "saved.jpg")
ask("save", lambda: f.save(path))
ask("open", lambda: gp.CameraFile().open(path))
fd = os.open(os.path.join(d, "fd"), os.O_RDWR | os.O_CREAT)
g = gp.CameraFile(fd)
ask("fd", lambda: g.set_data_and_size(b"by descriptor"))
ask("fd", lambda: bytes(g.get_data_and_size()))
ask("copy", lambda: f.copy(g))
for code in (0, -1, -2, -6, -7, -10, -53, -102, -114, -999):
    print(code, len(gp.gp_result_as_string(code)) > 0, len(gp.gp_port_result_as_string(code)) > 0)


def work():
    for _ in range(3):
        one = gp.CameraAbilitiesList()
        one.load()
        counts.append(one.count() > 1000)


counts = []
for _ in range(2):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
print(counts)
port = gp.GPPort()
ask("port", lambda: port.set_info(ports.get_info(0)))
ask("port", lambda: port.open())
ask("port", lambda: port.reset())
ask("port", lambda: port.close())
print([type(a).__name__ for a in gp.Camera.autodetect()])
camera = context = callbacks = logged = None
gc.collect()
print("end")
