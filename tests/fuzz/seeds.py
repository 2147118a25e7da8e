"""What fuzzing starts from: one small valid input or a few of each kind, all made here."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import struct
import tarfile
import warnings
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Iterable

from collide.elf.constants import (
    DT_DEBUG,
    DT_INIT_ARRAY,
    DT_INIT_ARRAYSZ,
    DT_RELA,
    DT_RELR,
    DT_RELRSZ,
    DT_VERDEF,
    DT_VERNEED,
    DT_VERSYM,
    PT_GNU_EH_FRAME,
    PT_INTERP,
    PT_NOTE,
)
from collide.processes.core import NT_AUXV, NT_FILE, NT_PRSTATUS, NT_SIGINFO
from collide.processes.image import AT_ENTRY, AT_EXECFN, AT_PHDR, AT_PHENT, AT_PHNUM
from core_writer import core_file, note
from tiny_elf import I386, S390X, X86_64, Strings, library

WHEEL = "x-1.0-cp311-cp311-manylinux_2_17_x86_64.whl"
MODULE = "x.cpython-311-x86_64-linux-gnu.so"
# Names that a shipped host defines, so that there is something to find.
_ZLIB = ("crc32", "deflate", "deflateInit_", "inflate", "inflateInit_", "zlibVersion")


def _note(owner: bytes, kind: int, description: bytes) -> bytes:
    padded = description + bytes(-len(description) % 4)
    name = owner + bytes(-len(owner) % 4)
    return struct.pack("<3I", len(owner), len(description), kind) + name + padded


def module() -> bytes:
    """An extension module of x86-64 with every table that is read."""
    text = Strings()
    uses = ("vault_open", "PyModule_Create2", *_ZLIB[:2])
    defines = ("PyInit_x", *_ZLIB)
    version, file = text("GLIBC_2.17"), text("libc.so.6")
    need = struct.pack("<HHIII", 1, 1, file, 16, 0) + struct.pack(
        "<IHHII", 0x6969197, 0, 2, version, 0
    )
    numbers = [0, *(2 for _ in uses), *(1 for _ in defines)]
    hidden = text("V1")
    definition = struct.pack("<HHHHIII", 1, 1, 1, 1, 0, 20, 0) + struct.pack("<II", hidden, 0)
    code = b"\xe8\x03\0\0\0\xc3\x90\x90\xff\x25\0\0\0\0\xc3" + bytes(17)
    frame = struct.pack("<IIiI", 16, 20, 0, 8)
    header = b"\1\x1b\x03\x3b" + struct.pack("<iI4i", 0, 2, 64, 20, 72, 20) + frame
    notes = _note(b"GNU\0", 3, bytes(range(20)))
    notes += _note(b"FDO\0", 0xCAFE1A7E, b'{"name":"x","version":"1"}\0')
    notes += _note(b"NixOS\0", 0xCF0515D6, b"libz.so.1\0/nix/libz.so.1\0\0")
    return library(
        defines=defines,
        uses=uses,
        needs=("libvault.so.1", "libc.so.6"),
        runpath="$ORIGIN/x.libs:/opt/${LIB}",
        strings=text,
        tables=[
            (DT_VERSYM, struct.pack(f"<{len(numbers)}H", *numbers)),
            (DT_VERNEED, need),
            (DT_VERDEF, definition),
            (DT_RELA, X86_64.words(0x40, 1 << 32 | 6, 0, 0x48, 8, 0x50, 0x58, 2 << 32 | 1, 4)),
            (DT_INIT_ARRAY, X86_64.words(64, 72)),
        ],
        tags=[(DT_INIT_ARRAYSZ, 16)],
        segments=[
            (PT_NOTE, 4, notes),
            (PT_GNU_EH_FRAME, 4, header),
            (6, 5, code + b"\0zlib version 1.2.13\0OpenSSL 3.0.19 27 Jan 2026\0"),
        ],
    )


def vault() -> bytes:
    """A bundled library with DT_HASH."""
    defines = ("vault_open", "vault_close", *_ZLIB[2:])
    packed = X86_64.words(0x40, 0b1011)
    return library(
        "libvault.so.1",
        defines=defines,
        uses=("malloc",),
        sysv=True,
        tables=[(DT_RELR, packed)],
        tags=[(DT_RELRSZ, len(packed))],
    )


def objects() -> tuple[bytes, ...]:
    """Objects of three forms."""
    return (
        module(),
        vault(),
        library("liba.so", defines=("a", "b"), uses=("c",), needs=("libc.so.6",), form=I386),
        library("liba.so", defines=("a", "b"), uses=("c",), sysv=True, form=S390X),
    )


def host() -> bytes:
    """A program that asks for its loader."""
    defines = ("main", "crc32", "vault_open")
    interpreter = [(PT_INTERP, 4, b"/lib64/ld-linux-x86-64.so.2\0")]
    needs = "libvault.so.1", "libc.so.6"
    return library(defines=defines, needs=needs, segments=interpreter, tags=[(DT_DEBUG, _DEBUG)])


def loader() -> bytes:
    """What is read of ld.so: its release and its directories."""
    texts = b"\0ld.so (x) stable release version 2.36.\n\0/etc/ld.so.cache\0"
    texts += b"/lib/x86_64-linux-gnu/\0/usr/lib/x86_64-linux-gnu/\0/lib/\0/usr/lib/\0"
    return library("ld-linux-x86-64.so.2", defines=("_dl_x",), segments=[(6, 4, texts)])


# -- wheels ---------------------------------------------------------------------------------------

Members = list[tuple[str, bytes]]


def members() -> Members:
    """The members of a wheel, without RECORD."""
    return [
        (MODULE, module()),
        ("x.libs/libvault.so.1", vault()),
        ("x-1.0.data/scripts/run", b"#!python\n"),
        ("x-1.0.dist-info/METADATA", b"Metadata-Version: 2.1\nName: x\nVersion: 1.0\n"),
        ("x-1.0.dist-info/WHEEL", b"Wheel-Version: 1.0\nTag: cp311-cp311-manylinux_2_17_x86_64\n"),
    ]


def record(files: Iterable[tuple[str, bytes]]) -> bytes:
    """The RECORD of these members."""
    rows = []
    for name, data in files:
        digest = urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        quoted = '"' + name.replace('"', '""') + '"' if set(name) & set(',"\r\n') else name
        rows.append(f"{quoted},sha256={digest},{len(data)}\n")
    text = "".join(rows) + "x-1.0.dist-info/RECORD,,\n"
    return text.encode("utf-8", "surrogateescape")


def wheel(files: Members, *, level: int = 1, recorded: bytes | None = None) -> bytes:
    """A wheel with these members, and its RECORD or another one."""
    stream = io.BytesIO()
    with (
        warnings.catch_warnings(),
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive,
    ):
        warnings.simplefilter("ignore")  # two members of one name
        for name, data in files:
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), data, 8 if level else 0)
        text = record(files) if recorded is None else recorded
        archive.writestr(zipfile.ZipInfo("x-1.0.dist-info/RECORD", (2020, 1, 1, 0, 0, 0)), text)
    return stream.getvalue()


# -- roots ----------------------------------------------------------------------------------------


def cache(old: bool = False) -> bytes:
    """An ld.so.cache of three libraries, one of them in a glibc-hwcaps subdirectory."""
    libraries = [
        (b"libvault.so.1", b"/opt/libvault.so.1", 0),
        (b"libc.so.6", b"/lib/x86_64-linux-gnu/libc.so.6", 0),
        (b"libz.so.1", b"/opt/glibc-hwcaps/x86-64-v2/libz.so.1", 1 << 62),
    ]
    head = 48 + 24 * len(libraries)
    strings, rows = b"\0x86-64-v2\0", b""
    for name, path, capabilities in libraries:
        at = head + len(strings)
        strings += name + b"\0" + path + b"\0"
        rows += struct.pack("<IIIIQ", 0x303, at, at + len(name) + 1, 0, capabilities)
    extension = -(-(head + len(strings)) // 4) * 4
    start = 48 if old else 0
    body = b"glibc-ld.so.cache1.1" + struct.pack(
        "<II4sI12x", len(libraries), len(strings), b"\2\0\0\0", start + extension
    )
    body += rows + strings
    body += bytes(extension - len(body))
    body += struct.pack("<6I", 0xEAA42174, 1, 1, 0, start + extension + 24, 4)
    body += struct.pack("<I", start + head + 1)
    return (b"ld.so-1.7.0\0" + bytes(36) if old else b"") + body


Entry = tuple[str, bytes, bytes]
"""Name, tarfile's type, and contents or the target of a link."""


