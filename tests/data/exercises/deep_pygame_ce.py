"""Surfaces, images, fonts, sounds, events, transforms, vectors and errors of pygame-ce with its SDL."""

import io
import os
import struct
import zlib

os.environ.update(SDL_VIDEODRIVER="dummy", SDL_AUDIODRIVER="dummy", PYGAME_HIDE_SUPPORT_PROMPT="1")
import pygame
import pygame.freetype
import pygame.gfxdraw
import pygame.mixer

print(sorted(k for k in (pygame.init(),)), pygame.display.get_driver())
screen = pygame.display.set_mode((160, 120))
for depth in (8, 16, 24, 32):
    s = pygame.Surface((64, 48), depth=depth)
    s.fill((200, 100, 50))
    pygame.draw.circle(s, (0, 255, 0), (30, 20), 15)
    pygame.draw.polygon(s, (0, 0, 255), [(1, 1), (60, 5), (20, 40)], 2)
    pygame.gfxdraw.aacircle(s, 30, 20, 10, (255, 255, 255)) if depth > 8 else None
    screen.blit(s.convert(), (depth, depth // 2))
    print(
        depth,
        s.get_at((30, 20))[:3],
        pygame.transform.rotozoom(s.convert_alpha(), 30, 1.5).get_size() if depth > 16 else "",
        pygame.transform.scale(s, (10, 10)).get_at((5, 5))[:3],
    )
for kind in ("png", "jpg", "bmp", "tga"):
    memory = io.BytesIO()
    pygame.image.save(screen, memory, f"a.{kind}")
    memory.seek(0)
    back = pygame.image.load(memory, f"a.{kind}")
    print(
        kind,
        back.get_size(),
        [
            abs(a - b) < 12
            for a, b in zip(back.get_at((40, 30)), screen.get_at((40, 30)), strict=False)
        ],
        back.get_bitsize(),
    )
gif = bytes.fromhex("47494638396101000100800000ff0000ffffff2c00000000010001000002024401003b")
webp = bytes.fromhex("524946461a000000574542505650384c0d0000002f00000010071011118888fe0700")
svg = b"<svg xmlns='http://www.w3.org/2000/svg' width='20' height='20'><rect width='20' height='20' fill='red'/></svg>"
for name, data in (
    ("a.gif", gif),
    ("a.webp", webp),
    ("a.svg", svg),
    ("a.png", b"\x89PNGxx"),
    ("a.jpg", b"\xff\xd8xx"),
    ("a.xcf", b"gimp xcf "),
):
    try:
        image = pygame.image.load(io.BytesIO(data), name)
        print(name, image.get_size(), image.get_at((0, 0))[:3])
    except pygame.error as e:
        print(name, type(e).__name__)
for size in (8, 20, 60):
    font = pygame.font.Font(None, size)
    print(
        size,
        font.size("Hello é"),
        font.get_height(),
        font.get_ascent(),
        font.metrics("Wg"),
        zlib.crc32(pygame.image.tobytes(font.render("Ag", True, (255, 255, 255)), "RGBA")),
    )
    font.set_bold(True)
    font.set_underline(True)
    print(
        font.render("many words that are wrapped", False, (1, 2, 3), None, 80).get_size(),
        font.size("x"),
    )
    f = pygame.freetype.Font(None, size)
    surface, rect = f.render("Text", (255, 0, 0), rotation=30, style=pygame.freetype.STYLE_OBLIQUE)
    print(
        rect,
        f.get_metrics("Wg"),
        f.get_sized_height(),
        f.name,
        zlib.crc32(pygame.image.tobytes(surface, "RGBA")),
    )
print(pygame.mixer.get_init())
wave = (
    b"RIFF"
    + struct.pack("<I", 36 + 8820)
    + b"WAVEfmt "
    + struct.pack("<IHHIIHH", 16, 1, 1, 44100, 88200, 2, 16)
    + b"data"
    + struct.pack("<I", 8820)
    + bytes(8820)
)
sound = pygame.mixer.Sound(io.BytesIO(wave))
channel = sound.play()
print(
    round(sound.get_length(), 2),
    channel.get_busy(),
    pygame.mixer.get_num_channels(),
    len(sound.get_raw()),
    channel.get_volume(),
)
pygame.mixer.music.load(io.BytesIO(wave), "wav")
pygame.mixer.music.play()
pygame.time.wait(20)
print(pygame.mixer.music.get_pos() >= 0)
flac = (
    b"fLaC\x80\0\0\x22"
    + struct.pack(">HH", 4096, 4096)
    + bytes(6)
    + struct.pack(">Q", (44100 << 44) | (1 << 41) | (15 << 36))
    + bytes(16)
)
for name, data in (
    ("ogg", b"OggS" + bytes(60)),
    ("mp3", b"\xff\xfb\x90\x64" + bytes(413)),
    ("flac", flac),
    ("mid", b"MThd\0\0\0\x06\0\0\0\1\0\x60MTrk\0\0\0\4\0\xff\x2f\0"),
    ("mod", bytes(1084)),
    ("opus", b"OggS\0\2" + bytes(80)),
):
    for load in (
        lambda d: pygame.mixer.Sound(io.BytesIO(d)),
        lambda d, n=name: pygame.mixer.music.load(io.BytesIO(d), n),
    ):
        try:
            load(data)
            print(name, "taken")
        except pygame.error as e:
            print(name, type(e).__name__)
pygame.event.post(pygame.event.Event(pygame.USEREVENT, code=7))
print(
    [e.code for e in pygame.event.get(pygame.USEREVENT)],
    pygame.Vector2(3, 4).length(),
    pygame.Rect(0, 0, 9, 9).colliderect((5, 5, 9, 9)),
    pygame.key.name(pygame.K_a),
    pygame.joystick.get_count(),
)
mask = pygame.mask.from_surface(font.render("O", True, (255, 255, 255)))
print(
    mask.count() > 10,
    len(mask.outline()) > 5,
    len(mask.connected_components()),
    pygame.math.lerp(0, 10, 0.5),
    pygame.time.get_ticks() >= 0,
)
pygame.quit()
print("end")
