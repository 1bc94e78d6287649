"""Writes the backend tests of the `onnx` package that runs this as folders, as older releases carried them: model.onnx beside
test_data_set_0/input_K.pb. Tests of single operators are made by code, some from random numbers; those are seeded here. The
package has tests that PyTorch exported as files. What comes out of a test is not written: the benchmark asks onnxruntime for it.

    generate.py FOLDER OPSET

A test in a newer operator set than OPSET is written in that, where its operators are the same there.
"""

import os
import shutil
import sys

import numpy
import onnx
from onnx import TensorProto, numpy_helper

numpy.random.seed(0)

import onnx.backend.test  # noqa: E402
from onnx.backend.test.case.node import collect_testcases  # noqa: E402

OTHERS = {"sequence_type": numpy_helper.from_list, "optional_type": numpy_helper.from_optional, "map_type": numpy_helper.from_dict}


def message(value, info):
    if isinstance(value, TensorProto):
        return value
    kind = info.type.WhichOneof("value")
    return OTHERS.get(kind, numpy_helper.from_array)(value, info.name)


def lowered(model, newest):
    if all(o.version <= newest for o in model.opset_import if o.domain == ""):
        return model
    lower = onnx.ModelProto()
    lower.CopyFrom(model)
    for o in lower.opset_import:
        if o.domain == "":
            o.version = newest
    lower.ir_version = onnx.helper.find_min_ir_version_for(lower.opset_import)
    try:
        onnx.checker.check_model(lower, full_check=True)
    except Exception:
        return model
    return lower


folder, newest = sys.argv[1], int(sys.argv[2])
for case in collect_testcases(None):
    data = os.path.join(folder, "node", case.name, "test_data_set_0")
    os.makedirs(data)
    onnx.save(lowered(case.model, newest), os.path.join(folder, "node", case.name, "model.onnx"))
    for k, value in enumerate(case.data_sets[0][0]):
        with open(os.path.join(data, f"input_{k}.pb"), "wb") as file:
            file.write(message(value, case.model.graph.input[k]).SerializeToString())
for kind in ("pytorch-converted", "pytorch-operator", "simple"):
    shutil.copytree(os.path.join(os.path.dirname(onnx.backend.test.__file__), "data", kind), os.path.join(folder, kind))
print(onnx.__version__)
