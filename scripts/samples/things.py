"""What stands in the scenes: trees, houses, boats, balloons, flowers and signs, each with colours of its own."""

import numpy as np

from materials import colour
from shapes import SIGNS

# A sign's shape tells its colour, as on the road: hue, saturation, value.
SIGN_COLOURS = {
    'circle': (0.99, 0.85, 0.82),
    'triangle': (0.13, 0.85, 0.95),
    'square': (0.61, 0.80, 0.75),
    'cross': (0.39, 0.80, 0.62),
    'heart': (0.92, 0.55, 0.92),
}


def box(x, y, width, height):
    """A rectangle standing on y, its middle at x."""
    return [(x - width / 2, y - height), (x + width / 2, y - height), (x + width / 2, y), (x - width / 2, y)]


def conifer(canvas, x, y, size):
    canvas.cover(canvas.polygon(box(x, y, 0.18 * size, 0.3 * size)), 'bark')
    tiers = [(0.15, 0.62, 0.42), (0.42, 0.85, 0.33), (0.66, 1.05, 0.23)]
    mask = canvas.below(1)
    for foot, top, half in tiers:
        mask |= canvas.polygon([(x - half * size, y - foot * size), (x + half * size, y - foot * size), (x, y - top * size)])
    canvas.cover(mask, 'needles')


def tree(canvas, x, y, size):
    rng = canvas.rng
    canvas.cover(canvas.polygon(box(x, y, 0.14 * size, 0.5 * size)), 'bark')
    mask = canvas.disc(x, y - 0.68 * size, 0.38 * size)
    for _ in range(4):
        mask |= canvas.disc(x + rng.uniform(-0.22, 0.22) * size, y - rng.uniform(0.5, 0.85) * size, 0.24 * size)
    canvas.cover(mask, 'leaves')


def house(canvas, x, y, size):
    rng = canvas.rng
    width, height = size * rng.uniform(0.9, 1.3), size * rng.uniform(0.5, 0.7)
    canvas.cover(canvas.polygon(box(x, y, width, height)), rng.choice(['bricks', 'boards', 'plaster']))
    eaves, top = y - height, y - height - size * rng.uniform(0.35, 0.5)
    inset = rng.choice([0.5, 0.22]) * width  # A pointed roof or a hipped one.
    roof = [(x - 0.58 * width, eaves), (x + 0.58 * width, eaves), (x + 0.5 * width - inset, top), (x - 0.5 * width + inset, top)]
    canvas.cover(canvas.polygon(roof), rng.choice(['tiles', 'slate']))
    glow = canvas.hour == 'night'
    glass = colour(0.13, 0.65, 1.0) if glow else colour(0.56, 0.35, rng.uniform(0.35, 0.6))
    for side in (-0.3, 0.3):
        canvas.paint(canvas.polygon(box(x + side * width, y - 0.42 * height, 0.2 * width, 0.36 * height)), glass, lit=not glow)
    canvas.paint(canvas.polygon(box(x, y, 0.18 * width, 0.6 * height)), colour(0.07, 0.65, 0.35))


def sign(canvas, x, y, size):
    rng = canvas.rng
    name = rng.choice(list(SIGN_COLOURS))
    outline = SIGNS[name][0](rng)[0] * 0.42 * size + [x, y - size]
    middle = np.array([x, y - size])
    canvas.paint(canvas.polygon(box(x, y, 0.07 * size, 0.8 * size)), colour(0.6, 0.04, 0.55))
    canvas.paint(canvas.polygon(middle + (outline - middle) * 1.22), colour(0, 0, 0.97))
    hue, saturation, value = SIGN_COLOURS[name]
    canvas.paint(canvas.polygon(outline), colour(hue, saturation, value * rng.uniform(0.75, 1.05)))


def boat(canvas, horizon):
    rng = canvas.rng
    size, x = rng.uniform(0.16, 0.3), rng.uniform(0.2, 0.8)
    y = horizon + rng.uniform(0.35, 0.6) * size
    hull = [(x - 0.5 * size, y - 0.16 * size), (x + 0.5 * size, y - 0.16 * size), (x + 0.32 * size, y + 0.1 * size), (x - 0.34 * size, y + 0.1 * size)]
    canvas.paint(canvas.polygon(hull), colour(0.0, 0.75, rng.uniform(0.45, 0.8)))
    canvas.paint(canvas.polygon([(x, y - 1.15 * size), (x, y - 0.2 * size), (x + 0.42 * size, y - 0.2 * size)]), colour(0.12, 0.05, 0.98))
    canvas.paint(canvas.polygon([(x - 0.04 * size, y - size), (x - 0.04 * size, y - 0.2 * size), (x - 0.34 * size, y - 0.2 * size)]), colour(0.12, 0.07, 0.9))


def balloon(canvas, horizon):
    """A hot-air balloon of red and yellow gores."""
    rng = canvas.rng
    size, x = rng.uniform(0.09, 0.14), rng.uniform(0.15, 0.85)
    y = max(size + 0.02, horizon * rng.uniform(0.25, 0.5))
    envelope = canvas.disc(x, y, size) | canvas.polygon([(x - 0.85 * size, y + 0.5 * size), (x + 0.85 * size, y + 0.5 * size), (x + 0.2 * size, y + 1.35 * size), (x - 0.2 * size, y + 1.35 * size)])
    around = np.arcsin(np.clip((canvas.x - x) / np.sqrt(np.maximum(size**2 - 0.6 * (canvas.y - y) ** 2, 1e-4)), -1, 1))
    red = np.floor(around / np.pi * 6 + 0.5) % 2 == 0
    canvas.paint(envelope & red, colour(0.0, 0.85, rng.uniform(0.6, 0.85)))
    canvas.paint(envelope & ~red, colour(0.13, 0.8, rng.uniform(0.85, 1.0)))
    canvas.paint(canvas.polygon(box(x, y + 1.8 * size, 0.4 * size, 0.32 * size)), colour(0.07, 0.6, 0.4))


def flowers(canvas, edge):
    """Poppies: dark discs; daisies: bright ones with a yellow eye."""
    rng, poppies = canvas.rng, canvas.rng.random() < 0.5
    for x, y in rng.uniform(0, 1, (rng.integers(6, 16), 2)) * [1, 0.97 - edge] + [0, edge + 0.03]:
        size = 0.014 + 0.022 * (y - edge)
        canvas.paint(canvas.disc(x, y, size), colour(0.0, 0.9, 0.72) if poppies else colour(0.1, 0.02, 1.0))
        canvas.paint(canvas.disc(x, y, 0.4 * size), colour(0.0, 0.5, 0.15) if poppies else colour(0.13, 0.9, 0.95))


def settle(canvas, horizon, edge, ground):
    """Puts houses, trees and a sign on the land, the far ones first."""
    rng = canvas.rng
    if ground == 'meadow' and rng.random() < 0.5:
        flowers(canvas, edge)
    feet = np.sort(rng.uniform(edge, 0.95, rng.integers(1, 5)))
    for y, slot in zip(feet, rng.permutation(4)):  # Side by side more than behind each other.
        x, near = (slot + rng.uniform(0.2, 0.8)) / 4, 0.16 + 0.35 * (y - horizon)
        kind = rng.choice([house, conifer, tree, sign], p=[0.3, 0.25, 0.2, 0.25] if ground != 'snow' else [0.3, 0.5, 0, 0.2])
        kind(canvas, x, y, near * rng.uniform(1.0, 1.4))
