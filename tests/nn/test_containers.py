"""Residual, Concat, ModuleList, ModuleDict, and what Sequential does as a list."""

from collections import OrderedDict

import numpy as np
import pytest

from fastconv import nn
from fastconv.testing import gradcheck

torch = pytest.importorskip("torch")

IMAGE = np.random.default_rng(0).standard_normal((2, 3, 5, 4))


def conv(channels_in, channels_out, size=1, seed=0):
    return nn.Conv2d(channels_in, channels_out, size, padding=size // 2, rng=seed, dtype=np.float64)


def test_residual_adds():
    body = nn.Sequential(conv(3, 3, 3), nn.Tanh(), conv(3, 3, 1))
    for shortcut in (None, conv(3, 3, 1, 5)):
        block = nn.Residual(body, shortcut)
        expected = body(IMAGE) + (IMAGE if shortcut is None else shortcut(IMAGE))
        np.testing.assert_array_equal(block(IMAGE), expected)
        gradcheck(block, IMAGE)
    assert list(block.state_dict()) == [
        "body.0.weight", "body.0.bias", "body.2.weight", "body.2.bias", "shortcut.weight", "shortcut.bias"
    ]  # fmt: skip


def test_concat_joins_channels():
    block = nn.Concat(conv(3, 2), nn.Identity(), nn.Sequential(conv(3, 4, 3), nn.Sigmoid()))
    np.testing.assert_array_equal(block(IMAGE), np.concatenate([branch(IMAGE) for branch in block], axis=1))
    gradcheck(block, IMAGE)
    assert list(block.state_dict()) == ["0.weight", "0.bias", "2.0.weight", "2.0.bias"]
    named = nn.Concat(OrderedDict(a=conv(3, 1), b=nn.ReLU()))
    assert list(named.state_dict()) == ["a.weight", "a.bias"] and named(IMAGE).shape == (2, 4, 5, 4)
    assert nn.Concat(nn.Linear(3, 2, dtype=np.float64))(IMAGE[0, :, :, 0].T).shape == (5, 2)


def test_shapes_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match=r"Residual: input must have .* \(2, 4, 5, 4\), got \(2, 3, 5, 4\)"):
        nn.Residual(conv(3, 4))(IMAGE)
    with pytest.raises(ValueError, match=r"Residual: what the shortcut gives .* \(2, 4, 5, 4\), got \(2, 2, 5, 4\)"):
        nn.Residual(conv(3, 4), conv(3, 2))(IMAGE)
    with pytest.raises(ValueError, match=r"Concat: what branch '1' gives .* \(2, 3, 5, 4\).* got \(2, 3, 4, 3\)"):
        nn.Concat(nn.Identity(), nn.MaxPool2d(2, 1))(IMAGE)
    with pytest.raises(ValueError, match=r"Concat: what branch '0' gives must be at least 2-D.* \(120,\)"):
        nn.Concat(nn.Flatten(0))(IMAGE)
    block = nn.Concat(nn.Identity(), nn.ReLU())
    block(IMAGE)
    with pytest.raises(ValueError, match=r"Concat.backward: grad_output must have shape \(2, 6, 5, 4\)"):
        block.backward(IMAGE)
    with pytest.raises(RuntimeError, match="forward must be called first"):
        nn.Concat(nn.ReLU()).backward(IMAGE)
    with pytest.raises(ValueError, match="at least one branch"):
        nn.Concat()


def test_only_modules():
    for make in (nn.Concat, nn.Residual, lambda x: nn.Residual(nn.ReLU(), x), lambda x: nn.ModuleList([x])):
        for wrong in (3, "a", nn.ReLU, np.ones(3)):
            with pytest.raises(TypeError, match="Module"):
                make(wrong)
    for wrong in (3, [3], ["ab"], {"a": 3}):
        with pytest.raises(TypeError, match="Module"):
            nn.ModuleDict(wrong)


def test_any_layout_and_no_batch():
    block = nn.Residual(nn.Concat(nn.Sequential(conv(3, 1), nn.ReLU()), conv(3, 2)))
    plain = block(IMAGE)
    grad = block.backward(IMAGE)
    swapped = IMAGE.astype(IMAGE.dtype.newbyteorder())
    for image in (np.asfortranarray(IMAGE), swapped, IMAGE.transpose(0, 1, 3, 2).copy().transpose(0, 1, 3, 2)):
        result = block(image)
        assert result.tobytes() == plain.tobytes() and result.flags.c_contiguous and result.dtype.isnative
        assert block.backward(image).tobytes() == grad.tobytes()
    assert block(IMAGE[:0]).shape == (0, 3, 5, 4) and block.backward(IMAGE[:0]).shape == (0, 3, 5, 4)
    assert not np.shares_memory(nn.Residual(nn.Identity())(IMAGE), IMAGE)


