"""Training of networks that put out a picture, and how near that picture comes."""

import numpy as np
import torch
from torch import nn


def psnr(network, inputs, targets):
    """Peak signal-to-noise ratio in dB of each output against its target, peak 1. Shape (n,)."""
    network.eval()
    with torch.no_grad():
        errors = [((network(x) - y) ** 2).mean((1, 2, 3)) for x, y in zip(inputs.split(250), targets.split(250))]
    return (-10 * torch.log10(torch.cat(errors))).numpy()


def tensor(pictures):
    """uint8 (n, h, w) or (n, h, w, 3) to float32 (n, 1 or 3, h, w) in [0, 1]."""
    planes = pictures[:, None] if pictures.ndim == 3 else pictures.transpose(0, 3, 1, 2)
    return torch.from_numpy(np.ascontiguousarray(planes)).float() / 255


def train(network, inputs, targets, seed, epochs, report, batch, rate=4e-3):
    """Trains `network` in place to put out `targets` (n, c, h, w) for `inputs`; `report(epoch, loss)` after each epoch.

    Squared error, as in PSNR; half of each batch is mirrored left to right. Call `torch.manual_seed` before the
    network is built: its first weights are drawn there.
    """
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)  # Sums in the same order however many cores there are.
    draw = torch.Generator().manual_seed(seed + 1)
    steps = epochs * (len(inputs) // batch)
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=rate, total_steps=steps)
    half = batch // 2
    for epoch in range(epochs):
        network.train()
        total = 0.0
        for chosen in torch.randperm(len(inputs), generator=draw)[: steps // epochs * batch].view(-1, batch):
            x, y = (torch.cat([t[chosen[:half]].flip(3), t[chosen[half:]]]) for t in (inputs, targets))
            loss = nn.functional.mse_loss(network(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += float(loss.detach())
        report(epoch, total * epochs / steps)
    network.eval()
