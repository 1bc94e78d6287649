"""Answers lines such as `sigma-zero 1000` with one line of JSON: seconds of the attack alone, and what it reached."""

import argparse
import json
import sys
import time

import torch

from ddn import ddn
from fmn import fmn
from margin import margin
from network import images, load
from sigma_zero import sigma_zero

ATTACKS = {
    "sigma-zero": (sigma_zero, 0),
    "ddn": (ddn, 2),
    "fmn-l2": (lambda *a, **k: fmn(*a, "l2", **k), 2),
    "fmn-linf": (lambda *a, **k: fmn(*a, "linf", **k), float("inf")),
}


def main():
    options = argparse.ArgumentParser()
    for name in ("model", "images", "labels"):
        options.add_argument(f"--{name}", required=True)
    options.add_argument("--count", type=int, required=True)
    options.add_argument("--batch", type=int, default=100)
    options.add_argument("--threads", type=int, default=2)
    chosen = options.parse_args()
    torch.set_num_threads(chosen.threads)
    network = load(chosen.model)
    x, y = images(chosen.images, chosen.labels, chosen.count)
    right = margin(network(x), y) > 0
    x, y = x[right], y[right]
    sigma_zero(network, x[: chosen.batch], y[: chosen.batch], steps=3)
    print("PyTorch", torch.__version__, flush=True)
    for line in sys.stdin:
        name, steps = line.split()
        attack, order = ATTACKS[name]
        start, busy = time.perf_counter(), time.process_time()
        parts = [attack(network, a, b, steps=int(steps)) for a, b in zip(x.split(chosen.batch), y.split(chosen.batch))]
        seconds, busy = time.perf_counter() - start, time.process_time() - busy
        found = torch.cat([part[0] for part in parts])
        success = margin(network(found), y) < 0
        sizes = (found - x)[success].flatten(1).norm(order, dim=1)
        answer = {"seconds": seconds, "cpu": busy, "images": len(x), "success": success.float().mean().item()}
        print(json.dumps({**answer, "mean": sizes.mean().item(), "median": sizes.median().item()}), flush=True)


main()
