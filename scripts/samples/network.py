"""A small convolutional network: its training, and its ONNX file written node by node."""

import numpy as np
import torch
from torch import nn

from drawing import SIZE
from graph import Graph
from shapes import CLASSES

WIDTHS = (16, 32, 48)
CENTRE, SPREAD = 0.5, 0.25  # The network's own normalisation: it takes pixels in [0, 1] as they are.
NOISE = 0.06  # Largest standard deviation of the noise added in training.
PUSH = 2 / 255  # Largest change of a pixel in the harder half of every batch.


class Network(nn.Module):
    """Pixels (n, 3, 32, 32) in [0, 1] to logits (n, classes)."""

    def __init__(self):
        super().__init__()
        a, b, c = WIDTHS
        self.features = nn.Sequential(
            nn.Conv2d(3, a, 3, padding=1, bias=False), nn.BatchNorm2d(a), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(a, b, 3, padding=1, bias=False), nn.BatchNorm2d(b), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(b, c, 3, padding=1, stride=2, bias=False), nn.BatchNorm2d(c), nn.ReLU(), nn.Flatten(),
        )
        self.classify = nn.Linear(c * (SIZE // 8) ** 2, len(CLASSES))

    def forward(self, x):
        return self.classify(self.features((x - CENTRE) / SPREAD))


def tensor(pictures):
    """uint8 (n, SIZE, SIZE, 3) to float32 (n, 3, SIZE, SIZE) in [0, 1]."""
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).contiguous().float() / 255


def accuracy(network, pictures, labels):
    """Share of pictures given their own class."""
    network.eval()
    with torch.no_grad():
        found = torch.cat([network(tensor(p)).argmax(1) for p in np.array_split(pictures, max(1, len(pictures) // 500))])
    return float((found.numpy() == labels).mean())


def harder(network, x, y, draw):
    """Half of the batch moved one step up its own loss, from a random start: one-step adversarial training.

    With it, robust accuracy falls over the customary budgets (1/255 to 16/255) rather than all at once.
    Goodfellow et al. 2015, with the random start and the step of 1.25 budgets of Wong et al. 2020.
    """
    start = (x + (torch.rand(x.shape, generator=draw) * 2 - 1) * PUSH).clamp(0, 1).requires_grad_()
    (slope,) = torch.autograd.grad(nn.functional.cross_entropy(network(start), y), start)
    moved = start.detach() + 1.25 * PUSH * slope.sign()
    return torch.minimum(torch.maximum(moved, x - PUSH), x + PUSH).clamp(0, 1)


def train(pictures, labels, seed, epochs, report):
    """Trains from scratch; `report(epoch, loss)` is called after each epoch."""
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True)
    draw = torch.Generator().manual_seed(seed + 1)
    network, batch = Network(), 100
    steps = epochs * (len(pictures) // batch)
    optimizer = torch.optim.AdamW(network.parameters(), lr=4e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=4e-3, total_steps=steps)
    data, target = tensor(pictures), torch.from_numpy(labels)
    for epoch in range(epochs):
        network.train()
        total = 0.0
        for chosen in torch.randperm(len(data), generator=draw).view(-1, batch):
            x, y = data[chosen], target[chosen]
            sigma = torch.rand((batch, 1, 1, 1), generator=draw) * NOISE
            x = (x + torch.randn(x.shape, generator=draw) * sigma).clamp(0, 1)
            half = batch // 2
            x = torch.cat([harder(network, x[:half], y[:half], draw), x[half:]])
            loss = nn.functional.cross_entropy(network(x), y, label_smoothing=0.02)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += float(loss.detach())
        report(epoch, total * batch / len(data))
    network.eval()
    return network


def to_onnx(network):
    """The ONNX model: Sub, Div, three times Conv and Relu, two MaxPool, Flatten, Gemm; any batch size."""
    graph = Graph()
    x = graph.node('Sub', 'centred', ['image', graph.constant('centre', [CENTRE])])
    x = graph.node('Div', 'normalised', [x, graph.constant('spread', [SPREAD])])
    layers = list(network.features)
    for i, at in enumerate([0, 4, 8], start=1):
        x = graph.convolution(f'conv{i}', x, layers[at], layers[at + 1])
        x = graph.node('Relu', f'relu{i}', [x])
        if i < 3:
            x = graph.node('MaxPool', f'pool{i}', [x], kernel_shape=[2, 2], strides=[2, 2])
    x = graph.node('Flatten', 'flat', [x], axis=1)
    weight, bias = (p.detach().numpy() for p in (network.classify.weight, network.classify.bias))
    inputs = [x, graph.constant('classify.weight', weight), graph.constant('classify.bias', bias)]
    graph.node('Gemm', 'classify', inputs, output='logits', transB=1)
    about = f'Ten drawn signs, {SIZE} x {SIZE} RGB in [0, 1].'
    return graph.model('signs', ('image', (3, SIZE, SIZE)), ('logits', (len(CLASSES),)), about, classes=','.join(CLASSES))