def system() -> list[Entry]:
    """A root with a host, its loader, a cache and the databases of three package managers."""
    status = b"Package: vault\nStatus: install ok installed\nVersion: 1:2~3\n\nPackage: y\n"
    return [
        ("etc", tarfile.DIRTYPE, b""),
        ("etc/ld.so.cache", tarfile.REGTYPE, cache()),
        ("etc/ld.so.conf", tarfile.REGTYPE, b"include /etc/ld.so.conf.d/*.conf\n/opt\n"),
        ("etc/ld.so.conf.d/a.conf", tarfile.REGTYPE, b"# x\n/opt/a\n"),
        ("etc/os-release", tarfile.REGTYPE, b'ID=debian\nVERSION_ID="12"\n'),
        ("lib64", tarfile.SYMTYPE, b"lib/x86_64-linux-gnu"),
        ("lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", tarfile.REGTYPE, loader()),
        (
            "lib/x86_64-linux-gnu/libc.so.6",
            tarfile.REGTYPE,
            library("libc.so.6", defines=("malloc",)),
        ),
        ("opt/host", tarfile.REGTYPE, host()),
        ("opt/libvault.so.1", tarfile.REGTYPE, vault()),
        ("usr/bin/host", tarfile.LNKTYPE, b"opt/host"),
        ("var/lib/dpkg/status", tarfile.REGTYPE, status),
        ("var/lib/dpkg/info/vault:amd64.list", tarfile.REGTYPE, b"/.\n/opt/libvault.so.1\n"),
        ("proc/cpuinfo", tarfile.REGTYPE, b"flags\t: cx16 lahf_lm popcnt sse4_1 sse4_2 ssse3\n"),
        ("lib/apk/db/installed", tarfile.REGTYPE, b"P:m\nV:1.2\nF:opt\nR:libvault.so.1\n\n"),
    ]


