"""The blocks by themselves: gradients, what is not asked for, batches of no images, layouts, shapes that do not fit."""

import numpy as np
import pytest

from fastconv import models, nn
from fastconv.models.densenet import DenseBlock, DenseLayer
from fastconv.models.inception import Inception, Reduction
from fastconv.models.mobilenet import InvertedResidual
from fastconv.models.resnet import BasicBlock, Subsample
from fastconv.models.unet import Level
from fastconv.testing import gradcheck

FIRST = {"rng": 0, "dtype": np.float64}
SHAPE = (3, 4, 4, 8)
BLOCKS = {
    "basic": lambda: BasicBlock(4, 4, **FIRST),
    "basic, subsampled": lambda: BasicBlock(4, 6, 2, Subsample(6, 2), **FIRST),
    "basic, projected": lambda: BasicBlock(4, 6, 2, nn.Conv2d(4, 6, 1, 2, **FIRST), **FIRST),
    "subsample": lambda: Subsample(7, 3),
    "inverted residual": lambda: InvertedResidual(4, 4, 1, 2, **FIRST),
    "inverted residual, no way around": lambda: InvertedResidual(4, 3, 1, 1, **FIRST),
    "inverted residual, stride": lambda: InvertedResidual(4, 4, 2, 2, **FIRST),
    "inception": lambda: Inception(4, 2, 3, **FIRST),
    "reduction": lambda: Reduction(4, 2, **FIRST),
    "dense layer": lambda: DenseLayer(4, 2, **FIRST),
    "dense block": lambda: DenseBlock(2, 4, 2, **FIRST),
    "level": lambda: Level(4, 2, 1, **FIRST),
    "two levels": lambda: Level(4, 1, 2, **FIRST),
}


def image(seed=0, shape=SHAPE):
    """Numbers whose activations are away from the kinks of rectifiers, also beyond that of ReLU6."""
    return 4 * np.random.default_rng(seed).standard_normal(shape)


@pytest.fixture(params=BLOCKS)
def block(request):
    made = BLOCKS[request.param]()
    for seed, p in enumerate(made.parameters()):
        if p.data.ndim == 1:
            p.data += np.random.default_rng(seed).random(p.shape)
    return made


def test_gradients(block):
    gradcheck(block, image())


def gradients(block, x, grad, input_grad):
    block.zero_grad()
    block(x)
    result = block.backward(grad, input_grad=input_grad)
    return result, {name: p.grad for name, p in block.named_parameters()}


def test_gradients_that_are_not_asked_for(block):
    """Without that of the input, and with any one part frozen, or all but one, the others are the same bits."""
    x = image()
    grad = image(1, block(x).shape)
    whole, every = gradients(block, x, grad, True)
    assert whole.shape == x.shape and all(g is not None for g in every.values())
    names = [name for name, part in block.named_modules() if next(part.parameters(recurse=False), None) is not None]
    for chosen in [None, *names]:
        for frozen in (True, False):
            block.requires_grad_(frozen or chosen is None)
            if chosen is not None:
                block.get_submodule(chosen).requires_grad_(not frozen)
            for input_grad in (True, False):
                result, some = gradients(block, x, grad, input_grad)
                if input_grad:
                    np.testing.assert_array_equal(result, whole)
                else:
                    assert result is None
                for name, parameter in block.named_parameters():
                    assert (some[name] is not None) == parameter.requires_grad
                    assert some[name] is None or (some[name] == every[name]).all()


def test_backward_twice_adds_up(block):
    x = image()
    grad = image(1, block(x).shape)
    once, _ = gradients(block, x, grad, True)
    before = [p.grad.copy() for p in block.parameters()]
    np.testing.assert_array_equal(block.backward(grad), once)
    for p, g in zip(block.parameters(), before, strict=True):
        np.testing.assert_array_equal(p.grad, 2 * g)


def test_no_images(block):
    shape = block(image()).shape
    empty = block(image()[:0])
    assert empty.shape == (0, *shape[1:])
    assert block.backward(empty).shape == (0, *SHAPE[1:])
    assert all(p.grad is not None and not p.grad.any() for p in block.parameters())
    assert block.eval()(image()[:0]).shape == empty.shape


def test_layouts(block):
    x = image()
    plain = block(x)
    grad = image(1, plain.shape)
    expected = block.backward(grad)
    kept = grad.copy()
    for change in (np.asfortranarray, lambda a: a.astype(a.dtype.newbyteorder()), lambda a: a[::-1].copy()[::-1]):
        result = block(change(x))
        assert result.tobytes() == plain.tobytes() and result.flags.c_contiguous and result.dtype.isnative
        assert not np.shares_memory(result, x)
        assert block.backward(change(grad)).tobytes() == expected.tobytes()
    np.testing.assert_array_equal(x, image())
    np.testing.assert_array_equal(grad, kept)


@pytest.mark.parametrize("make", [lambda: Subsample(7, 2), lambda: DenseLayer(4, 2, **FIRST)])
def test_gradients_of_another_shape_are_refused(make):
    block = make()
    with pytest.raises(RuntimeError, match="forward must be called first"):
        block.backward(image())
    block(image())
    name = type(block).__name__
    with pytest.raises(ValueError, match=f"{name}.backward: grad_output must have shape"):
        block.backward(image())
    with pytest.raises(TypeError, match=f"{name}.backward: grad_output"):
        block.backward([1.0])


@pytest.mark.parametrize("shape", [(2, 1, 12, 16), (2, 1, 16, 15), (1, 16, 16)])
def test_images_that_cannot_be_halved_so_often(shape):
    model = models.unet_small(width=2, depth=3, rng=0)
    with pytest.raises(ValueError, match=r"unet_small: input must be .* multiples of 8, got shape \("):
        model(np.zeros(shape, np.float32))


@pytest.mark.parametrize("shape", [(2, 5, 4, 4), (4, 8, 8), (2, 4), ()])
def test_images_that_cannot_be_subsampled(shape):
    with pytest.raises(ValueError, match=r"Subsample: input must be .* C <= 4, got shape"):
        Subsample(4, 2)(np.zeros(shape))


@pytest.mark.parametrize(("kind", "arguments"), [(ValueError, (4, 0)), (ValueError, (0, 2)), (TypeError, (4, 2.0))])
def test_impossible_subsampling(kind, arguments):
    with pytest.raises(kind, match="Subsample: "):
        Subsample(*arguments)
