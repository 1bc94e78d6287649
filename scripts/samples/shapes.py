"""The ten signs as polygons.

A sign is drawn upright inside the square [-1, 1] x [-1, 1] with y pointing down, as pictures have it.
Every function takes a `numpy.random.Generator`, which varies the proportions a little, and returns
(outer, holes): one polygon of shape (points, 2) and a list of polygons cut out of it.
"""

import numpy as np

ROUND = 96  # Points of a full circle: at 32 pixels the corners cannot be seen.


def arc(centre, radius, start, stop, points=ROUND):
    """Points on a circle from angle `start` to `stop` (radians), both included. Shape (points, 2)."""
    angles = np.linspace(start, stop, points)
    return np.stack([centre[0] + radius * np.cos(angles), centre[1] + radius * np.sin(angles)], axis=1)


def arrow(rng):
    shaft, head, neck = rng.uniform(0.20, 0.30), rng.uniform(0.66, 0.82), rng.uniform(-0.10, 0.14)
    outer = [(0, -0.95), (head, neck), (shaft, neck), (shaft, 0.90), (-shaft, 0.90), (-shaft, neck), (-head, neck)]
    return np.array(outer), []


def circle(rng):
    return arc((0, 0), rng.uniform(0.84, 0.94), 0, 2 * np.pi), []


def cross(rng):
    arm = rng.uniform(0.22, 0.34)
    quarter = np.array([(arm, -0.92), (arm, -arm), (0.92, -arm)])
    turn = np.array([[0, 1], [-1, 0]])  # A quarter turn of row vectors.
    return np.concatenate([quarter @ np.linalg.matrix_power(turn, k) for k in range(4)]), []


def heart(rng):
    t = np.linspace(0, 2 * np.pi, ROUND, endpoint=False)
    x = 16 * np.sin(t) ** 3
    y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t))
    return np.stack([x / 17.2 * rng.uniform(0.94, 1.04), (y - 2.5) / 16.0], axis=1), []


def house(rng):
    wall, eaves, floor = rng.uniform(0.58, 0.70), rng.uniform(-0.20, -0.04), 0.86
    roof = wall + rng.uniform(0.16, 0.28)
    outer = [(0, -0.92), (roof, eaves), (wall, eaves), (wall, floor), (-wall, floor), (-wall, eaves), (-roof, eaves)]
    half, top, side = rng.uniform(0.15, 0.20), rng.uniform(0.20, 0.32), rng.uniform(-0.22, 0.22)
    door = [(side - half, top), (side + half, top), (side + half, floor), (side - half, floor)]
    return np.array(outer), [np.array(door)]


def moon(rng):
    # The crescent's two circles meet at angle +-tip on the outer one; the inner one lies to the right.
    radius, tip, shift = 0.92, rng.uniform(0.75, 0.95), rng.uniform(0.30, 0.40)
    meet = radius * np.array([np.cos(tip), np.sin(tip)])
    inner = np.hypot(meet[0] - shift, meet[1])
    angle = np.arctan2(meet[1], meet[0] - shift)
    outside = arc((0, 0), radius, tip, 2 * np.pi - tip)
    inside = arc((shift, 0), inner, 2 * np.pi - angle, angle)
    return np.concatenate([outside, inside[1:-1]]) + np.array([0.12, 0]), []


def ring(rng):
    radius = rng.uniform(0.86, 0.95)
    return arc((0, 0), radius, 0, 2 * np.pi), [arc((0, 0), radius * rng.uniform(0.50, 0.64), 0, 2 * np.pi)]


def square(rng):
    half, ratio = rng.uniform(0.70, 0.80), rng.uniform(0.94, 1.06)
    w, h = half * ratio, half / ratio
    return np.array([(-w, -h), (w, -h), (w, h), (-w, h)]), []


def star(rng):
    inner = rng.uniform(0.40, 0.48)
    radii = np.where(np.arange(10) % 2 == 0, 0.98, 0.98 * inner)
    angles = -np.pi / 2 + np.arange(10) * np.pi / 5
    return np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1), []


def triangle(rng):
    base, tip = rng.uniform(0.80, 0.94), rng.uniform(-0.94, -0.80)
    return np.array([(0, tip), (base, 0.66), (-base, 0.66)]), []


# Name: (function, largest turn to either side in degrees). In alphabetical order, so that the number
# of a class is also the place of its folder in a sorted listing.
SIGNS = {
    'arrow': (arrow, 180),
    'circle': (circle, 180),
    'cross': (cross, 45),
    'heart': (heart, 30),
    'house': (house, 20),
    'moon': (moon, 60),
    'ring': (ring, 180),
    'square': (square, 25),
    'star': (star, 36),
    'triangle': (triangle, 25),
}
CLASSES = list(SIGNS)
