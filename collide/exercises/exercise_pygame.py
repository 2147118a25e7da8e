# packages: pygame, pygame-ce
"""SDL with its image, font and mixer libraries, without a screen."""

import os

os.environ.update(SDL_VIDEODRIVER="dummy", SDL_AUDIODRIVER="dummy", PYGAME_HIDE_SUPPORT_PROMPT="1")
import pygame

pygame.init()
surface = pygame.Surface((64, 64))
pygame.draw.circle(surface, (10, 200, 100), (32, 32), 20)
for name in ("x.png", "x.jpg", "x.bmp", "x.tga"):
    pygame.image.save(surface, name)
    print(name, pygame.image.load(name).get_at((32, 32))[1] > 180)
print(
    pygame.font.Font(None, 24).size("office AVATAR"),
    pygame.transform.rotozoom(surface, 30, 2).get_size(),
)
print(pygame.mixer.Sound(buffer=bytes(44100)).get_length() > 0, pygame.get_init())
pygame.quit()
