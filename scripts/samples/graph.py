"""ONNX files written node by node, so that they hold the plain operators and nothing else."""

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn


class Graph:
    """Nodes and weights in the order in which they are added. A node bears the name of its output."""

    def __init__(self):
        self.nodes, self.weights = [], []

    def constant(self, name, value, kind=np.float32):
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(value, dtype=kind), name))
        return name

    def node(self, operator, name, inputs, output=None, **attributes):
        self.nodes.append(helper.make_node(operator, inputs, [output or name], name=name, **attributes))
        return output or name

    def convolution(self, name, x, layer, normalisation=None):
        """Conv or ConvTranspose as `layer` says, the batch normalisation behind it taken in."""
        weight, bias = folded(layer, normalisation)
        inputs = [x, self.constant(f'{name}.weight', weight), self.constant(f'{name}.bias', bias)]
        operator = 'ConvTranspose' if isinstance(layer, nn.ConvTranspose2d) else 'Conv'
        return self.node(operator, name, inputs, kernel_shape=layer.kernel_size, pads=layer.padding * 2, strides=layer.stride)

    def model(self, name, image, result, about, **properties):
        """The checked model of operator set 17. `image` and `result`: (name, shape behind the batch axis), any batch size."""
        inputs, outputs = ([helper.make_tensor_value_info(n, TensorProto.FLOAT, ['batch', *shape])] for n, shape in (image, result))
        model = helper.make_model(
            helper.make_graph(self.nodes, name, inputs, outputs, self.weights),
            producer_name='hairline samples',
            producer_version='1',
            doc_string=f'{about} CC0 1.0.',
            opset_imports=[helper.make_opsetid('', 17)],
            ir_version=8,  # The version that came with operator set 17.
        )
        helper.set_model_props(model, {**properties, 'licence': 'CC0-1.0'})
        onnx.checker.check_model(model, full_check=True)
        return model


def folded(layer, normalisation):
    """Weight and bias of a convolution with the batch normalisation behind it, if any, taken in."""
    if normalisation is None:
        return layer.weight.detach().numpy(), layer.bias.detach().numpy()
    gain = normalisation.weight / torch.sqrt(normalisation.running_var + normalisation.eps)
    bias = normalisation.bias - normalisation.running_mean * gain
    shape = (1, -1, 1, 1) if isinstance(layer, nn.ConvTranspose2d) else (-1, 1, 1, 1)
    return (layer.weight * gain.view(shape)).detach().numpy(), bias.detach().numpy()
