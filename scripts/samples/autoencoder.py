"""A small convolutional autoencoder of the signs: its network, its training, its ONNX file."""

import torch
from torch import nn

import regression
from drawing import SIZE, collection
from graph import Graph
from places import SEED, progress, write_model, write_section

WIDTHS = (28, 52, 68)
CODE = 8  # Channels of the code on its grid of 4 x 4: 128 numbers stand for the picture's 3072.


class Autoencoder(nn.Module):
    """Pictures (n, 3, 32, 32) in [0, 1] to the same pictures, through a code of (n, CODE, 4, 4)."""

    def __init__(self):
        super().__init__()
        a, b, c = WIDTHS
        self.encode = nn.Sequential(
            nn.Conv2d(3, a, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(a), nn.ReLU(),
            nn.Conv2d(a, b, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(b), nn.ReLU(),
            nn.Conv2d(b, c, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(c), nn.ReLU(),
            nn.Conv2d(c, CODE, 1),
        )
        self.decode = nn.Sequential(
            nn.Conv2d(CODE, c, 3, padding=1, bias=False), nn.BatchNorm2d(c), nn.ReLU(),
            nn.ConvTranspose2d(c, b, 4, stride=2, padding=1, bias=False), nn.BatchNorm2d(b), nn.ReLU(),
            nn.ConvTranspose2d(b, a, 4, stride=2, padding=1, bias=False), nn.BatchNorm2d(a), nn.ReLU(),
            nn.ConvTranspose2d(a, 3, 4, stride=2, padding=1), nn.Sigmoid(),
        )

    def forward(self, x):
        return self.decode(self.encode(x))


def to_onnx(network):
    """The ONNX model: Conv and Relu down to the code, Conv, ConvTranspose and Relu up again, Sigmoid; any batch size."""
    graph, x = Graph(), 'image'
    for part, layers in (('encode', list(network.encode)), ('decode', list(network.decode))):
        for i, at in enumerate(range(0, len(layers), 3), start=1):
            last = at + 3 > len(layers)
            x = graph.convolution(f'{part}{i}', x, layers[at], None if last else layers[at + 1])
            if not last:
                x = graph.node('Relu', f'{part}{i}.relu', [x])
    graph.node('Sigmoid', 'sigmoid', [x], output='reconstruction')
    about = f'Autoencoder of drawn signs, {SIZE} x {SIZE} RGB in [0, 1].'
    return graph.model('autoencoder', ('image', (3, SIZE, SIZE)), ('reconstruction', (3, SIZE, SIZE)), about)


PER_CLASS = {'train': 1000, 'held-out': 500}
EPOCHS, BATCH = 12, 40

SECTION = """
`autoencoder.onnx`: convolutional autoencoder of the sign pictures, {parameters} parameters, {kilobytes} kB. Input
`image`: any number of 3 x 32 x 32 RGB pictures with values in [0, 1]. Output `reconstruction`: the same, through
a code of {code} numbers, one for every {ratio} of the picture, and a Sigmoid. Try it on `images`: `autoencoder-plan.json`,
written by hand, is the audit that `hairline demo autoencoder` runs.

Training: {train} drawings other than those held out, seed {seed}, {epochs} epochs of AdamW on the squared error,
half of every batch mirrored; no noise added and no adversarial training.

| Drawings | PSNR, mean | lowest |
|---|---|---|
| {held} held-out drawings | {held_mean:.1f} dB | {held_least:.1f} dB |
| the {shipped} pictures in `images` | {shipped_mean:.1f} dB | {shipped_least:.1f} dB |
"""


def make(shipped):
    """Trains the autoencoder, writes it and its section. `shipped`: the pictures that ship, uint8 (n, SIZE, SIZE, 3)."""
    pictures = regression.tensor(collection(SEED, 'train', PER_CLASS['train'])[0])
    torch.manual_seed(SEED)
    network = Autoencoder()
    regression.train(network, pictures, pictures, SEED, EPOCHS, progress, BATCH)
    held, few = (regression.tensor(p) for p in (collection(SEED, 'held-out', PER_CLASS['held-out'])[0], shipped))
    near, near_few = (regression.psnr(network, p, p) for p in (held, few))
    facts = {
        **write_model(to_onnx(network), 'autoencoder.onnx'),
        'code': CODE * (SIZE // 8) ** 2,
        'ratio': 3 * 8**2 // CODE,
        'seed': SEED,
        'train': len(pictures),
        'epochs': EPOCHS,
        'held': len(held),
        'held_mean': near.mean(),
        'held_least': near.min(),
        'shipped': len(few),
        'shipped_mean': near_few.mean(),
        'shipped_least': near_few.min(),
    }
    write_section('Autoencoder', SECTION.format(**facts))
    print(f'held-out: {near.mean():.2f} dB')