SITE = "opt/site-packages"
_LOADED = (
    *("/opt/host", "/opt/libvault.so.1", "/lib/x86_64-linux-gnu/libc.so.6"),
    *("/lib64/ld-linux-x86-64.so.2", f"/{SITE}/{MODULE}", f"/{SITE}/x.libs/libvault.so.1"),
)
_BASES = range(0x10000, 0x10000 * (len(_LOADED) + 1), 0x10000)
_DEBUG, _STACK = 0x100000, 0x200000


def crashed() -> list[Entry]:
    """The root of the process whose core file is :func:`core`: a wheel is installed in it."""
    installed = [(f"{SITE}/{name}", tarfile.REGTYPE, data) for name, data in members()]
    return [*system(), *installed]


def core() -> bytes:
    """A process that has died in a module, with its link map and a stack of two frames."""
    files = {f"/{name}": data for name, _, data in crashed()}
    files["/lib64/ld-linux-x86-64.so.2"] = loader()
    texts, maps = b"", []
    names_at = _DEBUG + 0x200
    record_at = [_DEBUG + 0x40 + 0x40 * n for n in range(len(_LOADED))]
    for number, (path, base) in enumerate(zip(_LOADED, _BASES, strict=True)):
        name = b"" if not number else path.encode()
        around = record_at[number + 1 : number + 2] or [0]
        maps.append(X86_64.words(base, names_at + len(texts), _dynamic(files[path], base), *around))
        texts += name + b"\0"
    state = X86_64.words(1, record_at[0], 0, 0, _BASES[3])
    memory = state.ljust(0x40, b"\0") + b"".join(m.ljust(0x40, b"\0") for m in maps)
    memory = memory.ljust(0x200, b"\0") + texts
    # rip is in the module; what it was called by is at the top of the stack.
    registers = [0] * 27
    registers[16], registers[19], registers[4] = _BASES[4] + 0x40, _STACK, _STACK + 16
    stack = X86_64.words(_BASES[0] + 0x48, 0, 0, _BASES[4] + 0x48, 0, 0).ljust(0x100, b"\0")
    execfn = names_at + len(texts)
    memory = (memory + b"/opt/host\0").ljust(0x1000, b"\0")
    status = struct.pack("<12xh2xQQiiii", 11, 0, 0, 7, 1, 7, 7).ljust(112, b"\0")
    status += X86_64.words(*registers) + bytes(8)
    # Without PT_PHDR the headers do not say where the program is: its mapping does.
    auxv = X86_64.words(
        AT_PHDR, 64, AT_PHENT, 56, AT_PHNUM, 3, AT_EXECFN, execfn, AT_ENTRY, _BASES[0] + 64, 0, 0
    )
    mapped = X86_64.words(len(_LOADED), 4096)
    for path, base in zip(_LOADED, _BASES, strict=True):
        mapped += X86_64.words(base, base + len(files[path]), 0)
    mapped += b"".join(p.encode() + b"\0" for p in _LOADED)
    signal = struct.pack("<iii4xQ", 11, 0, 1, 8).ljust(128, b"\0")
    kinds = NT_PRSTATUS, NT_SIGINFO, NT_AUXV, NT_FILE
    notes = b"".join(note(k, d) for k, d in zip(kinds, (status, signal, auxv, mapped), strict=True))
    pieces = [(base, files[path]) for path, base in zip(_LOADED, _BASES, strict=True)]
    # The slots of the first two calls are bound to the library of the host.
    slots = X86_64.words(_BASES[1] + 64, _BASES[1] + 72)
    base, module_file = pieces[4]
    pieces[4] = base, module_file[:72] + slots + module_file[72 + len(slots) :]
    return core_file(notes, [*pieces, (_DEBUG, memory), (_STACK, stack)])


