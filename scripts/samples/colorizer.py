"""A small U-Net that colours grey scenes: its network, its training, its ONNX file.

After Ronneberger et al. 2015 (a way down, a way up, and the fine maps handed across), with the finest
maps at half the picture's size: the last layer puts out the four pixels of each cell at once.
"""

import torch
from torch import nn

import regression
from graph import Graph
from places import SAMPLES, SEED, progress, write_model, write_pictures, write_section
from scenes import SIZE, collection, grey

WIDTHS = (32, 44, 60)
LAST = 24
CENTRE = 0.5  # The network's own normalisation: it takes pixels in [0, 1] as they are.


def block(inputs, outputs, size=3, stride=1):
    return nn.Sequential(nn.Conv2d(inputs, outputs, size, stride, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())


class Colorizer(nn.Module):
    """Grey pictures (n, 1, 64, 64) in [0, 1] to RGB pictures (n, 3, 64, 64) in [0, 1]."""

    def __init__(self):
        super().__init__()
        a, b, c = WIDTHS
        self.fine = block(1, a, size=4, stride=2)  # 32 x 32
        self.middle = block(a, b, stride=2)  # 16 x 16
        self.coarse = block(b, c, stride=2)  # 8 x 8
        self.bottom = block(c, c)
        self.up_middle = block(c + b, b)
        self.up_fine = block(b + a, LAST)
        self.last = block(LAST, LAST)
        self.colour = nn.Conv2d(LAST, 12, 3, padding=1)

    def forward(self, x):
        def grown(t):
            return nn.functional.interpolate(t, scale_factor=2, mode='nearest')

        fine = self.fine(x - CENTRE)
        middle = self.middle(fine)
        t = self.bottom(self.coarse(middle))
        t = self.up_middle(torch.cat([grown(t), middle], 1))
        t = self.last(self.up_fine(torch.cat([grown(t), fine], 1)))
        return torch.sigmoid(nn.functional.pixel_shuffle(self.colour(t), 2))


def to_onnx(network):
    """The ONNX model: Sub, Conv and Relu, Resize and Concat on the way up, DepthToSpace, Sigmoid; any batch size."""
    graph = Graph()

    def layer(name, x):
        convolution, normalisation, _ = getattr(network, name)
        return graph.node('Relu', f'{name}.relu', [graph.convolution(name, x, convolution, normalisation)])

    def joined(name, x, across):
        how = {'mode': 'nearest', 'coordinate_transformation_mode': 'asymmetric', 'nearest_mode': 'floor'}
        grown = graph.node('Resize', f'{name}.grown', [x, '', 'twice'], **how)
        return layer(name, graph.node('Concat', f'{name}.joined', [grown, across], axis=1))

    graph.constant('twice', [1, 1, 2, 2])
    fine = layer('fine', graph.node('Sub', 'centred', ['grey', graph.constant('centre', [CENTRE])]))
    middle = layer('middle', fine)
    x = layer('bottom', layer('coarse', middle))
    x = layer('last', joined('up_fine', joined('up_middle', x, middle), fine))
    x = graph.convolution('colour', x, network.colour)
    x = graph.node('DepthToSpace', 'pixels', [x], blocksize=2, mode='CRD')  # PyTorch's order.
    graph.node('Sigmoid', 'sigmoid', [x], output='picture')
    about = f'Colours drawn scenes, {SIZE} x {SIZE}: grey in [0, 1] to RGB in [0, 1].'
    return graph.model('colorizer', ('grey', (1, SIZE, SIZE)), ('picture', (3, SIZE, SIZE)), about)


COUNTS = {'train': 2500, 'held-out': 500}
EPOCHS, BATCH = 10, 10
SHIPPED = 24  # The first held-out scenes, none picked.

SECTION = """
| File | What it is |
|---|---|
| `colorizer.onnx` | U-Net, {parameters} parameters, {kilobytes} kB. Input `grey`: any number of 1 x 64 x 64 grey pictures with values in [0, 1]. Output `picture`: 3 x 64 x 64 RGB in [0, 1], through a Sigmoid. |
| `grey/NN.png` | {shipped} grey pictures the network never saw: the first {shipped} held-out scenes, none picked by hand or by result. |
| `colours/NN.png` | The same scenes in their true colours, to compare with. |

A scene is a landscape by day, at dusk or by night, drawn at twice the size and averaged down: sky, mountains,
woods, sea, fields, and trees, houses, boats, balloons and signs in them. Each material has one texture and one hue
but any of many brightnesses, and a sign's shape tells its colour; so the colours can be told from shapes and
textures, and from brightness alone they cannot. Grey is luma (Rec. 601), rounded to 8 bits. Seed {seed}. Training:
{train} other scenes, {epochs} epochs of AdamW on the squared error, half of every batch mirrored.

| PSNR against the true colours | mean | lowest | the grey picture itself, mean |
|---|---|---|---|
| {held} held-out scenes | {held_mean:.1f} dB | {held_least:.1f} dB | {held_grey:.1f} dB |
| the {shipped} scenes in `grey` | {shipped_mean:.1f} dB | {shipped_least:.1f} dB | {shipped_grey:.1f} dB |
"""


def draw():
    """Draws the shipped scenes and writes them, grey and in colour."""
    scenes = collection(SEED, 'held-out', SHIPPED)
    write_pictures(grey(scenes), SAMPLES / 'grey')
    write_pictures(scenes, SAMPLES / 'colours')


def pairs(split, count):
    """(grey, coloured) scenes as the network takes and puts them out."""
    scenes = collection(SEED, split, count)
    return regression.tensor(grey(scenes)), regression.tensor(scenes)


def make():
    """Trains the colorizer, writes it and its section."""
    inputs, targets = pairs('train', COUNTS['train'])
    torch.manual_seed(SEED)
    network = Colorizer()
    regression.train(network, inputs, targets, SEED, EPOCHS, progress, BATCH)
    held = pairs('held-out', COUNTS['held-out'])
    near, unpainted = regression.psnr(network, *held), regression.psnr(nn.Identity(), *held)
    facts = {
        **write_model(to_onnx(network), 'colorizer.onnx'),
        'seed': SEED,
        'train': len(inputs),
        'epochs': EPOCHS,
        'held': len(near),
        'held_mean': near.mean(),
        'held_least': near.min(),
        'held_grey': unpainted.mean(),
        'shipped': SHIPPED,
        'shipped_mean': near[:SHIPPED].mean(),
        'shipped_least': near[:SHIPPED].min(),
        'shipped_grey': unpainted[:SHIPPED].mean(),
    }
    write_section('Colorizer', SECTION.format(**facts))
    print(f'held-out: {near.mean():.2f} dB, the grey pictures themselves {unpainted.mean():.2f} dB')