def test_a_layer_in_body_and_shortcut():
    shared = nn.Linear(3, 3, rng=0, dtype=np.float64)
    x = np.linspace(-1, 1, 6).reshape(2, 3)
    gradcheck(nn.Residual(nn.Sequential(shared, nn.Tanh()), shared), x)
    gradcheck(nn.Concat(shared, nn.Sequential(nn.Tanh(), shared)), x)


LISTS = {
    "insert first": lambda net, layer: net.insert(0, layer("Tanh")),
    "insert before last": lambda net, layer: net.insert(2, layer("Tanh")),
    "insert last": lambda net, layer: net.insert(3, layer("Tanh")),
    "append": lambda net, layer: net.append(layer("Tanh")),
    "extend": lambda net, layer: net.extend([layer("Tanh"), layer("ReLU")]),
    "delete": lambda net, layer: net.__delitem__(1),
    "delete slice": lambda net, layer: net.__delitem__(slice(0, 2)),
    "pop": lambda net, layer: net.pop(0),
    "set": lambda net, layer: net.__setitem__(-1, layer("Tanh")),
}


@pytest.mark.parametrize("kind", ["Sequential", "ModuleList"])
@pytest.mark.parametrize("name", LISTS)
def test_lists_change_as_in_torch(kind, name):
    texts = []
    for lib in (nn, torch.nn):
        parts = [lib.Linear(2, 3), lib.ReLU(), lib.Linear(3, 2)]
        net = lib.Sequential(*parts) if kind == "Sequential" else lib.ModuleList(parts)
        result = LISTS[name](net, lambda layer, lib=lib: getattr(lib, layer)())
        result = result if name == "pop" else net
        texts.append((repr(net), repr(result), list(net.state_dict()), len(net), repr(net[1:])))
    assert texts[0] == texts[1]
    assert isinstance(nn.ModuleList([nn.ReLU(), nn.Tanh()]).insert(-1, nn.Sigmoid())[1], nn.Sigmoid)


def test_lists_keep_names():
    net = nn.Sequential({"a": nn.ReLU(), "b": nn.Tanh(), "c": nn.ReLU()})
    with pytest.raises(ValueError, match=r"Sequential.insert: the modules must be numbered"):
        net.insert(0, nn.ReLU())
    del net[1]
    assert [name for name, _ in net.named_children()] == ["a", "c"]


def test_insertions_that_are_refused_change_nothing():
    net = nn.Sequential(nn.ReLU(), nn.Tanh())
    for index, module, error in ((3, nn.ReLU(), IndexError), (True, nn.ReLU(), TypeError), (0, 1, TypeError)):
        with pytest.raises(error, match=r"Sequential\.insert"):
            net.insert(index, module)
    with pytest.raises(TypeError, match=r"Sequential\.extend"):
        net.extend(3)
    with pytest.raises(IndexError):
        net.pop(2)
    assert repr(net) == repr(nn.Sequential(nn.ReLU(), nn.Tanh()))


def test_a_list_shows_equal_neighbours_once():
    def layers(lib):
        pair = lambda: lib.Sequential(lib.ReLU(), lib.Linear(1, 1))  # noqa: E731
        return lib.ModuleList([lib.ReLU(), lib.ReLU(), pair(), pair(), lib.ReLU()])

    assert repr(layers(nn)) == repr(layers(torch.nn))
    assert repr(nn.ModuleList()) == repr(torch.nn.ModuleList()) == "ModuleList()"


def test_module_dict():
    def make(lib):
        parts = lib.ModuleDict({"a": lib.Linear(1, 2), "b": lib.ReLU()})
        parts.update([("c", lib.Linear(2, 1))])
        parts["d"] = lib.Tanh()
        del parts["b"]
        popped = parts.pop("d")
        return repr(parts), list(parts.state_dict()), list(parts), list(parts.keys()), repr(popped), "b" in parts

    assert make(nn) == make(torch.nn)
    parts = nn.ModuleDict({"a": nn.ReLU()})
    for key in ("b", "training", "forward"):
        with pytest.raises(KeyError):
            parts[key]
        with pytest.raises(KeyError):
            del parts[key]
    with pytest.raises(ValueError, match="name"):
        parts["keys"] = nn.ReLU()
    assert list(parts.items()) == [("a", parts.a)] and list(parts.values()) == [parts["a"]]
    parts.clear()
    assert len(parts) == 0
