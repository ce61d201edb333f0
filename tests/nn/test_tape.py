"""Chains of layers run from tapes: nothing of it is to be seen but the speed."""

import copy
import mmap
import pickle
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import fastconv as fc
from fastconv import models, nn, optim
from fastconv.nn._tape.chain import Chain

ROUNDS = 4  # the second pass over a shape records, later ones run the tape


quick = pytest.mark.skipif(fc.get_backend() == "python", reason="takes minutes in plain loops")


def chains(net):
    """The chains of a container."""
    return [part for part in net._joined_parts() if isinstance(part, Chain)]


def is_taped(net):
    """Whether the last pass in training mode ran tapes only."""
    parts = net._joined_parts()
    return bool(parts) and all(isinstance(part, Chain) and part._last is not None for part in parts)


def uniform(*shape, seed=0, dtype=np.float32):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(dtype)


def small(**kind):
    return nn.Sequential(
        nn.Conv2d(2, 5, 3, padding=1, rng=0, **kind), nn.ReLU(), nn.MaxPool2d(2), nn.BatchNorm2d(5, **kind),
        nn.Dropout(0.3, rng=1), nn.Flatten(), nn.Linear(60, 4, rng=2, **kind),
    )  # fmt: skip


X = uniform(3, 2, 9, 7)


@pytest.fixture
def plainly(monkeypatch):
    """A function that calls another one while no tape is used."""

    def call(function, *args):
        with monkeypatch.context() as patch:
            patch.setattr(Chain, "_tape", lambda self, input: None)
            return function(*args)

    return call


def trained(net, x, rounds=ROUNDS, input_grad=True):
    """Everything that comes out of some passes: outputs, gradients, buffers."""
    results = []
    for i in range(rounds):
        output = net(x)
        upstream = uniform(*output.shape, seed=i, dtype=x.dtype)
        net.zero_grad()
        grad_input = net.backward(upstream, input_grad=input_grad)
        grads = [p.grad for p in net.parameters()]
        results += [output, grad_input, *grads, *[buffer.copy() for buffer in net.buffers()]]
    taped = is_taped(net)
    net.eval()
    results += [net(x) for _ in range(rounds)]
    net.train()
    return results, taped


def same(a, b):
    assert len(a) == len(b)
    for left, right in zip(a, b, strict=True):
        assert (left is None) == (right is None)
        if left is not None:
            assert left.dtype == right.dtype and left.shape == right.shape
            assert left.tobytes() == right.tobytes()


ACTIVATIONS = [
    nn.ReLU(), nn.Sigmoid(), nn.Tanh(), nn.ELU(0.7), nn.GELU(), nn.GELU("tanh"), nn.Hardsigmoid(), nn.Hardswish(),
    nn.Hardtanh(-0.5, 0.25), nn.LeakyReLU(0.1), nn.ReLU6(), nn.SiLU(), nn.Softplus(2, 1), nn.Identity(),
]  # fmt: skip


def conv(*args, **options):
    return nn.Conv2d(*args, rng=3, **options)


