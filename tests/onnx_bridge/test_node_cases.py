"""ONNX's own tests of operators, for those that fastconv reads."""

import re
import unittest
import warnings

import pytest

pytest.importorskip("onnx")

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what making the expected results of all operators warns of
    from onnx.backend.test import BackendTest

    from fastconv.onnx import Backend

    CASES = vars(BackendTest(Backend, __name__).enable_report().test_cases["OnnxBackendNodeModelTest"])

OPERATORS = """
add averagepool basic_conv batchnorm clip concat constant constant_pad conv convtranspose dropout edge_pad elu flatten
gelu gemm globalaveragepool globalmaxpool hardswish identity instancenorm leakyrelu logsoftmax matmul maxpool
reduce_mean reflect_pad relu reshape sigmoid softmax softplus squeeze tanh transpose unsqueeze wrap_pad
"""

EXCLUDED = {
    r"u?int(8|16|32|64)|_pad_cpu(?<!constant_pad_cpu)|identity_(sequence|opt)": "layers are of float32 and float64",
    r"(pool|transpose)_3d": "volumes: there are layers of one and two axes",
    r"training_mode|_mask|argmax": "outputs for training, and indices",
    r"_expanded": "the same from other operators, such as Where and ReduceMax",
    r"averagepool_2d_dilations": "average pooling has no dilation",
    r"matmul_(1d|4d_1d)": "products with vectors",
    r"clip_min_greater_than_max": "an empty interval",
    r"gemm_default_matrix_bias": "a bias of its own for every row",
    r"reshape_allowzero": "a size of 0 that is not the input's",
    r"test_constant_cpu": "a network has an input",
}
"""What is read by no layer, each with its reason."""


def wanted(name):
    operators = "|".join(OPERATORS.split())
    return re.match(f"test_({operators})(_.*)?_cpu$", name) and not any(re.search(e, name) for e in EXCLUDED)


NAMES = [name for name in CASES if name.startswith("test_") and name.endswith("_cpu")]


class TestNodes(unittest.TestCase):
    """The tests that are wanted; those of ONNX's class, which has all."""


for name in filter(wanted, NAMES):
    setattr(TestNodes, name, CASES[name])


def test_as_many_as_there_are():
    assert sum(bool(wanted(name)) for name in NAMES) >= 155


@pytest.mark.parametrize("pattern", EXCLUDED)
def test_nothing_is_excluded_in_vain(pattern):
    assert any(re.search(pattern, name) for name in NAMES)
