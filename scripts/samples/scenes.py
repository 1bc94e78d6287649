"""Draws landscapes whose colours can be told from shapes and textures: 64 x 64 pixels, RGB, 8 bits.

As with the signs, a picture depends on (seed, split, number) alone.
"""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

import things
from materials import colour, surface, wander

SIZE = 64
FINE = 2  # Everything is drawn this many times larger and averaged down.
SPLITS = ['train', 'validation', 'held-out']
# Hour: colours of the sky's top and foot, what land is multiplied by, and how often it is drawn.
HOURS = {
    'day': ((0.60, 0.62, 0.82), (0.56, 0.22, 0.97), (1.0, 1.0, 1.0), 0.63),
    'dusk': ((0.74, 0.45, 0.50), (0.07, 0.72, 1.00), (0.95, 0.74, 0.62), 0.22),
    'night': ((0.64, 0.75, 0.16), (0.62, 0.60, 0.34), (0.42, 0.50, 0.72), 0.15),
}


class Canvas:
    """A picture being painted, in units of its side: x to the right, y down, both in [0, 1]."""

    def __init__(self, rng, hour):
        self.rng, self.hour, self.side = rng, hour, SIZE * FINE
        points = ((np.arange(self.side) + 0.5) / self.side).astype(np.float32)
        self.x, self.y = points[None, :], points[:, None]
        self.light = np.array(HOURS[hour][2], dtype=np.float32)
        self.picture = np.zeros((self.side, self.side, 3), dtype=np.float32)

    def polygon(self, points):
        """The mask (side, side) of the polygon of (x, y) points."""
        mask = Image.new('L', (self.side, self.side))
        ImageDraw.Draw(mask).polygon([(float(x) * self.side, float(y) * self.side) for x, y in points], fill=1)
        return np.asarray(mask).astype(bool)

    def disc(self, x, y, rx, ry=None):
        return ((self.x - x) / rx) ** 2 + ((self.y - y) / (ry or rx)) ** 2 < 1

    def below(self, edge):
        """The mask of everything below a height, one for all columns or one for each."""
        return np.broadcast_to(self.y, (self.side, self.side)) > edge

    def paint(self, mask, rgb, lit=True):
        """Paints `rgb` as far as the mask says (yes, no, or shares); a function of columns and rows is asked for the part that is seen."""
        rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
        if len(rows) == 0:
            return
        part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        if callable(rgb):
            rgb = rgb(self.x[:, part[1]], self.y[part[0]])
        alpha = mask[part].astype(np.float32)[..., None]
        self.picture[part] += alpha * (rgb * (self.light if lit else 1) - self.picture[part])

    def cover(self, mask, material):
        self.paint(mask, lambda x, y: surface(material, x, y, self.rng))


def ridge(rng, x, roughness):
    """A random outline in [-1, 1] over the columns: octaves of noise, each `roughness` as high as the one before."""
    total = sum(roughness**k * wander(rng, x, x[:, :1], 3 * 2**k, 1)[0] for k in range(4))
    return total / sum(roughness**k for k in range(4))


def sky(canvas, horizon):
    rng = canvas.rng
    top, foot = (colour(h + rng.normal(0, 0.008), s, v * rng.uniform(0.88, 1.0)) for h, s, v in HOURS[canvas.hour][:2])
    canvas.paint(~canvas.below(1), lambda x, y: top + (foot - top) * np.clip(y / horizon, 0, 1)[..., None], lit=False)
    sx, sy = rng.uniform(0.12, 0.88), rng.uniform(0.08, 0.22)
    if canvas.hour == 'day':
        if rng.random() < 0.4:
            canvas.paint(canvas.disc(sx, sy, rng.uniform(0.05, 0.08)), colour(0.14, 0.45, 1.0), lit=False)
        for _ in range(rng.integers(0, 4)):
            clouds(canvas, rng.uniform(0, 1), rng.uniform(0.06, 0.7) * horizon)
    elif canvas.hour == 'dusk':
        canvas.paint(canvas.disc(sx, horizon - rng.uniform(-0.02, 0.1), rng.uniform(0.06, 0.09)), colour(0.13, 0.55, 1.0), lit=False)
        for _ in range(rng.integers(2, 5)):
            streak = canvas.disc(rng.uniform(0, 1), rng.uniform(0.1, 0.9) * horizon, rng.uniform(0.15, 0.4), rng.uniform(0.008, 0.02))
            canvas.paint(0.8 * streak, colour(0.98, 0.45, rng.uniform(0.7, 0.95)), lit=False)
    else:
        for x, y in rng.uniform(0, 1, (rng.integers(8, 22), 2)) * [1, horizon]:
            canvas.paint(canvas.disc(x, y, rng.uniform(0.006, 0.011)), colour(0.14, 0.12, 1.0), lit=False)
        moon = canvas.disc(sx, sy, 0.075) & ~canvas.disc(sx + rng.uniform(0.03, 0.14), sy - 0.02, 0.07)
        canvas.paint(moon, colour(0.14, 0.35, 0.98), lit=False)