CHAINS = {
    "small": lambda: small(),
    "pool before relu": lambda: nn.Sequential(conv(2, 3, 3), nn.MaxPool2d(2), nn.ReLU()),
    "relu before padded pool": lambda: nn.Sequential(conv(2, 3, 3), nn.ReLU(), nn.MaxPool2d(3, 1, 1)),
    "relu before dilated pool": lambda: nn.Sequential(conv(2, 3, 3), nn.ReLU(), nn.MaxPool2d(2, 2, 0, 2)),
    "relu before pool": lambda: nn.Sequential(conv(2, 3, 3), nn.ReLU(), nn.MaxPool2d(3, 2), conv(3, 2, 1)),
    "relu first": lambda: nn.Sequential(nn.ReLU(), nn.MaxPool2d(2)),
    "flatten last": lambda: nn.Sequential(conv(2, 3, 3), nn.Flatten()),
    "flatten in the middle": lambda: nn.Sequential(nn.Flatten(2), nn.ReLU(), nn.Flatten(), nn.Linear(126, 3, rng=0)),
    "linear on maps": lambda: nn.Sequential(nn.Linear(7, 4, rng=0), nn.Tanh(), nn.Linear(4, 3, bias=False, rng=1)),
    "average": lambda: nn.Sequential(conv(2, 3, 3), nn.AvgPool2d(2, 1, 1, True, False), nn.AdaptiveAvgPool2d((2, 3))),
    "mean": lambda: nn.Sequential(conv(2, 3, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2, rng=0)),
    "groups": lambda: nn.Sequential(conv(2, 4, 3, groups=2, stride=2), conv(4, 4, 3, padding="same", groups=4)),
    "no bias": lambda: nn.Sequential(conv(2, 4, 1, bias=False), nn.BatchNorm2d(4), nn.Sigmoid()),
    "norm alone": lambda: nn.Sequential(nn.BatchNorm2d(2, affine=False), nn.BatchNorm2d(2, track_running_stats=False)),
    "norm of short rows": lambda: nn.Sequential(conv(2, 3, 7), nn.BatchNorm2d(3), nn.ReLU()),
    "residual": lambda: nn.Sequential(nn.Residual(nn.Sequential(conv(2, 2, 3, padding=1), nn.ReLU())), nn.ReLU()),
    "two residuals": lambda: nn.Sequential(nn.Residual(nn.Tanh()), nn.Residual(nn.ReLU(), nn.Sigmoid()), nn.Tanh()),
    "residual of nothing": lambda: nn.Sequential(nn.ReLU(), nn.Residual(nn.Identity()), nn.Flatten()),
    "concat": lambda: nn.Sequential(nn.Concat(conv(2, 3, 1), nn.Identity(), nn.Sequential(nn.ReLU())), conv(7, 2, 3)),
    "nested": lambda: nn.Sequential(nn.Sequential(conv(2, 3, 3), nn.Sequential(nn.ReLU())), nn.Sequential(), nn.Tanh()),
    **{repr(layer): lambda layer=layer: nn.Sequential(conv(2, 3, 3), copy.deepcopy(layer), conv(3, 1, 1))
       for layer in ACTIVATIONS},
}  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", CHAINS)
def test_bits_are_those_of_the_layers(name, dtype, plainly):
    x = X.astype(dtype)

    def net():
        made = CHAINS[name]()
        for parameter in made.parameters():
            parameter.data = parameter.data.astype(dtype)
        for module in made.modules():
            for key in module._buffers:
                if getattr(module, key) is not None and getattr(module, key).dtype.kind == "f":
                    setattr(module, key, getattr(module, key).astype(dtype))
        return made

    expected, taped = plainly(trained, net(), x)
    assert not taped
    results, taped = trained(net(), x)
    assert taped
    same(results, expected)


@pytest.mark.parametrize("padding", [0, 1])
def test_zeros_of_both_signs_and_values_that_are_not_finite(padding, plainly):
    values = [-0.0, 0.0, -1, -0.0, np.nan, -1, np.inf, -np.inf, -2, 3, -np.inf, -1]
    x = np.array(values * 6, np.float32).reshape(2, 1, 6, 6)
    net = nn.Sequential(nn.Identity(), nn.ReLU(), nn.MaxPool2d(2, padding=padding), nn.Tanh())
    with np.errstate(all="raise"):
        expected, _ = plainly(trained, copy.deepcopy(net), x)
        same(trained(net, x)[0], expected)


@quick
@pytest.mark.parametrize("make", [models.resnet20, models.mobilenet_v2])
def test_models(make, plainly):
    x = uniform(2, 3, 32, 32)
    expected, _ = plainly(trained, make(5, width_mult=0.5, rng=0), x, 3)
    same(trained(make(5, width_mult=0.5, rng=0), x, 3)[0], expected)


@quick
def test_lenet_and_the_models_with_residuals_run_from_one_tape():
    for net, x in [
        (models.lenet5(rng=0), uniform(2, 1, 32, 32)),
        (models.resnet20(width_mult=0.25, rng=0), uniform(2, 3, 16, 16)),
        (models.mobilenet_v2(4, width_mult=0.25, rng=0), uniform(2, 3, 32, 32)),
    ]:
        for _ in range(2):
            net(x)
        assert len(net._joined_parts()) == 1 and is_taped(net)


def ready(net, x=X):
    """The net, with a tape for the input."""
    for _ in range(2):
        net(x)
    assert is_taped(net)
    return net


