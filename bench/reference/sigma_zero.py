"""sigma-zero (Cina et al. 2025, algorithm 1): l0, minimum norm.

Descends max(0, margin) + (1/d) sum delta^2 / (delta^2 + sigma) with Adam on the l-infinity-normalised gradient under a cosine rate,
sets every |delta| below an adaptive threshold to 0, and keeps the sparsest success.
"""

import math

import torch

from margin import margin_and_gradient, per_image


def sigma_zero(network, clean, labels, steps=1000, eta0=1.0, sigma=1e-3, tau0=0.3, t=0.01):
    n, d = len(clean), clean[0].numel()
    delta = torch.zeros_like(clean)
    mean, square = torch.zeros_like(clean), torch.zeros_like(clean)
    tau = torch.full((n,), tau0)
    best, best_size = torch.zeros_like(clean), torch.full((n,), d)
    eta = eta0
    for i in range(steps):
        m, gradient = margin_and_gradient(network, clean + delta, labels, clipped=True)
        fooled = m < 0
        size = delta.flatten(1).count_nonzero(1)
        better = fooled & (size < best_size)
        best_size = torch.where(better, size, best_size)
        best = torch.where(per_image(better, best), delta, best)

        smooth = delta.square().add_(sigma)
        gradient.addcdiv_(delta, smooth.square_(), value=2 * sigma / d)
        gradient.div_(per_image(gradient.flatten(1).abs().amax(1).clamp_min_(1e-12), gradient))
        mean.lerp_(gradient, 0.1)
        square.mul_(0.999).addcmul_(gradient, gradient, value=0.001)
        root = square.sqrt().div_(math.sqrt(1 - 0.999 ** (i + 1))).add_(1e-8)
        delta.addcdiv_(mean, root, value=-eta / (1 - 0.9 ** (i + 1)))

        eta = eta0 * (0.1 + 0.45 * (1 + math.cos(math.pi * (i + 1) / steps)))
        delta = (clean + delta).clamp_(0, 1).sub_(clean)
        tau = (tau + torch.where(fooled, t * eta, -t * eta)).clamp_(0, 1)
        delta[delta.abs() < per_image(tau, delta)] = 0
    return clean + best, best_size < d
