"""What a backward pass needs of the forward pass before it."""

from threading import Thread

import numpy as np
import pytest

from fastconv import nn

IMAGE = np.linspace(-1, 1, 2 * 2 * 4 * 4).reshape(2, 2, 4, 4)
LAYERS = {
    "Conv2d": lambda: nn.Conv2d(2, 3, 3, rng=0, dtype=np.float64),
    "ConvTranspose2d": lambda: nn.ConvTranspose2d(2, 3, 3, 2, rng=0, dtype=np.float64),
    "AdaptiveAvgPool2d": lambda: nn.AdaptiveAvgPool2d(3),
    "AdaptiveMaxPool2d": lambda: nn.AdaptiveMaxPool2d((1, 3)),
    "Linear": lambda: nn.Linear(4, 3, rng=0, dtype=np.float64),
    "MaxPool2d": lambda: nn.MaxPool2d(2),
    "AvgPool2d": lambda: nn.AvgPool2d(2),
    "ZeroPad2d": lambda: nn.ZeroPad2d(1),
    "ReflectionPad2d": lambda: nn.ReflectionPad2d(1),
    "Flatten": lambda: nn.Flatten(),
    "Upsample": lambda: nn.Upsample(2),
    "Unflatten": lambda: nn.Unflatten(1, (2, 1)),
    "BatchNorm2d": lambda: nn.BatchNorm2d(2, track_running_stats=False, dtype=np.float64),
    "GroupNorm": lambda: nn.GroupNorm(2, 2, dtype=np.float64),
    "LayerNorm": lambda: nn.LayerNorm(4, dtype=np.float64),
    "Concat": lambda: nn.Concat(nn.Conv2d(2, 3, 3, rng=0, dtype=np.float64), nn.MaxPool2d(3, 1)),
    "ReLU": lambda: nn.ReLU(),
    "Sigmoid": lambda: nn.Sigmoid(),
    "Tanh": lambda: nn.Tanh(),
}


@pytest.fixture(params=LAYERS)
def make(request):
    return LAYERS[request.param]


def test_backward_before_forward(make):
    layer = make()
    with pytest.raises(RuntimeError, match=rf"{type(layer).__name__}.backward: forward must be called first"):
        layer.backward(IMAGE)
    with pytest.raises(RuntimeError, match="forward must be called first"):
        layer.backward(IMAGE, input_grad=False)


def test_eval_mode_keeps_nothing(make):
    layer = make()
    training = layer(IMAGE)
    layer.eval()
    np.testing.assert_array_equal(layer(IMAGE), training)
    with pytest.raises(RuntimeError, match="training mode"):
        layer.backward(training)
    layer.train()
    with pytest.raises(RuntimeError):
        layer.backward(training)


def test_backward_twice_accumulates_twice(make):
    layer = make()
    grad_output = np.ones_like(layer(IMAGE))
    once = layer.backward(grad_output)
    first = [p.grad.copy() for p in layer.parameters()]
    np.testing.assert_array_equal(layer.backward(grad_output), once)
    for p, grad in zip(layer.parameters(), first, strict=True):
        np.testing.assert_array_equal(p.grad, 2 * grad)


def test_input_grad_false_changes_no_other_gradient(make):
    layer = make()
    grad_output = np.ones_like(layer(IMAGE))
    layer.backward(grad_output)
    full = [p.grad for p in layer.parameters()]
    layer.zero_grad()
    assert layer.backward(grad_output, input_grad=False) is None
    for p, grad in zip(layer.parameters(), full, strict=True):
        np.testing.assert_array_equal(p.grad, grad)


def test_a_wrong_grad_output_is_refused(make):
    layer = make()
    layer(IMAGE)
    with pytest.raises(ValueError, match="grad_output"):
        layer.backward(np.ones((1, 1, 1, 1)))
    with pytest.raises(TypeError, match="grad_output"):
        layer.backward([1.0])
    assert all(p.grad is None for p in layer.parameters())


def test_arrays_are_not_modified_and_not_shared(make):
    layer = make()
    image = IMAGE.copy()
    output = layer(image)
    grad_output = np.ones_like(output)
    grad_input = layer.backward(grad_output)
    assert (image == IMAGE).all() and (grad_output == 1).all()
    assert grad_input.shape == image.shape
    assert not np.shares_memory(output, image) and not np.shares_memory(grad_input, grad_output)


def test_a_layer_at_two_places():
    shared = nn.Linear(3, 3, rng=0, dtype=np.float64)
    relu = nn.ReLU()
    net = nn.Sequential(shared, relu, shared, relu)
    first, second = (nn.Linear(3, 3, dtype=np.float64) for _ in range(2))
    twin = nn.Sequential(first, nn.ReLU(), second, nn.ReLU())
    for linear in (first, second):
        linear.load_state_dict(shared.state_dict())
    x = np.linspace(-1, 2, 12).reshape(4, 3)
    for _ in range(2):
        np.testing.assert_array_equal(net(x), twin(x))
        np.testing.assert_array_equal(net.backward(x), twin.backward(x))
    np.testing.assert_allclose(shared.weight.grad, first.weight.grad + second.weight.grad, rtol=1e-14)
    with pytest.raises(RuntimeError, match="more often"):
        net.backward(x)


def test_the_last_forward_counts():
    relu = nn.ReLU()
    relu(np.array([1.0]))
    relu(np.array([-1.0]))
    assert relu.backward(np.array([1.0])) == 0


def test_a_failed_forward_does_not_confuse_the_next():
    net = nn.Sequential(nn.ReLU(), nn.Linear(3, 2, rng=0))
    with pytest.raises(ValueError, match="linear"):
        net(np.ones((1, 4), np.float32))
    net(np.ones((1, 3), np.float32))
    assert net.backward(np.ones((1, 2), np.float32)).shape == (1, 3)
    assert net.backward(np.ones((1, 2), np.float32)).shape == (1, 3)


def test_a_model_in_eval_mode_serves_several_threads():
    block = nn.Sequential(nn.Conv2d(1, 4, 3, rng=0), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(), nn.MaxPool2d(2))
    side = nn.Concat(nn.Residual(nn.GroupNorm(2, 4)), nn.LayerNorm(3))
    net = nn.Sequential(block, side, nn.Flatten(), nn.Linear(72, 5, rng=0))
    net.eval()
    images = [np.random.default_rng(i).random((3, 1, 8, 8), dtype=np.float32) for i in range(6)]
    expected = [net(image) for image in images]
    wrong = []

    def work(i):
        for _ in range(20):
            if not np.array_equal(net(images[i]), expected[i]):
                wrong.append(i)

    threads = [Thread(target=work, args=(i,)) for i in range(len(images))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
