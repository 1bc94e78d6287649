"""Makes everything in assets/samples that is drawn or trained: one line, a few minutes, no network.

    python scripts/samples/make.py

The pictures are the same each time. The trained weights may differ in the last digits between machines
(and so may, a little, the accuracy, which is measured and written into assets/samples/README.md).
"""

import argparse
import shutil
from pathlib import Path

import onnx
import torch
from PIL import Image

from drawing import collection, contact_sheet
from network import Network, accuracy, to_onnx, train
from shapes import CLASSES

SEED = 2024
PER_CLASS = {'train': 2000, 'validation': 100, 'held-out': 500}
EPOCHS = 12
SHIPPED = 6  # Pictures of each class that go into the repository: the first held-out ones, none picked.
SAMPLES = Path(__file__).resolve().parents[2] / 'assets' / 'samples'

README = """\
# Samples

A small classifier of our own and pictures to try it on. Made by `python scripts/samples/make.py`
from drawings alone: no outside pictures, models or fonts.

| File | What it is |
|---|---|
| `signs.onnx` | Convolutional network, {parameters} parameters, {kilobytes} kB. Input `image`: any number of 3 x 32 x 32 RGB pictures with values in [0, 1]; its normalisation is inside. Output `logits`: {classes} classes. |
| `classes.txt` | The names of the classes, one a line, in the order of the output. |
| `images/<class>/NN.png` | {shipped} pictures the network never saw: the first {each} held-out drawings of each class, none picked by hand or by result. |
| `demo-plan.json` | The audit that `npm run demo` runs. Written by hand. |

## How it was made

Each picture is one sign (polygons, drawn at eight times the size and averaged down) in a random colour,
size, place and turn, on a wall of another colour, with or without rim, shadow and pattern, and a little
noise. Seed {seed}. Training: {train} drawings, {epochs} epochs of AdamW with added noise; half of every
batch is moved by up to 2/255 against the network (one-step adversarial training).

## How well it does

| Drawings | Right |
|---|---|
| {held} held-out drawings | {held_right:.2%} |
| the {shipped} pictures in `images` | {shipped_right:.2%} |

A sample to learn the program with. It says nothing about road signs or any other real task.

## Licence

The pictures and the model: CC0 1.0 (public domain). The scripts: Apache-2.0, as the rest of Hairline.
"""


def write_pictures(pictures, labels, folder):
    shutil.rmtree(folder, ignore_errors=True)
    for label, name in enumerate(CLASSES):
        (folder / name).mkdir(parents=True)
        for number, picture in enumerate(pictures[labels == label], start=1):
            Image.fromarray(picture).save(folder / name / f'{number:02}.png', optimize=True)


def main():
    options = argparse.ArgumentParser(description='Makes the sample pictures and the sample model.')
    options.add_argument('--sheet', type=Path, help='also write a contact sheet of the shipped pictures to this PNG file')
    options.add_argument('--pictures-only', action='store_true', help='draw the shipped pictures, train nothing')
    chosen = options.parse_args()

    shipped, shipped_labels = collection(SEED, 'held-out', SHIPPED)
    write_pictures(shipped, shipped_labels, SAMPLES / 'images')
    (SAMPLES / 'classes.txt').write_text('\n'.join(CLASSES) + '\n', encoding='utf-8', newline='\n')
    if chosen.sheet:
        contact_sheet(shipped, SHIPPED * 2).save(chosen.sheet)
    if chosen.pictures_only:
        return

    pictures, labels = collection(SEED, 'train', PER_CLASS['train'])
    network: Network = train(pictures, labels, SEED, EPOCHS, lambda e, loss: print(f'epoch {e + 1}: loss {loss:.3f}', flush=True))
    print(f'validation: {accuracy(network, *collection(SEED, "validation", PER_CLASS["validation"])):.2%}')

    model = to_onnx(network)
    onnx.save(model, SAMPLES / 'signs.onnx')
    held, held_labels = collection(SEED, 'held-out', PER_CLASS['held-out'])
    facts = {
        'parameters': sum(int(torch.tensor(w.dims).prod()) for w in model.graph.initializer),
        'kilobytes': round((SAMPLES / 'signs.onnx').stat().st_size / 1000),
        'classes': len(CLASSES),
        'shipped': len(shipped),
        'each': SHIPPED,
        'seed': SEED,
        'train': len(pictures),
        'epochs': EPOCHS,
        'held': len(held),
        'held_right': accuracy(network, held, held_labels),
        'shipped_right': accuracy(network, shipped, shipped_labels),
    }
    (SAMPLES / 'README.md').write_text(README.format(**facts), encoding='utf-8', newline='\n')
    print(f'held-out: {facts["held_right"]:.2%} of {len(held)}')


if __name__ == '__main__':
    main()