def _dynamic(data: bytes, base: int) -> int:
    """The address of the dynamic section of an object of :func:`library`, its second segment."""
    (address,) = struct.unpack_from("<Q", data, 64 + 56 + 16)
    return base + int(address)


def interposed() -> bytes:
    """A baseline of ``collide interposed`` with two findings."""
    keys = ("code", "victim", "provider", "symbols")
    found = [("COL104", "libb.so", "liba.so", ["xfree", "xmalloc"]), ("COL102", "libc", "host", [])]
    entries = [dict(zip(keys, one, strict=True)) for one in found]
    return json.dumps({"schema": "collide-interposed/1", "interposed": entries}).encode()


def tar(entries: Iterable[Entry], form: int = tarfile.GNU_FORMAT) -> bytes:
    """An archive of these entries."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as archive:
        for name, kind, data in entries:
            info = tarfile.TarInfo(name)
            info.type = kind
            if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
                info.linkname = data.decode("utf-8", "surrogateescape")
                archive.addfile(info)
            else:
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def rpm_header(name: bytes = b"vault", file: bytes = b"libvault.so.1") -> bytes:
    """The header of one package with one file in /opt (rpm file format)."""
    data = name + b"\x001.0\x002\0" + file + b"\0/opt/\0"
    data += bytes(-len(data) % 4)
    at = [0, len(name) + 1, len(name) + 5, len(name) + 7, len(name) + 8 + len(file)]
    tags = [(tag, 6, offset, 1) for tag, offset in zip((1000, 1001, 1002), at, strict=False)]
    tags += [(1117, 8, at[3], 1), (1118, 8, at[4], 1), (1116, 4, len(data), 1)]
    data += struct.pack(">I", 0)
    return (
        struct.pack(">2I", len(tags), len(data))
        + b"".join(struct.pack(">4I", *tag) for tag in tags)
        + data
    )


def image(layers: Iterable[bytes], *, docker: bool = False) -> tuple[list[Entry], bytes]:
    """The entries of an image's archive, and its manifest, by which they are found."""
    files: list[Entry] = []
    named = []
    for number, layer in enumerate(layers):
        packed = gzip.compress(layer, 1, mtime=0) if number % 2 else layer
        digest = hashlib.sha256(packed).hexdigest()
        path = f"{number}/layer.tar" if docker else f"blobs/sha256/{digest}"
        named.append(path if docker else f"sha256:{digest}")
        files.append((path, tarfile.REGTYPE, packed))
    if docker:
        document: object = [{"Layers": named, "RepoTags": ["x:1"], "Config": "c.json"}]
        return files, json.dumps(document).encode()
    kind = "application/vnd.oci.image.manifest.v1+json"
    config = json.dumps({"os": "linux", "architecture": "amd64"}).encode()
    config_digest = hashlib.sha256(config).hexdigest()
    files.append((f"blobs/sha256/{config_digest}", tarfile.REGTYPE, config))
    document = {
        "mediaType": kind,
        "config": {"digest": f"sha256:{config_digest}"},
        "layers": [{"digest": name} for name in named],
    }
    return files, json.dumps(document).encode()
