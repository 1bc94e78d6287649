"""The signs: sample pictures, and the classifier trained on others like them."""

from drawing import collection, contact_sheet
from network import accuracy, to_onnx, train
from places import SAMPLES, SEED, progress, write_model, write_pictures, write_section
from shapes import CLASSES

PER_CLASS = {'train': 2000, 'validation': 100, 'held-out': 500}
EPOCHS = 12
SHIPPED = 6  # Pictures of each class that go into the repository: the first held-out ones, none picked.

SECTION = """
| File | What it is |
|---|---|
| `signs.onnx` | Convolutional network, {parameters} parameters, {kilobytes} kB. Input `image`: any number of 3 x 32 x 32 RGB pictures with values in [0, 1]; its normalisation is inside. Output `logits`: {classes} classes. |
| `classes.txt` | The names of the classes, one a line, in the order of the output. |
| `images/<class>/NN.png` | {shipped} pictures the network never saw: the first {each} held-out drawings of each class, none picked by hand or by result. |
| `demo-plan.json` | The audit that `npm run demo` runs. Written by hand. |

Each picture is one sign (polygons, drawn at eight times the size and averaged down) in a random colour,
size, place and turn, on a wall of another colour, with or without rim, shadow and pattern, and a little
noise. Seed {seed}. Training: {train} drawings, {epochs} epochs of AdamW with added noise; half of every
batch is moved by up to 2/255 against the network (one-step adversarial training).

| Drawings | Right |
|---|---|
| {held} held-out drawings | {held_right:.2%} |
| the {shipped} pictures in `images` | {shipped_right:.2%} |
"""


def draw(sheet=None):
    """Draws the shipped pictures, writes them and the names of the classes, and returns (pictures, labels)."""
    pictures, labels = collection(SEED, 'held-out', SHIPPED)
    for label, name in enumerate(CLASSES):
        write_pictures(pictures[labels == label], SAMPLES / 'images' / name)
    (SAMPLES / 'classes.txt').write_text('\n'.join(CLASSES) + '\n', encoding='utf-8', newline='\n')
    if sheet:
        contact_sheet(pictures, SHIPPED * 2).save(sheet)
    return pictures, labels


def make(shipped):
    """Trains the classifier, writes it and its section. `shipped`: what `draw` returned."""
    pictures, labels = collection(SEED, 'train', PER_CLASS['train'])
    network = train(pictures, labels, SEED, EPOCHS, progress)
    print(f'validation: {accuracy(network, *collection(SEED, "validation", PER_CLASS["validation"])):.2%}')
    held, held_labels = collection(SEED, 'held-out', PER_CLASS['held-out'])
    facts = {
        **write_model(to_onnx(network), 'signs.onnx'),
        'classes': len(CLASSES),
        'shipped': len(shipped[0]),
        'each': SHIPPED,
        'seed': SEED,
        'train': len(pictures),
        'epochs': EPOCHS,
        'held': len(held),
        'held_right': accuracy(network, held, held_labels),
        'shipped_right': accuracy(network, *shipped),
    }
    write_section('Signs', SECTION.format(**facts))
    print(f'held-out: {facts["held_right"]:.2%} of {len(held)}')
