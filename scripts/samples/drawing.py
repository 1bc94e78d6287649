"""Draws a sign on a background: 32 x 32 pixels, RGB, 8 bits.

A picture depends on (seed, split, class, number) alone, so that any one can be drawn again by itself
and no training picture ever turns up among the held-out ones.
"""

import colorsys

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from shapes import CLASSES, SIGNS

SIZE = 32
FINE = 8  # Everything is drawn this many times larger and averaged down: smooth edges.
SPLITS = ['train', 'validation', 'held-out']


def generator(seed, split, label, number):
    """The random stream of one picture."""
    return np.random.default_rng([seed, SPLITS.index(split), label, number])


def colour(hue, saturation, value):
    """RGB in [0, 1], shape (3,)."""
    return np.array(colorsys.hsv_to_rgb(hue % 1.0, saturation, value))


def luma(rgb):
    return float(rgb @ np.array([0.299, 0.587, 0.114]))


def colours(rng):
    """(sign, background): two colours that can be told apart, also in grey."""
    while True:
        if rng.random() < 0.6:  # A strong sign on a pale wall ...
            ground = colour(rng.random(), rng.uniform(0.05, 0.35), rng.uniform(0.80, 0.98))
            sign = colour(rng.random(), rng.uniform(0.55, 0.95), rng.uniform(0.35, 0.90))
        else:  # ... or a light sign on a dark one.
            ground = colour(rng.random(), rng.uniform(0.35, 0.80), rng.uniform(0.18, 0.50))
            sign = colour(rng.random(), rng.uniform(0.10, 0.80), rng.uniform(0.80, 1.00))
        if abs(luma(sign) - luma(ground)) > 0.28:
            return sign, ground


def background(rng, base):
    """A wall of slowly changing colour, at times with faint stripes, dots or a second tone. (SIZE, SIZE, 3)."""
    y, x = (np.mgrid[0:SIZE, 0:SIZE] + 0.5) / SIZE - 0.5
    angle = rng.uniform(0, 2 * np.pi)
    along = x * np.cos(angle) + y * np.sin(angle)
    across = -x * np.sin(angle) + y * np.cos(angle)
    shade = rng.uniform(0.05, 0.22) * along
    kind = rng.choice(['plain', 'stripes', 'dots', 'halves'], p=[0.4, 0.2, 0.2, 0.2])
    depth, period = rng.uniform(0.02, 0.05), rng.uniform(0.14, 0.30)
    if kind == 'stripes':
        shade = shade + depth * np.sin(2 * np.pi * along / period)
    elif kind == 'dots':
        shade = shade + depth * np.sin(2 * np.pi * along / period) * np.sin(2 * np.pi * across / period)
    elif kind == 'halves':
        edge = (across - rng.uniform(-0.3, 0.3)) * SIZE
        shade = shade + depth * np.clip(2 * edge, -1, 1)
    tint = colour(rng.random(), 0.5, 1.0) - 0.75
    return base + shade[..., None] + 0.10 * tint * across[..., None]


def cover(polygons, values, width=0):
    """Share of each pixel covered by polygons (in fine pixels), painted in order. (SIZE, SIZE) in [0, 1]."""
    canvas = Image.new('L', (SIZE * FINE, SIZE * FINE))
    pen = ImageDraw.Draw(canvas)
    for polygon, value in zip(polygons, values):
        points = [tuple(p) for p in polygon]
        pen.polygon(points, fill=value)
        if width > 0:
            pen.line(points + points[:2], fill=255, width=width, joint='curve')
    return canvas.reduce(FINE)


def layer(picture, rgb, mask):
    """Paints a colour, (3,) or (SIZE, SIZE, 3), through a mask."""
    alpha = np.asarray(mask, dtype=np.float64)[..., None] / 255
    return picture * (1 - alpha) + rgb * alpha


def draw(label, rng):
    """One picture of class number `label`: uint8, shape (SIZE, SIZE, 3)."""
    shape, turn = SIGNS[CLASSES[label]]
    outer, holes = shape(rng)
    angle = np.radians(rng.uniform(-turn, turn))
    rotate = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    radius = rng.uniform(8.5, 13.0)
    room = SIZE / 2 - radius - 1.5
    centre = SIZE / 2 + rng.uniform(-1, 1, size=2) * room
    polygons = [(p @ rotate * radius + centre) * FINE for p in [outer, *holes]]
    values = [255] + [0] * len(holes)

    sign, ground = colours(rng)
    picture = background(rng, ground)
    body = cover(polygons, values)
    if rng.random() < 0.6:  # A soft shadow below.
        shadow = cover([p + np.array([0.6, 1.4]) * FINE for p in polygons], values)
        shadow = shadow.filter(ImageFilter.GaussianBlur(1.0)).point(lambda v: v * 0.35)
        picture = layer(picture, picture * 0.25, shadow)
    if rng.random() < 0.5:  # A rim, lighter or darker than the sign.
        rim = np.clip(sign * rng.uniform(0.35, 0.6), 0, 1) if rng.random() < 0.5 else sign * 0.3 + 0.7
        picture = layer(picture, rim, cover(polygons, values, width=int(FINE * rng.uniform(1.6, 2.6))))
    light = np.linspace(0.08, -0.08, SIZE)[:, None, None] * rng.uniform(0, 1.2)
    picture = layer(picture, sign + light, body)

    picture = picture + rng.normal(0, rng.uniform(0.002, 0.02), size=picture.shape)
    return np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8)


def collection(seed, split, per_class):
    """`per_class` pictures of every class: (uint8 of shape (n, SIZE, SIZE, 3), labels of shape (n,))."""
    labels = np.repeat(np.arange(len(CLASSES)), per_class)
    numbers = np.tile(np.arange(per_class), len(CLASSES))
    pictures = [draw(int(c), generator(seed, split, int(c), int(n))) for c, n in zip(labels, numbers)]
    return np.stack(pictures), labels


def contact_sheet(pictures, columns, zoom=3, gap=6):
    """All pictures side by side on white, enlarged without smoothing, for a person to look at."""
    rows = -(-len(pictures) // columns)
    step = SIZE * zoom + gap
    sheet = Image.new('RGB', (columns * step + gap, rows * step + gap), 'white')
    for i, picture in enumerate(pictures):
        tile = Image.fromarray(picture).resize((SIZE * zoom, SIZE * zoom), Image.Resampling.NEAREST)
        sheet.paste(tile, (gap + i % columns * step, gap + i // columns * step))
    return sheet
