"""Ports, models, lists, files, widgets and errors without a camera, by libgphoto2."""

import gphoto2 as gp

abilities, ports = (
    gp.CameraAbilitiesList(),
    gp.PortInfoList() if hasattr(gp, "PortInfoList") else gp.GPPortInfoList(),
)
abilities.load(), ports.load()
print(
    abilities.count() > 1000,
    ports.count() > 0,
    abilities.lookup_model("Canon EOS 5D Mark II") >= 0,
    len(abilities.detect(ports)),
)
for name in (
    "Canon EOS 5D Mark II",
    "Nikon DSC D90 (PTP mode)",
    "USB PTP Class Camera",
    "Directory Browse",
):
    i = abilities.lookup_model(name)
    a = abilities.get_abilities(i) if hasattr(abilities, "get_abilities") else abilities[i]
    print(
        a.model,
        a.status,
        a.port,
        a.operations,
        a.file_operations,
        a.folder_operations,
        hex(a.usb_vendor),
        hex(a.usb_product),
        a.device_type,
    )
info = (
    ports.get_info(ports.lookup_path("ptpip:"))
    if ports.lookup_path("ptpip:") >= 0
    else ports.get_info(0)
)
print(info.get_type(), info.get_path())
names = gp.CameraList()
for n, v in (("b", "2"), ("a", "1"), ("ü", "3")):
    names.append(n, v)
names.sort(), names.set_value(0, "new")
print(
    names.count(),
    [(names.get_name(i), names.get_value(i)) for i in range(names.count())],
    names.find_by_name("b"),
)
f = gp.CameraFile()
f.set_data_and_size(b"\xff\xd8\xff\xe1abc"), f.set_name("x.jpg"), f.set_mtime(77)
f.detect_mime_type()
g = gp.CameraFile()
g.copy(f)
print(
    f.get_name(),
    f.get_mime_type(),
    f.get_mtime(),
    bytes(f.get_data_and_size()),
    bytes(g.get_data_and_size()),
    f.adjust_name_for_mime_type(),
    f.get_name(),
    f.clean(),
)
camera = gp.Camera()
for bad in (
    lambda: camera.init(),
    lambda: camera.get_config(),
    lambda: camera.capture(gp.GP_CAPTURE_IMAGE),
    lambda: camera.folder_list_files("/"),
    lambda: camera.get_abilities().model,
    lambda: camera.set_port_info(info),
    lambda: names.get_name(99),
    lambda: f.open("/no"),
    lambda: gp.gp_result_as_string(-105),
    lambda: camera.exit(),
):
    try:
        print(bad())
    except gp.GPhoto2Error as e:
        print("GPhoto2Error", e.code)
    except Exception as e:
        print(type(e).__name__)
