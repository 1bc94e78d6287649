"""The loss all three attacks follow."""

import torch


def margin(logits, labels):
    """Score of the own class minus the best other: negative when the image is taken for another class."""
    others = logits.scatter(1, labels[:, None], -torch.inf)
    return logits.gather(1, labels[:, None])[:, 0] - others.amax(1)


def margin_and_gradient(network, x, labels, clipped=False):
    """Margins, and the gradient of each image's own margin (of max(0, margin) when clipped) with respect to its pixels."""
    x = x.detach().requires_grad_(True)
    m = margin(network(x), labels)
    (gradient,) = torch.autograd.grad((m.clamp_min(0) if clipped else m).sum(), x)
    return m.detach(), gradient


def per_image(values, like):
    """One number per image, ready to broadcast over its pixels."""
    return values.reshape(-1, *[1] * (like.dim() - 1))
