"""Decoupled direction and norm (Rony et al. 2019, algorithm 1): l2, minimum norm, with the cross-entropy of the paper."""

import math

import torch
from torch.nn.functional import cross_entropy

from margin import margin, per_image


def ddn(network, clean, labels, steps=1000, epsilon0=1.0, gamma=0.05, levels=256):
    delta = torch.zeros_like(clean)
    epsilon = torch.full((len(clean),), epsilon0)
    worst = torch.maximum(clean, 1 - clean).flatten(1).norm(dim=1)
    best, best_size = torch.zeros_like(clean), worst.clone()
    for i in range(steps):
        x = (clean + delta).requires_grad_(True)
        logits = network(x)
        (gradient,) = torch.autograd.grad(cross_entropy(logits, labels, reduction="sum"), x)
        fooled = margin(logits.detach(), labels) < 0
        size = delta.flatten(1).norm(dim=1)
        better = fooled & (size < best_size)
        best_size = torch.where(better, size, best_size)
        best = torch.where(per_image(better, best), delta, best)

        alpha = 0.01 + 0.99 * (1 + math.cos(math.pi * i / steps)) / 2
        gradient.div_(per_image(gradient.flatten(1).norm(dim=1).clamp_min_(1e-12), gradient))
        delta = delta.add(gradient, alpha=alpha)
        epsilon = torch.minimum(epsilon * torch.where(fooled, 1 - gamma, 1 + gamma), worst)
        delta.mul_(per_image(epsilon / delta.flatten(1).norm(dim=1).clamp_min_(1e-12), delta))
        x = (clean + delta).clamp_(0, 1)
        delta = x.mul_(levels - 1).round_().div_(levels - 1).sub_(clean)
    return clean + best, best_size < worst
