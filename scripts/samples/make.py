"""Makes everything in assets/samples that is drawn or trained: one line, some minutes, no network.

    python scripts/samples/make.py

The pictures are the same each time. The trained weights may differ in the last digits between machines
(and so may, a little, the figures measured of them, which are written into assets/samples/README.md).
"""

import argparse
from pathlib import Path

import autoencoder
import colorizer
import signs

MODELS = ['signs', 'autoencoder', 'colorizer']


def main():
    options = argparse.ArgumentParser(description='Makes the sample pictures and the sample models.')
    options.add_argument('models', nargs='*', metavar='MODEL', help=f'models to train: {", ".join(MODELS)}; all of them unless told')
    options.add_argument('--sheet', type=Path, help='also write a contact sheet of the shipped signs to this PNG file')
    options.add_argument('--pictures-only', action='store_true', help='draw the shipped pictures, train nothing')
    chosen = options.parse_args()
    for name in set(chosen.models) - set(MODELS):
        options.error(f'there is no model "{name}"')

    shipped = signs.draw(chosen.sheet)
    colorizer.draw()
    wanted = [] if chosen.pictures_only else chosen.models or MODELS
    if 'signs' in wanted:
        signs.make(shipped)
    if 'autoencoder' in wanted:
        autoencoder.make(shipped[0])
    if 'colorizer' in wanted:
        colorizer.make()


if __name__ == '__main__':
    main()
