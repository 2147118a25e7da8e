"""Shapes drawn, rotated, zoomed, filtered and timed on surfaces without a screen, by SDL2_gfx."""

import os
import warnings

os.environ["SDL_VIDEODRIVER"] = "dummy"
warnings.simplefilter("ignore")
import ctypes

from sdl2 import (
    SDL_PIXELFORMAT_ARGB8888,
    SDL_CreateRGBSurfaceWithFormat,
    SDL_CreateSoftwareRenderer,
    SDL_DestroyRenderer,
    SDL_FreeSurface,
    SDL_Init,
    SDL_Quit,
    SDL_RenderClear,
    SDL_SetRenderDrawColor,
    sdlgfx,
)

print(SDL_Init(0))
surface = SDL_CreateRGBSurfaceWithFormat(0, 80, 60, 32, SDL_PIXELFORMAT_ARGB8888)
renderer = SDL_CreateSoftwareRenderer(surface)


def pixels(s):
    raw = ctypes.string_at(s.contents.pixels, s.contents.pitch * s.contents.h)
    return sum(1 for i in range(0, len(raw), 4) if raw[i : i + 3] != b"\0\0\0")


for name, arguments in (
    ("pixelRGBA", (5, 5)),
    ("hlineRGBA", (2, 40, 7)),
    ("vlineRGBA", (3, 2, 50)),
    ("rectangleRGBA", (5, 5, 40, 30)),
    ("roundedRectangleRGBA", (5, 5, 60, 50, 6)),
    ("boxRGBA", (10, 10, 30, 20)),
    ("roundedBoxRGBA", (10, 10, 50, 40, 5)),
    ("lineRGBA", (0, 0, 70, 50)),
    ("aalineRGBA", (0, 0, 70, 33)),
    ("circleRGBA", (40, 30, 20)),
    ("arcRGBA", (40, 30, 20, 10, 120)),
    ("aacircleRGBA", (40, 30, 22)),
    ("filledCircleRGBA", (40, 30, 15)),
    ("ellipseRGBA", (40, 30, 30, 10)),
    ("aaellipseRGBA", (40, 30, 30, 10)),
    ("filledEllipseRGBA", (40, 30, 30, 10)),
    ("pieRGBA", (40, 30, 20, 0, 90)),
    ("filledPieRGBA", (40, 30, 20, 0, 90)),
    ("trigonRGBA", (5, 5, 60, 10, 30, 50)),
    ("aatrigonRGBA", (5, 5, 60, 10, 30, 50)),
    ("filledTrigonRGBA", (5, 5, 60, 10, 30, 50)),
    ("thickLineRGBA", (5, 5, 60, 40, 4)),
):
    SDL_SetRenderDrawColor(renderer, 0, 0, 0, 255)
    SDL_RenderClear(renderer)
    result = getattr(sdlgfx, name)(renderer, *arguments, 200, 100, 50, 255)
    print(name, result, pixels(surface))
xs, ys = ((ctypes.c_int16 * 4)(*v) for v in ((5, 70, 60, 10), (5, 8, 50, 55)))
for name, more in (
    ("polygonRGBA", ()),
    ("aapolygonRGBA", ()),
    ("filledPolygonRGBA", ()),
    ("bezierRGBA", (3,)),
):
    SDL_SetRenderDrawColor(renderer, 0, 0, 0, 255)
    SDL_RenderClear(renderer)
    print(name, getattr(sdlgfx, name)(renderer, xs, ys, 4, *more, 9, 200, 50, 255), pixels(surface))
print(sdlgfx.stringRGBA(renderer, 5, 5, b"Text", 255, 255, 255, 255), pixels(surface) > 50)
for angle, zoom in ((0, 1.0), (45, 1.5), (90, 0.5), (30, 2.0)):
    made = sdlgfx.rotozoomSurface(surface, angle, zoom, 1)
    print(angle, zoom, made.contents.w, made.contents.h, pixels(made) > 0)
    SDL_FreeSurface(made)
for made in (
    sdlgfx.zoomSurface(surface, 2.0, 0.5, 1),
    sdlgfx.shrinkSurface(surface, 2, 2),
    sdlgfx.rotateSurface90Degrees(surface, 1),
):
    print(made.contents.w, made.contents.h)
    SDL_FreeSurface(made)
manager = sdlgfx.FPSManager()
sdlgfx.SDL_initFramerate(ctypes.byref(manager))
print(
    sdlgfx.SDL_setFramerate(ctypes.byref(manager), 50),
    sdlgfx.SDL_getFramerate(ctypes.byref(manager)),
    sdlgfx.SDL_getFramecount(ctypes.byref(manager)),
)
for _ in range(3):
    sdlgfx.SDL_framerateDelay(ctypes.byref(manager))
print(sdlgfx.SDL_setFramerate(ctypes.byref(manager), 9999))
SDL_DestroyRenderer(renderer)
SDL_FreeSurface(surface)
SDL_Quit()