def without_chance():
    """Layers whose results depend on nothing but input and weights."""
    layers = conv(2, 3, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(12, 4, rng=2)
    return nn.Sequential(*layers)


def check_as_plain(net, plainly, x=X):
    """Output and gradients are those of a plain pass of a copy."""
    other = copy.deepcopy(net)
    expected = plainly(trained, other, x, 1)[0]
    same(trained(net, x, 1)[0], expected)


@pytest.mark.parametrize("change", [
    lambda net: net[0].weight.data.__imul__(2),
    lambda net: setattr(net[0].weight, "data", uniform(3, 2, 3, 3, seed=5)),
    lambda net: setattr(net[0].weight, "data", np.asfortranarray(uniform(3, 2, 3, 3, seed=5))),
    lambda net: setattr(net[0], "weight", nn.Parameter(uniform(3, 2, 3, 3, seed=6))),
    lambda net: setattr(net[0], "bias", None),
    lambda net: setattr(net[0], "padding", ((1, 0), (0, 2))),
    lambda net: setattr(net[0], "padding_mode", "reflect"),
    lambda net: net.__setitem__(1, nn.Tanh()),
    lambda net: net.append(nn.Sigmoid()),
    lambda net: net.insert(0, nn.Sigmoid()),
    lambda net: net.load_state_dict({name: array + 1 for name, array in net.state_dict().items()}),
    lambda net: net.requires_grad_(False),
    lambda net: net[4].requires_grad_(False),
    lambda net: setattr(net[0].weight, "requires_grad", False),
], ids=range(14))  # fmt: skip
def test_no_change_goes_unseen(change, plainly):
    net = ready(without_chance())
    before = net(X)
    change(net)
    check_as_plain(net, plainly)
    assert net(X).tobytes() != before.tobytes() or not all(p.requires_grad for p in net.parameters())


def test_a_layer_called_in_between_costs_the_tape_one_pass_only():
    net = ready(without_chance())
    for _ in range(3):
        net(X)
        net[0](X)  # keeps something of its own, and the next pass of the whole puts the tape there again
        net.backward(net(X))
        assert all(len(module._saved) == 1 for module in net)
        assert chains(net)[0]._last.ready()


@pytest.mark.parametrize("change", [
    lambda net: setattr(net[0].weight, "data", uniform(3, 2, 3, 3, seed=5)),
    lambda net: setattr(net[4].weight, "requires_grad", False),
    lambda net: net.requires_grad_(False),
    lambda net: net[0](X + 1),
    lambda net: net[4](np.ones((3, 12), np.float32)),
    lambda net: net[1:4](uniform(3, 3, 5, 5)),
    lambda net: net[4].eval(),
], ids=range(7))  # fmt: skip
def test_no_change_goes_unseen_between_forward_and_backward(change, plainly):
    def gradients(net):
        found = []
        for changed in False, True, False, False:
            net.zero_grad()
            output = net(X)
            if changed:
                change(net)
            try:
                found.append(net.backward(output + 1).tobytes())
            except (RuntimeError, ValueError) as error:
                found.append(str(error))
            found += [None if p.grad is None else p.grad.tobytes() for p in net.parameters()]
            if not changed:
                net.train().requires_grad_()
        return found

    net = ready(without_chance())
    other = copy.deepcopy(net)
    assert gradients(net) == plainly(gradients, other)


def test_hooks_are_called():
    net, calls = ready(without_chance()), []
    handles = [
        net[1].register_forward_hook(lambda module, args, output: calls.append("after")),
        net[0].register_forward_pre_hook(lambda module, args: calls.append("before")),
        net[4].register_full_backward_hook(lambda module, grad_input, grad_output: calls.append("backward")),
    ]
    net.backward(np.ones_like(net(X)))
    assert calls == ["before", "after", "backward"]
    for handle in handles:
        handle.remove()
    ready(net)
    net.backward(np.ones_like(net(X)))
    assert len(calls) == 3


def test_a_custom_module_in_the_middle(plainly):
    class Double(nn.Module):
        def forward(self, input):
            self.seen = input
            return 2 * input

        def backward(self, grad_output, *, input_grad=True):
            return 2 * grad_output if input_grad else None

    net = nn.Sequential(conv(2, 3, 3), nn.ReLU(), Double(), nn.Flatten(), nn.Linear(105, 4, rng=2))
    for _ in range(3):
        net(X)
    assert [type(part) for part in net._joined_parts()] == [Chain, Double, Chain]
    assert all(chain._last is not None for chain in chains(net))
    check_as_plain(net, plainly)
    assert (net[2].seen >= 0).all()


def test_a_subclass_with_a_forward_of_its_own_is_called(plainly):
    class Shifted(nn.ReLU):
        def forward(self, input):
            return super().forward(input - 0.25)

    class Counted(nn.Conv2d):
        calls = 0

        def __call__(self, *args):
            Counted.calls += 1
            return super().__call__(*args)

    net = nn.Sequential(Counted(2, 3, 3, rng=0), Shifted(), nn.Flatten())
    check_as_plain(net, plainly)
    before = Counted.calls
    for i in range(3):
        net(X)
        assert Counted.calls == before + i + 1


def test_what_was_given_out_stays_as_it_is():
    net = ready(nn.Sequential(nn.BatchNorm2d(2), nn.ReLU(), conv(2, 3, 3), nn.Sigmoid()))
    held = []
    for i in range(6):
        x = uniform(3, 2, 9, 7, seed=i)
        output = net(x)
        net.zero_grad()
        grad_input = net.backward(np.full_like(output, i))
        parts = [output[1:], grad_input.T, net[2].weight.grad, net[2].bias.grad[:1], memoryview(net[0].weight.grad)]
        del output, grad_input
        held.append((parts, [np.array(part) for part in parts]))
    for parts, copies in held:
        for part, kept in zip(parts, copies, strict=True):
            np.testing.assert_array_equal(np.asarray(part), kept)
    net.eval()
    outputs = [net(uniform(3, 2, 9, 7, seed=i)) for i in range(6)]
    assert len({output.tobytes() for output in outputs}) == 6


def test_gradients_add_up():
    net = ready(without_chance())
    net.zero_grad()
    once = None
    for i in range(1, 5):
        net.backward(np.ones_like(net(X)))
        grads = [p.grad for p in net.parameters()]
        once = [grad.copy() for grad in grads] if once is None else once
        for grad, one in zip(grads, once, strict=True):
            np.testing.assert_allclose(grad, i * one, rtol=1e-5)


def test_backward_twice_gives_the_same():
    net = ready(small())
    output = net(X)
    first = net.backward(np.ones_like(output))
    same([net.backward(np.ones_like(output))], [first])


def test_layers_can_be_called_back_one_by_one(plainly):
    def one_by_one(net):
        for _ in range(3):
            output = net(X)
        grad = np.ones_like(output)
        net.zero_grad()
        for layer in reversed(list(net)):
            grad = layer.backward(grad)
        return [grad, *[p.grad for p in net.parameters()]]

    net = small()
    expected = plainly(one_by_one, copy.deepcopy(net))
    same(one_by_one(net), expected)


def test_a_layer_called_in_between_is_the_one_that_is_called_back(plainly):
    def mixed(net):
        for _ in range(3):
            output = net(X)
        net[0](2 * X)  # its backward now belongs to this input
        net.zero_grad()
        return [net.backward(np.ones_like(output)), net[0].weight.grad]

    net = without_chance()
    expected = plainly(mixed, copy.deepcopy(net))
    same(mixed(net), expected)


def test_a_layer_at_two_places(plainly):
    def passes(net):
        results = []
        for _ in range(3):
            net.zero_grad()
            output = net(X)
            results += [output, net.backward(np.ones_like(output)), *[p.grad for p in net.parameters()]]
        return results

    shared = conv(2, 2, 3, padding=1)
    block = nn.Sequential(conv(2, 2, 3, padding=1), nn.Tanh())
    for make in (
        lambda: nn.Sequential(shared, nn.Tanh(), shared),
        lambda: nn.Sequential(nn.Concat(shared, nn.Sequential(nn.Tanh(), shared)), nn.ReLU()),
        lambda: nn.Concat(shared, nn.Sequential(nn.Tanh(), shared)),
        lambda: nn.Residual(block, block),
    ):
        net = copy.deepcopy(make())
        expected = plainly(passes, copy.deepcopy(net))
        same(passes(net), expected)


def test_one_weight_in_two_layers(plainly):
    net = nn.Sequential(conv(2, 2, 3, padding=1), nn.Tanh(), conv(2, 2, 3, padding=1))
    net[2].weight = net[0].weight
    check_as_plain(ready(net), plainly)
    assert net[2].weight is net[0].weight


def test_other_shapes_and_dtypes_in_between(plainly):
    net = nn.Sequential(conv(2, 3, 3), nn.ReLU(), nn.BatchNorm2d(3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    inputs = [X, uniform(1, 2, 9, 7), uniform(3, 2, 12, 5), X[:2], np.asfortranarray(X), X[:, :, ::-1]] * 3

    def passes(net):
        results = []
        for i, x in enumerate(inputs):
            net.zero_grad()
            output = net(x)
            results += [output, net.backward(np.full_like(output, i)), net[0].weight.grad]
        return results

    expected = plainly(passes, copy.deepcopy(net))
    same(passes(net), expected)


def test_one_image_without_a_batch(plainly):
    net = nn.Sequential(conv(2, 3, 3), nn.ReLU(), nn.MaxPool2d(2), nn.AvgPool2d(2), nn.AdaptiveAvgPool2d(1))
    ready(net, X[0])
    check_as_plain(net, plainly, X[0])


def test_errors_are_those_of_the_layers():
    net = ready(without_chance())
    with pytest.raises(ValueError, match=r"conv2d: weight of shape .* fits 2 input channels"):
        net(X[:, :1])
    with pytest.raises(TypeError, match="conv2d: input must be float32 or float64"):
        net(X.astype(int))
    output = net(X)
    for grad in (output[:1], output.astype(np.float64)):
        with pytest.raises((TypeError, ValueError), match="linear_backward: "):
            net.backward(grad)
    net[0].weight.data = net[0].weight.data.astype(np.float64)
    with pytest.raises(TypeError, match="conv2d: weight is float64"):
        net(X)
    net[0].weight.data = uniform(3, 1, 3, 3)
    with pytest.raises(ValueError, match="conv2d: weight of shape"):
        net(X)


def test_gradients_of_any_layout_are_taken():
    net = ready(without_chance())
    upstream = uniform(3, 4, seed=1)
    expected = net.backward(upstream) if net(X) is not None else None
    net(X)
    same([net.backward(np.asfortranarray(upstream))], [expected])


def test_a_pass_that_was_broken_off_is_not_called_back(monkeypatch):
    net = ready(without_chance())
    bound = chains(net)[0]._last
    function, args = bound._calls[1]

    def interrupted(*args):
        raise KeyboardInterrupt

    bound._calls[1] = (interrupted, args)
    with pytest.raises(KeyboardInterrupt):
        net(X)
    with pytest.raises(RuntimeError, match="backward"):
        net.backward(np.ones((3, 4), np.float32))
    bound._calls[1] = (function, args)
    net.backward(np.ones_like(net(X)))


def test_eval_mode_keeps_nothing_for_backward():
    net = ready(without_chance())
    net.eval()
    for _ in range(3):
        output = net(X)
    with pytest.raises(RuntimeError, match="training mode"):
        net.backward(np.ones_like(output))
    net.train()
    net.backward(np.ones_like(net(X)))


def test_dropout_is_called_back_in_the_mode_of_its_pass(plainly):
    def passes(net):
        for _ in range(3):
            output = net(X)
        net[0].training = False  # set by hand: unlike `eval`, this leaves what was kept
        return [net.backward(np.ones_like(output))]

    net = nn.Sequential(nn.Dropout(0.5, rng=0), nn.Tanh())
    expected = plainly(passes, copy.deepcopy(net))
    same(passes(net), expected)


def test_a_part_in_eval_mode(plainly):
    net = small()
    net[3].eval()
    check_as_plain(ready(net), plainly)
    before = net[3].running_mean.copy()
    net.train()
    net[3].eval()
    ready(net)
    np.testing.assert_array_equal(net[3].running_mean, before)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_copies_between_forward_and_backward(copied):
    net = ready(small())
    output = net(X)
    other = copied(net)
    net.zero_grad()
    other.zero_grad()
    upstream = np.ones_like(output)
    same([other.backward(upstream), other[0].weight.grad], [net.backward(upstream), net[0].weight.grad])
    for _ in range(3):
        same([net(X)], [other(X)])


@pytest.mark.parametrize("change", [
    lambda norm: norm.running_mean.__iadd__(1),
    lambda norm: norm.running_var.__imul__(2),
    lambda norm: norm.weight.data.__imul__(2),
    lambda norm: norm.bias.data.__iadd__(1),
    lambda norm: setattr(norm, "running_mean", norm.running_mean + 1),
    lambda norm: setattr(norm.weight, "data", norm.weight.data + 1),
    lambda norm: setattr(norm, "bias", None),
    lambda norm: setattr(norm, "eps", 0.1),
    lambda norm: norm.running_var.__imul__(np.nan),
], ids=range(9))  # fmt: skip
def test_normalisation_in_eval_mode_sees_every_change(change, plainly):
    net = nn.Sequential(nn.Identity(), nn.BatchNorm2d(2), nn.Tanh())
    net[1].bias.data += 0.5
    net(X)
    net.eval()
    for _ in range(3):
        before = net(X)
    change(net[1])
    after = net(X)
    assert after.tobytes() != before.tobytes()
    same([after], [plainly(net, X)])


def test_normalisation_in_eval_mode_refuses_what_layers_refuse():
    net = nn.Sequential(nn.Identity(), nn.BatchNorm2d(2), nn.Tanh()).eval()
    for _ in range(3):
        net(X)
    net[1].running_mean = np.zeros(3, np.float32)
    with pytest.raises(ValueError, match="BatchNorm2d: running_mean must have shape"):
        net(X)


@pytest.mark.parametrize("backend", fc.available_backends())
def test_the_backend_may_change(backend, plainly):
    net = ready(without_chance())
    with fc.use_backend(backend):
        check_as_plain(net, plainly, X[:1])
    check_as_plain(net, plainly)


@pytest.mark.thread_unsafe
def test_the_precision_may_change():
    net = nn.Sequential(conv(16, 16, 3, padding=1), nn.Identity())
    x = uniform(1, 16, 12, 12)
    for _ in range(3):
        fast = net(x)
    try:
        fc.set_float32_conv_precision("highest")
        exact = [net(x) for _ in range(3)]
        same(exact, [exact[0]] * 3)
        same([exact[0]], [fc.functional.conv2d(x, net[0].weight.data, net[0].bias.data, padding=1, algorithm="direct")])
    finally:
        fc.set_float32_conv_precision("high")
    same([net(x)], [fast])


def steps(net, images, targets) -> Iterator[float]:
    """Training steps, for as long as wanted."""
    criterion, optimizer = nn.CrossEntropyLoss(), optim.Adam(net.parameters(), lr=1e-3)
    while True:
        for x, y in zip(images, targets, strict=True):
            loss = criterion(net(x), y)
            optimizer.zero_grad()
            net.backward(criterion.backward(), input_grad=False)
            optimizer.step()
            yield loss


def test_losses_are_those_of_plain_steps(plainly):
    images, targets = [X, X[:2]], [np.array([0, 1, 2]), np.array([3, 1])]

    def losses(net):
        run = steps(net, images, targets)
        return [next(run) for _ in range(12)]

    assert plainly(losses, small()) == losses(small())


def resident_pages():
    """Of this process; always 0 where the system does not tell."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) if statm.exists() else 0


@pytest.mark.skipif(fc.get_backend() != "cython", reason="NumPy's and Python's own arrays come and go")
def test_a_steady_state_allocates_nothing():
    """A thousand steps with two batch sizes in turn: neither what Python and NumPy hold nor what is resident grows."""
    net = models.lenet5(rng=0)
    images = [uniform(size, 1, 32, 32) for size in (8, 5)]
    run = steps(net, images, [np.arange(len(x)) % 10 for x in images])
    largest = 8 * 6 * 28 * 28 * 4  # the output of the first layer
    with fc.threads(1):  # two would wait for each other wherever other work is done beside
        for _ in range(20):
            next(run)
        tracemalloc.start()
        try:
            before, _ = tracemalloc.get_traced_memory()
            resident = resident_pages()
            tracemalloc.reset_peak()
            for _ in range(1000):
                next(run)
            after, peak = tracemalloc.get_traced_memory()
            grown = resident_pages() - resident
        finally:
            tracemalloc.stop()
    assert grown * mmap.PAGESIZE < largest
    # What is made anew are logits, losses and Python's own objects: hardly a page.
    assert after - before < 16384 and peak - before < 65536 < largest


def test_an_empty_batch_is_left_to_the_layers():
    net = small()
    for _ in range(ROUNDS):
        assert net(X[:0]).shape == (0, 4)
        assert net.backward(np.empty((0, 4), np.float32)).shape == (0, 2, 9, 7)
        assert all(not p.grad.any() for p in net.parameters())


def test_gradients_are_told_while_others_are_still_to_come():
    """From the last layer to the first, as layers do it, each before the gradient of the layer below is written."""
    net, told = small(), []
    for name, parameter in net.named_parameters():
        hook = lambda p, name=name: told.append((name, [other.grad is not None for other in net.parameters()]))  # noqa: E731
        parameter.register_post_accumulate_grad_hook(hook)
    rounds = []
    for _ in range(ROUNDS):
        net.zero_grad()
        told.clear()
        net.backward(net(X))
        rounds.append(list(told))
    assert is_taped(net) and all(round == rounds[0] for round in rounds)
    assert [name for name, _ in rounds[0]] == ["6.weight", "6.bias", "3.weight", "3.bias", "0.weight", "0.bias"]
    assert [sum(there) for _, there in rounds[0]] == [1, 2, 3, 4, 5, 6]
