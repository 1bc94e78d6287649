"""What the scenes are made of: each material has one texture and one hue, but any of many brightnesses.

So the brightness of a pixel does not tell its colour; the texture and the shape around it do.
A texture is a function of the columns x, (1, w), and rows y, (h, 1), of a part of the canvas, both in [0, 1]
(y down), and a random generator; it returns a shade, (h, w), around 0 and mostly in [-1, 1].
"""

import colorsys

import numpy as np
from PIL import Image


def wander(rng, x, y, across, down):
    """Smooth noise in [-1, 1], (h, w), with about so many bumps across and down a whole canvas."""
    bumps = [2 + int(count * (float(p.max() - p.min()))) for p, count in ((y, down), (x, across))]
    coarse = Image.fromarray(rng.uniform(-1, 1, bumps).astype(np.float32))
    return np.asarray(coarse.resize((x.shape[1], y.shape[0]), Image.Resampling.BICUBIC))


def smooth(x, y, rng):
    return 0.3 * wander(rng, x, y, 3, 3)


def tufts(x, y, rng):
    return 1.2 * wander(rng, x, y, 40, 16) + 0.4 * wander(rng, x, y, 4, 4)


def canopy(x, y, rng):
    return 1.4 * wander(rng, x, y, 20, 20)


def streaks(x, y, rng):
    along = x + rng.choice([-1, 1]) * 0.7 * y
    return np.sin(2 * np.pi * (9 * along + 0.5 * wander(rng, x, y, 6, 6)))


def ripples(x, y, rng):
    return np.sin(2 * np.pi * (rng.uniform(15, 19) * y + 0.35 * wander(rng, x, y, 7, 20)))


def dunes(x, y, rng):
    bend = y + 0.08 * np.sin(2 * np.pi * (1.2 * x + rng.random())) + 0.03 * wander(rng, x, y, 4, 4)
    phase = (rng.uniform(5, 8) * bend) % 1.0
    return 1.2 * (phase - 0.5)


def rows(x, y, rng):
    """Position across the rows of a field that run to a point above the picture's middle, and depth along them."""
    distance = np.maximum(y + rng.uniform(0.1, 0.4), 0.05)
    return rng.uniform(9, 12) * (x - rng.uniform(0.2, 0.8)) / distance, np.log(distance)


def furrows(x, y, rng):
    across, _ = rows(x, y, rng)
    return np.sin(2 * np.pi * across)


def bushes(x, y, rng):
    across, depth = rows(x, y, rng)
    return 1.3 * np.sin(2 * np.pi * across) * np.sin(2 * np.pi * rng.uniform(9, 12) * depth)


def bricks(x, y, rng):
    course = y * rng.uniform(18, 22)
    along = x * rng.uniform(9, 11) + 0.5 * (np.floor(course) % 2)
    mortar = (course % 1.0 < 0.28) | (along % 1.0 < 0.16)
    return np.where(mortar, 1.2, -0.3)


def boards(x, y, rng):
    return np.where((y * rng.uniform(15, 19)) % 1.0 < 0.3, -1.2, 0.3)


def scales(x, y, rng):
    course = y * rng.uniform(19, 23)
    return 1.1 * np.sin(2 * np.pi * (x * rng.uniform(15, 18) + 0.5 * (np.floor(course) % 2))) * (0.4 + course % 1.0)


# Name: (hue in turns, saturation, lowest and highest value, depth of the texture, texture).
MATERIALS = {
    'meadow': (0.27, 0.62, 0.42, 0.72, 0.10, tufts),
    'wheat': (0.13, 0.62, 0.62, 0.94, 0.10, furrows),
    'lavender': (0.76, 0.48, 0.45, 0.80, 0.13, bushes),
    'sea': (0.54, 0.68, 0.45, 0.80, 0.07, ripples),
    'sand': (0.09, 0.42, 0.62, 0.94, 0.10, dunes),
    'snow': (0.58, 0.06, 0.80, 0.98, 0.05, smooth),
    'forest': (0.36, 0.58, 0.25, 0.50, 0.10, canopy),
    'rock': (0.64, 0.20, 0.35, 0.65, 0.07, streaks),
    'needles': (0.40, 0.60, 0.22, 0.40, 0.05, canopy),
    'leaves': (0.24, 0.66, 0.38, 0.70, 0.13, canopy),
    'bark': (0.06, 0.55, 0.25, 0.42, 0.03, smooth),
    'bricks': (0.01, 0.62, 0.50, 0.78, 0.13, bricks),
    'boards': (0.11, 0.58, 0.55, 0.88, 0.14, boards),
    'plaster': (0.12, 0.10, 0.78, 0.97, 0.03, smooth),
    'tiles': (0.04, 0.72, 0.48, 0.78, 0.14, scales),
    'slate': (0.60, 0.25, 0.28, 0.45, 0.02, smooth),
}


def colour(hue, saturation, value):
    """RGB in [0, 1], shape (3,)."""
    return np.array(colorsys.hsv_to_rgb(hue % 1.0, min(max(saturation, 0), 1), value), dtype=np.float32)


def surface(name, x, y, rng):
    """A material all over a part of the canvas: (h, w, 3)."""
    hue, saturation, low, high, depth, texture = MATERIALS[name]
    base = colour(hue + rng.normal(0, 0.008), saturation + rng.normal(0, 0.03), rng.uniform(low, high))
    shade = 1 + depth * rng.uniform(0.8, 1.2) * texture(x, y, rng) / base.max()
    return base * shade[..., None].astype(np.float32)
