"""One gradient of the margin loss with respect to the pixels, in PyTorch: what `npm run bench -- gradient --torch` compares with.

Networks, batch and loss are those of bench/zoo, with random weights. Only the pixels ask for a gradient. BatchNormalization
is folded into the convolutions, as it is in the exported model (`--norm keeps` leaves it in, as most attack libraries run it).
Reads lines from standard input: a name (resnet-18 or lenet-5) and a batch; answers with milliseconds, by the clock
and of processor time.
"""

import argparse
import sys
import time

import torch
from torch import nn


def conv(inputs, outputs, kernel, stride, norm):
    layer = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=not norm)
    return nn.Sequential(layer, nn.BatchNorm2d(outputs)) if norm else layer


class Block(nn.Module):
    def __init__(self, inputs, width, stride, norm):
        super().__init__()
        self.first = conv(inputs, width, 3, stride, norm)
        self.second = conv(width, width, 3, 1, norm)
        self.shortcut = conv(inputs, width, 1, stride, norm) if stride != 1 or inputs != width else nn.Identity()

    def forward(self, x):
        return torch.relu(self.second(torch.relu(self.first(x))) + self.shortcut(x))


def resnet18(norm):
    layers = [conv(3, 64, 7, 2, norm), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    width = 64
    for stage in range(4):
        for i in range(2):
            layers.append(Block(width, 64 * 2**stage, 2 if i == 0 and stage > 0 else 1, norm))
            width = 64 * 2**stage
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 1000)), (3, 224, 224)


def lenet5(_norm):
    layers = [nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()]
    return nn.Sequential(*layers, nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)), (1, 28, 28)


def margin(logits, labels):
    rows = torch.arange(len(labels))
    others = logits.clone()
    others[rows, labels] = -torch.inf
    return logits[rows, labels] - others.amax(1)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--norm", choices=["folded", "keeps"], default="folded")
    chosen = options.parse_args()
    torch.set_num_threads(chosen.threads)
    torch.manual_seed(0)
    models = {}
    for name, build in {"resnet-18": resnet18, "lenet-5": lenet5}.items():
        network, shape = build(chosen.norm == "keeps")
        models[name] = (network.eval().requires_grad_(False), shape)
    print("ready", torch.__version__, flush=True)
    for line in sys.stdin:
        name, batch = line.split()
        network, shape = models[name]
        pixels = torch.rand(int(batch), *shape)
        labels = torch.arange(int(batch)) % 10
        start, before = time.perf_counter(), time.process_time()
        pixels.requires_grad_(True)
        loss = margin(network(pixels), labels)
        torch.autograd.grad(loss.sum(), pixels)
        wall, processor = time.perf_counter() - start, time.process_time() - before
        print(1000 * wall, 1000 * processor, flush=True)


main()
