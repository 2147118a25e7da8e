"""A bus that is served and called in one process by sdbus, with its libsystemd, on a private socket."""

import asyncio
import os
import shutil
import subprocess
import tempfile

import sdbus

print(
    sdbus.encode_object_path("/a/b", "ä c") if hasattr(sdbus, "encode_object_path") else "",
    sdbus.decode_object_path("/a/b", sdbus.encode_object_path("/a/b", "x-y")),
)
from sdbus import (
    DbusInterfaceCommonAsync,
    dbus_method_async,
    dbus_property_async,
    dbus_signal_async,
)


class Thing(DbusInterfaceCommonAsync, interface_name="org.example.Thing"):
    @dbus_method_async("si", "s")
    async def repeat(self, text: str, n: int) -> str:
        return text * n

    @dbus_method_async("a{sv}a(ii)ay", "a{sv}")
    async def echo(self, d, pairs, raw):
        return {**d, "n": ("i", len(pairs)), "raw": ("ay", raw)}

    @dbus_method_async("", "")
    async def fail(self) -> None:
        raise sdbus.DbusFailedError("no")

    @dbus_property_async("d")
    def ratio(self) -> float:
        return 0.25

    @dbus_signal_async("s")
    def said(self) -> str:
        raise NotImplementedError


async def main():
    bus = sdbus.sd_bus_open_user()
    sdbus.set_default_bus(bus)
    await sdbus.request_default_bus_name_async("org.example.Thing")
    thing = Thing()
    thing.export_to_dbus("/thing")
    proxy = Thing.new_proxy("org.example.Thing", "/thing", bus)
    print(await proxy.repeat("ab", 3), len(await proxy.repeat("x" * 1000, 50)))
    print(await proxy.echo({"k": ("s", "v"), "l": ("as", ["a", "b"])}, [(1, 2), (3, 4)], b"\0\1"))
    print(
        await proxy.ratio,
        await proxy.dbus_introspect() != "",
        sorted((await proxy.properties_get_all_dict()).items()),
    )
    heard = asyncio.ensure_future(anext(aiter(proxy.said)))
    await asyncio.sleep(0.1)
    thing.said.emit("hello")
    print(await asyncio.wait_for(heard, 5))
    for bad in (proxy.fail, Thing.new_proxy("org.example.None", "/thing", bus).fail):
        try:
            await bad()
        except Exception as e:
            print(type(e).__name__)
    print((await asyncio.gather(*(proxy.repeat(str(n), 2) for n in range(50))))[-1])


directory = tempfile.mkdtemp()
config = os.path.join(directory, "c.xml")
with open(config, "w") as f:
    f.write(
        f'<busconfig><type>session</type><listen>unix:path={directory}/bus</listen><auth>EXTERNAL</auth><policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>'
    )
daemon = subprocess.Popen(
    [shutil.which("dbus-daemon"), f"--config-file={config}", "--print-address", "--nofork"],
    stdout=subprocess.PIPE,
    env={k: v for k, v in os.environ.items() if not k.startswith("LD_")},
)
address = daemon.stdout.readline().decode().strip()
os.environ["DBUS_SESSION_BUS_ADDRESS"] = address
try:
    asyncio.run(main())
finally:
    daemon.kill()
for bad in (
    lambda: sdbus.sd_bus_open_system_remote("x") if False else sdbus.SdBus("x"),
    lambda: sdbus.decode_object_path("x", "y"),
):
    try:
        print(bad() is None)
    except Exception as e:
        print(type(e).__name__)
