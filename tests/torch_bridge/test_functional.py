"""Functions of tensors: torch's results and gradients, whatever the layout, and clear refusals."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from fastconv.torch import functional as F  # noqa: E402

from .cases import CASES, OPTIONS, pair, tensors  # noqa: E402


def gradients(function, arguments, options):
    """The result, and the gradients of all arguments for one direction of the result."""
    output = function(*arguments, **options)
    direction = torch.linspace(-1, 1, output.numel(), dtype=output.dtype).reshape(output.shape)
    return [output.detach(), *torch.autograd.grad(output, arguments, direction)]


@pytest.mark.parametrize(("name", "options"), CASES)
def test_gradcheck(name, options):
    ours, _ = pair(name)
    assert torch.autograd.gradcheck(lambda *arguments: ours(*arguments, **options), tensors(name, options))


@pytest.mark.parametrize(("name", "options"), CASES)
def test_torch_gives_the_same(name, options):
    ours, theirs = pair(name)
    arguments = tensors(name, options)
    for a, b in zip(gradients(ours, arguments, options), gradients(theirs, arguments, options), strict=True):
        assert a.dtype == b.dtype and a.shape == b.shape
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_gradcheck_of_other_padding(mode):
    arguments = tensors("conv2d", {})
    assert torch.autograd.gradcheck(lambda *a: F.conv2d(*a, padding=2, padding_mode=mode), arguments)


@pytest.mark.parametrize("name", OPTIONS)
def test_one_image_or_row_alone(name):
    ours, theirs = pair(name)
    image, *rest = (tensor.detach() for tensor in tensors(name, {}))
    options = OPTIONS[name][0]
    torch.testing.assert_close(ours(image[0], *rest, **options), theirs(image[0], *rest, **options))
    assert ours(image[:0], *rest, **options).shape[0] == 0


def channels_last(tensor):
    return tensor.contiguous(memory_format=torch.channels_last)


def strided(tensor):
    wide = torch.zeros(*tensor.shape[:-1], 2 * tensor.shape[-1], dtype=tensor.dtype)
    wide[..., ::2] = tensor
    return wide[..., ::2]


def transposed(tensor):
    return tensor.transpose(-1, -2).contiguous().transpose(-1, -2)


LAYOUTS = [(name, layout) for name in OPTIONS for layout in (strided, transposed)]
LAYOUTS += [(name, channels_last) for name in OPTIONS if name != "linear"]


@pytest.mark.parametrize(("name", "layout"), LAYOUTS)
def test_layouts_have_the_bits_of_contiguous_tensors(name, layout):
    ours, _ = pair(name)
    options = OPTIONS[name][0]
    arguments = tensors(name, options, torch.float32)
    others = [layout(t.detach()).requires_grad_() if t.ndim > 1 else t for t in arguments]
    assert not others[0].is_contiguous()
    for a, b in zip(gradients(ours, arguments, options), gradients(ours, others, options), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("name", OPTIONS)
def test_a_gradient_of_any_layout(name):
    ours, theirs = pair(name)
    arguments, options = tensors(name, {}), OPTIONS[name][0]
    for function in (ours, theirs):
        function(*arguments, **options).sum().backward()  # a gradient of stride 0
    assert all((t.grad / 2 - torch.autograd.grad(theirs(*arguments, **options).sum(), t)[0]).abs().max() < 1e-12
               for t in arguments)  # fmt: skip


@pytest.mark.parametrize("name", ["conv2d", "conv_transpose2d", "linear"])
@pytest.mark.parametrize("wanted", range(3))
def test_only_the_gradients_that_are_asked_for(name, wanted, monkeypatch):
    import fastconv.functional

    real, masks = getattr(fastconv.functional, f"{name}_backward"), []

    def watched(*arguments, output_mask, **options):
        masks.append(output_mask)
        return real(*arguments, output_mask=output_mask, **options)

    monkeypatch.setattr(fastconv.functional, f"{name}_backward", watched)
    ours, _ = pair(name)
    arguments = [t.detach().requires_grad_(i == wanted) for i, t in enumerate(tensors(name, {}))]
    ours(*arguments).sum().backward()
    assert masks == [tuple(i == wanted for i in range(3))]
    assert [t.grad is not None for t in arguments] == list(masks[0])


@pytest.mark.parametrize("name", OPTIONS)
def test_a_leaf_used_twice_gets_both_gradients(name):
    ours, theirs = pair(name)
    arguments, options = tensors(name, {}), OPTIONS[name][0]

    def twice(function):
        output = function(*arguments, **options) * function(arguments[0] * 2, *arguments[1:], **options)
        return torch.autograd.grad(output.sum(), arguments)

    for a, b in zip(twice(ours), twice(theirs), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-12)


def test_one_tensor_in_two_roles():
    x = torch.randn(3, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda t: F.linear(t, t), x)


@pytest.mark.parametrize("name", OPTIONS)
def test_backward_twice_through_one_graph(name):
    ours, _ = pair(name)
    arguments, options = tensors(name, {}), OPTIONS[name][0]
    output = ours(*arguments, **options).sum()
    output.backward(retain_graph=True)
    once = [t.grad.clone() for t in arguments]
    output.backward()
    assert all(torch.equal(t.grad, 2 * g) for t, g in zip(arguments, once, strict=True))


SECOND = {
    "backward": lambda first, leaf: first.sum().backward(),
    "grad": lambda first, leaf: torch.autograd.grad(first.sum(), leaf),
    "with another term": lambda first, leaf: torch.autograd.grad(first.sum() + leaf.sum(), leaf),
    "unused": lambda first, leaf: torch.autograd.grad(first.sum(), leaf, allow_unused=True),
}


@pytest.mark.parametrize("way", SECOND)
@pytest.mark.parametrize("name", OPTIONS)
def test_a_second_derivative_is_refused(name, way):
    ours, _ = pair(name)
    arguments, options = tensors(name, {}), OPTIONS[name][0]
    output = ours(*arguments, **options).square().sum()
    (first,) = torch.autograd.grad(output, arguments[:1], create_graph=True)
    torch.testing.assert_close(first, torch.autograd.grad(output, arguments[:1])[0])
    with pytest.raises(RuntimeError, match="cannot be differentiated again: use torch's own layer"):
        SECOND[way](first, arguments[0])


def test_transforms_are_refused():
    x, w, _ = (t.detach() for t in tensors("conv2d", {}))
    for transform in (torch.vmap(lambda x: F.conv2d(x, w)), torch.func.grad(lambda x: F.conv2d(x, w).sum())):
        with pytest.raises(RuntimeError, match="functorch transforms"):
            transform(x)


@pytest.mark.parametrize("changed", range(2))
@pytest.mark.parametrize("name", ["conv2d", "conv_transpose2d", "linear"])
def test_a_change_between_forward_and_backward_is_noticed(name, changed):
    ours, _ = pair(name)
    arguments = tensors(name, {})
    output = ours(*arguments).sum()
    with torch.no_grad():
        arguments[changed] += 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        output.backward()


def test_indices_that_changed_are_noticed():
    x = tensors("max_pool2d", {})[0]
    output, indices = F.max_pool2d(x, 2, return_indices=True)
    assert not indices.requires_grad and indices.dtype is torch.int64
    indices += 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        output.sum().backward()


@pytest.mark.parametrize("name", OPTIONS)
def test_without_gradients_nothing_is_recorded(name):
    ours, _ = pair(name)
    arguments, options = tensors(name, {}), OPTIONS[name][0]
    recorded = ours(*arguments, **options)
    assert type(recorded.grad_fn).__name__ == name.title().replace("_", "").replace("2D", "2d") + "Backward"
    for context in (torch.no_grad(), torch.inference_mode()):
        with context:
            output = ours(*arguments, **options)
        assert not output.requires_grad and torch.equal(output, recorded)


def test_memory_is_shared_not_copied():
    from fastconv.torch._tensors import array

    x = torch.zeros(2, 3, requires_grad=True)
    array(x)[0, 0] = 5
    assert x[0, 0] == 5
    assert np.shares_memory(array(x), x.detach().numpy())


REFUSED = {
    "meta": (lambda t: t.to("meta"), r"must be on the CPU, .* got a tensor on meta: use \.cpu\(\)"),
    "half": (lambda t: t.half(), r"must be float32 or float64, got torch\.float16: use \.float\(\)"),
    "bfloat16": (lambda t: t.bfloat16(), r"must be float32 or float64, got torch\.bfloat16"),
    "int": (lambda t: t.int(), r"must be float32 or float64, got torch\.int32"),
    "complex": (lambda t: t.cfloat(), r"must be float32 or float64, got torch\.complex64"),
    "sparse": (lambda t: t.to_sparse(), r"must be dense, got layout torch\.sparse_coo: use \.to_dense\(\)"),
    "array": (lambda t: t.numpy(), r"must be a torch\.Tensor, got array"),
}


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.parametrize("name", OPTIONS)
def test_tensors_that_are_not_served(name, kind):
    make, text = REFUSED[kind]
    ours, _ = pair(name)
    valid, options = [t.detach() for t in tensors(name, {}, torch.float32)], OPTIONS[name][0]
    for i, role in enumerate(("input", "weight", "bias")[: len(valid)]):
        arguments = [make(t) if i == at else t for at, t in enumerate(valid)]
        with pytest.raises(TypeError, match=f"{name}: {role} {text}"):
            ours(*arguments, **options)


@pytest.mark.parametrize("name", ["conv2d", "conv_transpose2d", "linear"])
def test_dtypes_that_differ(name):
    ours, _ = pair(name)
    x, w, b = tensors(name, {}, torch.float32)
    with pytest.raises(TypeError, match=f"{name}: weight is torch.float64 where .* torch.float32: use .to"):
        ours(x, w.double(), b)
    with pytest.raises(TypeError, match=f"{name}: bias is torch.float64"):
        ours(x, w, b.double())


def test_shapes_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match="conv2d: weight of shape"):
        F.conv2d(torch.zeros(1, 3, 5, 5), torch.zeros(2, 4, 3, 3))
    with pytest.raises(ValueError, match="max_pool2d: "):
        F.max_pool2d(torch.zeros(1, 1, 2, 2), 3)
    with pytest.raises(TypeError, match="avg_pool2d: stride"):
        F.avg_pool2d(torch.zeros(1, 1, 2, 2), 2, 1.5)
