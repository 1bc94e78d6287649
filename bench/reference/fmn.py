"""Fast minimum norm (Pintor et al. 2021, algorithm 1) for l2 and l-infinity."""

import math

import torch

from margin import margin_and_gradient, per_image

ORDER = {"l2": 2, "linf": math.inf}
DUAL = {"l2": 2, "linf": 1}


def fmn(network, clean, labels, norm, steps=1000, alpha0=1.0, gamma0=0.05, gamma_end=0.001):
    length = lambda v, p: v.flatten(1).norm(p, dim=1)
    alpha0 = 10.0 if norm == "linf" else alpha0
    delta = torch.zeros_like(clean)
    worst = length(torch.maximum(clean, 1 - clean), ORDER[norm])
    epsilon = torch.full((len(clean),), math.inf)
    best, best_size = torch.zeros_like(clean), worst.clone()
    ever = torch.zeros(len(clean), dtype=torch.bool)
    for i in range(steps):
        falling = (1 + math.cos(math.pi * i / steps)) / 2
        alpha = alpha0 / 100 + (alpha0 - alpha0 / 100) * falling
        gamma = gamma_end + (gamma0 - gamma_end) * falling
        m, gradient = margin_and_gradient(network, clean + delta, labels)
        fooled = m < 0
        ever |= fooled
        size = length(delta, ORDER[norm])
        better = fooled & (size < best_size)
        best_size = torch.where(better, size, best_size)
        best = torch.where(per_image(better, best), delta, best)

        boundary = size + m.abs() / length(gradient, DUAL[norm]).clamp_min(1e-12)
        wider = torch.where(ever, (1 + gamma) * epsilon, boundary)
        epsilon = torch.minimum(torch.where(fooled, torch.minimum((1 - gamma) * epsilon, best_size), wider), worst)
        delta = delta.sub(gradient.div_(per_image(length(gradient, 2).clamp_min_(1e-12), gradient)), alpha=alpha)
        if norm == "linf":
            bound = per_image(epsilon, delta)
            delta = torch.maximum(torch.minimum(delta, bound), -bound)
        else:
            delta.mul_(per_image((epsilon / length(delta, 2).clamp_min(1e-12)).clamp_max_(1), delta))
        delta = (clean + delta).clamp_(0, 1).sub_(clean)
    return clean + best, best_size < worst