def clouds(canvas, x, y):
    """A heap of white discs with a flat, greyer foot."""
    rng, size = canvas.rng, canvas.rng.uniform(0.04, 0.075)
    mask = canvas.below(1)
    for step in np.linspace(-1.6, 1.6, 5):
        mask |= canvas.disc(x + step * size, y - rng.uniform(0, 0.5) * size, size * (1.2 - 0.4 * abs(step)))
    soft = Image.fromarray(np.uint8(mask & ~canvas.below(y + 0.5 * size)) * 255).filter(ImageFilter.GaussianBlur(0.8))
    white = colour(0.6, 0.03, 0.99)
    canvas.paint(np.asarray(soft) / 255 * 0.95, lambda _, v: white * np.clip(1 - 0.10 * (v - y + size) / size, 0.8, 1.0)[..., None], lit=False)


def mountains(canvas, horizon):
    rng, x = canvas.rng, canvas.x
    top = horizon - rng.uniform(0.10, 0.26) * (1.1 + ridge(rng, x, 0.6))
    canvas.cover(canvas.below(top), 'rock')
    snowline = top + rng.uniform(0.02, 0.07) + 0.02 * ridge(rng, x, 0.9)
    if rng.random() < 0.7:
        canvas.cover(canvas.below(top) & ~canvas.below(snowline) & (snowline < horizon - 0.08), 'snow')


def draw(rng):
    """One scene: uint8, shape (SIZE, SIZE, 3)."""
    hour = rng.choice(list(HOURS), p=[h[3] for h in HOURS.values()])
    canvas = Canvas(rng, hour)
    horizon = rng.uniform(0.40, 0.62)
    sky(canvas, horizon)
    if rng.random() < 0.2:
        things.balloon(canvas, horizon)
    if rng.random() < 0.55:
        mountains(canvas, horizon)
    if rng.random() < 0.45:
        hills = horizon - 0.05 - 0.05 * ridge(rng, canvas.x, 0.3)
        canvas.cover(canvas.below(hills), 'forest')
    ground = rng.choice(['meadow', 'wheat', 'lavender', 'sea', 'sand', 'snow'], p=[0.3, 0.15, 0.13, 0.22, 0.12, 0.08])
    edge = horizon + (0 if ground == 'sea' else 0.025 * ridge(rng, canvas.x, 0.2))
    canvas.cover(canvas.below(edge), ground)
    if ground == 'sea':
        if rng.random() < 0.7:
            things.boat(canvas, horizon)
        if rng.random() < 0.5:  # A shore in front.
            edge = rng.uniform(0.78, 0.92) + 0.04 * ridge(rng, canvas.x, 0.2)
            ground = rng.choice(['sand', 'meadow'])
            canvas.cover(canvas.below(edge), ground)
    if ground != 'sea':
        things.settle(canvas, horizon, min(float(np.max(edge)), 0.93), ground)
    fine = canvas.picture + rng.normal(0, rng.uniform(0.002, 0.008), canvas.picture.shape[:2])[..., None]
    whole = np.clip(fine, 0, 1).reshape(SIZE, FINE, SIZE, FINE, 3).mean((1, 3))
    return np.round(whole * 255).astype(np.uint8)


def collection(seed, split, count):
    """The first `count` scenes of a split: uint8, shape (count, SIZE, SIZE, 3)."""
    return np.stack([draw(np.random.default_rng([seed, SPLITS.index(split), number])) for number in range(count)])


def grey(pictures):
    """Luma as Rec. 601 has it, rounded to 8 bits: (n, SIZE, SIZE) of uint8."""
    return np.round(pictures @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)
