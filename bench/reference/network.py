"""A chain of common ONNX layers as a PyTorch module, and MNIST's own files as tensors."""

import gzip

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch import nn


def layer(node, weights):
    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    if node.op_type == "Conv":
        w, b = (weights[name] for name in node.input[1:3])
        made = nn.Conv2d(w.shape[1], w.shape[0], w.shape[2:], attributes.get("strides", 1), tuple(attributes.get("pads", [0, 0])[:2]))
    elif node.op_type == "Gemm" and attributes.get("transB"):
        w, b = (weights[name] for name in node.input[1:3])
        made = nn.Linear(w.shape[1], w.shape[0])
    elif node.op_type == "MaxPool":
        return nn.MaxPool2d(attributes["kernel_shape"], attributes.get("strides"))
    elif node.op_type in ("Relu", "Flatten"):
        return nn.ReLU() if node.op_type == "Relu" else nn.Flatten()
    else:
        raise SystemExit(f"This reference knows no {node.op_type}.")
    made.load_state_dict({"weight": w, "bias": b})
    return made


def load(path):
    graph = onnx.load(path).graph
    weights = {t.name: torch.from_numpy(numpy_helper.to_array(t).copy()) for t in graph.initializer}
    return nn.Sequential(*(layer(node, weights) for node in graph.node)).eval().requires_grad_(False)


def idx(path):
    with gzip.open(path) as file:
        data = file.read()
    rank = data[3]
    shape = np.frombuffer(data, ">i4", rank, 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(shape)


def images(path, labels, count):
    """The first `count` images as [count, 1, 28, 28] in [0,1], and their classes."""
    x = torch.from_numpy(idx(path)[:count, None] / np.float32(255))
    return x, torch.from_numpy(idx(labels)[:count].astype(np.int64))
