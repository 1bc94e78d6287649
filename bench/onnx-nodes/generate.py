"""Writes the backend node tests of the `onnx` package that runs this as folders, as older releases carried them: model.onnx beside test_data_set_0/input_K.pb.

The tests are made by code, some from random numbers; those are seeded here. What comes out of a test is not written: the
benchmark asks onnxruntime for it.
"""

import os
import sys

import numpy
import onnx
from onnx import TensorProto, numpy_helper

numpy.random.seed(0)

from onnx.backend.test.case.node import collect_testcases  # noqa: E402

OTHERS = {"sequence_type": numpy_helper.from_list, "optional_type": numpy_helper.from_optional, "map_type": numpy_helper.from_dict}


def message(value, info):
    if isinstance(value, TensorProto):
        return value
    kind = info.type.WhichOneof("value")
    return OTHERS.get(kind, numpy_helper.from_array)(value, info.name)


folder = sys.argv[1]
for case in collect_testcases(None):
    data = os.path.join(folder, case.name, "test_data_set_0")
    os.makedirs(data)
    onnx.save(case.model, os.path.join(folder, case.name, "model.onnx"))
    for k, value in enumerate(case.data_sets[0][0]):
        with open(os.path.join(data, f"input_{k}.pb"), "wb") as file:
            file.write(message(value, case.model.graph.input[k]).SerializeToString())
print(onnx.__version__)
