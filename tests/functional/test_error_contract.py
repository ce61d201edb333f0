"""R1, R2 and R5 of the contract for every function and argument: the kind of error, and that its text helps."""

from typing import Any

import numpy as np
import pytest

from fastconv import functional as F

from .calls import CALLS, WITH_WEIGHTS, Maker, arrays, options, run, same_bits


def optional(name: str, argument: str) -> bool:
    """Whether an array argument may be None."""
    if argument.startswith("running"):
        return name == "batch_norm_backward"  # of training, where they do not matter
    return argument in ("bias", "pos_weight") or (
        argument == "weight" and any(word in name for word in ("cross_entropy", "nll", "norm"))
    )


def real_names(name: str) -> list[str]:
    """The float arrays among the arguments of a call."""
    return [place.values[1] for place in arrays("f", lambda function, argument: function == name)]


def refuses(error: type[Exception], name: str, argument: str, value: Any, text: str = "") -> None:
    """The call with one argument replaced must raise the error, name function and argument, and change nothing."""
    arguments = CALLS[name](Maker())
    arguments[argument] = value
    before = {key: x.tobytes() for key, x in arguments.items() if isinstance(x, np.ndarray)}
    with pytest.raises(error) as caught:
        run(name, arguments)
    message = str(caught.value)
    assert type(caught.value) is error
    assert message.startswith(f"{name}: ")
    assert argument in message
    assert text in message
    assert before == {key: x.tobytes() for key, x in arguments.items() if isinstance(x, np.ndarray)}


def test_every_function_has_a_call() -> None:
    assert sorted(CALLS) == sorted(F.__all__)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", CALLS)
def test_the_call_itself_is_valid(name: str, dtype: Any) -> None:
    results = run(name, CALLS[name](Maker(dtype)))
    assert all(result.dtype in (dtype, np.int64, np.bool_) for result in results)


# An object that is no array, or an array of something else than float32 and float64.
NOT_ARRAYS = {
    "C35-list": lambda x: x.tolist(),
    "C35-None": lambda x: None,
    "C35-masked": lambda x: np.ma.array(x, mask=x > 0),
    "C35-matrix": lambda x: np.asmatrix(x.reshape(x.shape[0], -1)),
    "number": lambda x: 1.0,
    "text": lambda x: "1.0",
    "bytes": lambda x: x.tobytes(),  # an array of uint8
    "class": lambda x: np.ndarray,
}
L13 = ["L13-bool", "L13-object", "L13-float16", "L13-float32"]
DTYPES = ["int32", "uint8", "bool", "float16", "complex64", "object", "M8[s]", "U3", "S3", [("a", "f4")]]


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")  # of np.matrix
@pytest.mark.parametrize("kind", NOT_ARRAYS)
@pytest.mark.parametrize(("name", "argument"), arrays("f"))
def test_real_arguments_must_be_arrays(name: str, argument: str, kind: str) -> None:
    value = NOT_ARRAYS[kind](CALLS[name](Maker())[argument])
    if value is None and optional(name, argument):
        run(name, CALLS[name](Maker()) | {argument: None})
    else:
        refuses(TypeError, name, argument, value)


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: f"C33-{dtype}")
@pytest.mark.parametrize(("name", "argument"), arrays("f"))
def test_real_arguments_must_be_float32_or_float64(name: str, argument: str, dtype: Any) -> None:
    value = CALLS[name](Maker())[argument]
    refuses(TypeError, name, argument, np.zeros(value.shape, dtype), text="float32")


@pytest.mark.skipif(np.longdouble == np.float64, reason="longdouble is float64 here")
@pytest.mark.parametrize(("name", "argument"), arrays("f"))
def test_longdouble_is_refused(name: str, argument: str) -> None:
    value = CALLS[name](Maker())[argument]
    refuses(TypeError, name, argument, value.astype(np.longdouble), text="float32")


@pytest.mark.parametrize(("name", "argument"), arrays("f", lambda name, argument: len(real_names(name)) > 1))
def test_dtypes_must_not_be_mixed(name: str, argument: str) -> None:
    """C34."""
    arguments = CALLS[name](Maker(np.float32))
    arguments[argument] = arguments[argument].astype(np.float64)
    with pytest.raises(TypeError, match=rf"^{name}: ") as caught:
        run(name, arguments)
    assert any(key in str(caught.value) for key in real_names(name))
    assert "float32" in str(caught.value)
    assert "float64" in str(caught.value)


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
@pytest.mark.parametrize("kind", [*sorted(NOT_ARRAYS.keys() - {"bytes"}), *L13])
@pytest.mark.parametrize(("name", "argument"), arrays("i"))
def test_integer_arguments_must_be_integer_arrays(name: str, argument: str, kind: str) -> None:
    value = CALLS[name](Maker())[argument]
    value = NOT_ARRAYS[kind](value) if kind in NOT_ARRAYS else value.astype(kind.removeprefix("L13-"))
    refuses(TypeError, name, argument, value)


@pytest.mark.parametrize("dtype", ["i1", "u1", ">i2", "<u2", "u4", ">i8", "u8"])
@pytest.mark.parametrize(("name", "argument"), arrays("i"))
def test_any_integer_dtype_will_do(name: str, argument: str, dtype: str) -> None:
    arguments = CALLS[name](Maker())
    expected = run(name, arguments)
    arguments[argument] = np.repeat(arguments[argument], 2, axis=-1).astype(dtype)[..., ::2]
    assert all(map(same_bits, run(name, arguments), expected))


def fixed_shape(name: str, argument: str) -> bool:
    """Whether the shape of an array follows from the other arguments."""
    if name.startswith("binary") and "weight" in argument:
        return False  # broadcasts
    return not (argument == next(iter(CALLS[name](Maker()))) and not name.endswith("_backward"))


@pytest.mark.parametrize("place", ["one axis more", "one axis less", "one element more"])
@pytest.mark.parametrize(("name", "argument"), arrays("fi", fixed_shape))
def test_shapes_that_do_not_fit(name: str, argument: str, place: str) -> None:
    """C15, C31, A18, G07, L04, L14: whatever is wrong, a ValueError says so."""
    arguments = CALLS[name](Maker())
    value = arguments[argument]
    if place == "one axis more":
        arguments[argument] = value.reshape(1, *value.shape)
    elif place == "one axis less":
        arguments[argument] = value[0]
    elif name == "conv2d" and argument == "weight":
        arguments[argument] = np.concatenate([value, value], axis=1)
    else:
        arguments[argument] = np.concatenate([value, value[:1]])
    with pytest.raises(ValueError, match=rf"^{name}: "):
        run(name, arguments)


IMAGES = ["conv2d", "conv_transpose2d", "max_pool2d", "avg_pool2d", "adaptive_avg_pool2d", "adaptive_max_pool2d"]
SIGNALS = ["conv1d", "conv_transpose1d", "max_pool1d", "avg_pool1d"]


@pytest.mark.parametrize("shape", [(), (5,), (4, 5), (1, 2, 4, 6, 5)], ids=str)
@pytest.mark.parametrize("name", [*IMAGES, "max_unpool2d"])
def test_images_are_3d_or_4d(name: str, shape: tuple[int, ...]) -> None:
    """C03."""
    refuses(ValueError, name, "input", np.zeros(shape, np.float32), text="3-D or 4-D")


@pytest.mark.parametrize("shape", [(), (5,), (1, 4, 1, 5)], ids=str)
@pytest.mark.parametrize("name", SIGNALS)
def test_signals_are_2d_or_3d(name: str, shape: tuple[int, ...]) -> None:
    refuses(ValueError, name, "input", np.zeros(shape, np.float32), text="2-D or 3-D")


@pytest.mark.parametrize("shape", [(2, 0, 6), (0, 0, 6), (2, 4, 0), (0, 6), (4, 0)], ids=str)
@pytest.mark.parametrize("name", SIGNALS)
def test_signals_are_not_empty(name: str, shape: tuple[int, ...]) -> None:
    refuses(ValueError, name, "input", np.zeros(shape, np.float32), text="at least one channel and element")


@pytest.mark.parametrize("shape", [(2, 0, 6, 5), (0, 0, 6, 5), (2, 4, 0, 5), (2, 4, 6, 0), (0, 6, 5)], ids=str)
@pytest.mark.parametrize("name", [*IMAGES, "pad2d"])
def test_images_are_not_empty(name: str, shape: tuple[int, ...]) -> None:
    """C04, C05, M02, V15, A13: only the batch may be."""
    refuses(ValueError, name, "input", np.zeros(shape, np.float32))


SIZES = {
    "stride": 1, "dilation": 1, "kernel_size": 1, "padding": 0, "output_padding": 0, "groups": 1, "divisor_override": 1,
}  # fmt: skip
PAIRS = ("stride", "dilation", "kernel_size", "padding", "output_padding")


@pytest.mark.parametrize(
    "value", [2.0, "2", b"2", True, np.float64(2), {}, np.array(2), 2j, (1.0, 2), (True, 1)], ids=repr
)
@pytest.mark.parametrize(("name", "argument"), options(*SIZES))
def test_sizes_must_be_integers(name: str, argument: str, value: Any) -> None:
    """C29, C30, V06, R1: bool is no integer, and text is something else only for the padding of conv."""
    is_word = argument == "padding" and name.startswith(("conv2d", "conv1d")) and isinstance(value, str)
    if "1d" in name and isinstance(value, tuple):
        value = value[:1]
    refuses(ValueError if is_word else TypeError, name, argument, value)


@pytest.mark.parametrize("value", [(), (1, 2, 3), [1, 1, 1, 1]], ids=repr)
@pytest.mark.parametrize(("name", "argument"), options(*PAIRS))
def test_pairs_have_one_or_two_values(name: str, argument: str, value: Any) -> None:
    """C30."""
    refuses(ValueError, name, argument, value)


HUGE = {"2**31": 2**31, "2**62": 2**62, "2**63": 2**63, "-2**70": -(2**70), "10**5000": 10**5000, "pair": (1, 2**31)}


@pytest.mark.parametrize("value", HUGE.values(), ids=HUGE)
@pytest.mark.parametrize(("name", "argument"), options(*PAIRS))
def test_sizes_have_a_limit(name: str, argument: str, value: Any) -> None:
    """C22, M16, A15: never OverflowError."""
    refuses(ValueError, name, argument, value)


@pytest.mark.parametrize(("name", "argument"), options(*SIZES, where=lambda name, argument: "pad2d" not in name))
def test_sizes_have_a_lowest_value(name: str, argument: str) -> None:
    """C12, C13, C14, C15, M16, V06, V10."""
    low = SIZES[argument]
    for value in [low - 1, -1, -(2**31)]:
        refuses(ValueError, name, argument, value, text=f">= {low}, got")
    if argument in PAIRS:
        refuses(ValueError, name, argument, (low - 1,) if "1d" in name else (low, low - 1), text=f">= {low}, got")


@pytest.mark.parametrize(("name", "argument"), options(*PAIRS, where=lambda name, _: "_backward" not in name))
def test_sizes_may_be_spelled_in_many_ways(name: str, argument: str) -> None:
    """C30: np.integer, a sequence of one or two."""
    arguments = CALLS[name](Maker())
    arguments["dilation"] = 1
    if "conv" not in name and "max_pool" not in name:
        del arguments["dilation"]
    if "transpose" in name:
        arguments |= {"output_padding": 0, "stride": 2}
    if name == "max_unpool2d":
        arguments |= {"output_size": None, "indices": arguments["indices"] // 16}
    value = 2 if argument == "kernel_size" else 1
    expected = run(name, arguments | {argument: value})
    pairs: list[Any] = [] if "1d" in name else [[value, value], (np.int32(value), value)]
    for spelling in [np.int64(value), np.uint8(value), (value,), [value], *pairs]:
        assert all(map(same_bits, run(name, arguments | {argument: spelling}), expected))


@pytest.mark.parametrize("value", [1, 0, None, "yes", np.array(True)], ids=repr)
@pytest.mark.parametrize(("name", "argument"), options("ceil_mode", "count_include_pad", "return_indices"))
def test_flags_must_be_bools(name: str, argument: str, value: Any) -> None:
    refuses(TypeError, name, argument, value)


@pytest.mark.parametrize(("name", "argument"), options("mode", "padding_mode", "reduction"))
def test_words_must_be_known(name: str, argument: str) -> None:
    """A16, L22."""
    for word in ["Reflect", "avg", "", "zeros "]:
        refuses(ValueError, name, argument, word)
    for other in [None, 3, b"mean", ["mean"]]:
        refuses(TypeError, name, argument, other)


@pytest.mark.parametrize("name", [name for name in CALLS if name.startswith("conv")])
def test_algorithm_must_be_known(name: str) -> None:
    refuses(ValueError, name, "algorithm", "fft")
    refuses(TypeError, name, "algorithm", None)


@pytest.mark.parametrize("name", WITH_WEIGHTS)
def test_output_mask_must_be_three_bools(name: str) -> None:
    for value in [(True, True), (), (True,) * 4]:
        refuses(ValueError, name, "output_mask", value)
    for value in [None, True, (1, 1, 1), "yes", np.ones(3)]:
        refuses(TypeError, name, "output_mask", value)


@pytest.mark.parametrize("name", [name for name, build in CALLS.items() if "input_shape" in build(Maker())])
def test_input_shape_must_be_a_shape(name: str) -> None:
    for value in [5, None, "abcd", (2, 3, 4.0, 5), (2, 3, True, 5), np.ones(4)]:
        refuses(TypeError, name, "input_shape", value)
    for value in [(), (5,), (2, 3, -4, 5), (2, 3, 2**31, 5), (2, 0, 6, 7), (2, 3, 0, 7)]:
        with pytest.raises(ValueError, match=rf"^{name}: .*(input_shape|grad_output)"):
            run(name, CALLS[name](Maker()) | {"input_shape": value})


def test_strangers_cannot_hide_the_message() -> None:
    """An argument whose repr fails, or whose ``__array__`` does, is still a TypeError that names it."""

    class Stranger:
        def __repr__(self) -> str:
            raise RuntimeError("no text")

        def __array__(self, *args: Any, **kwargs: Any) -> np.ndarray:
            raise RuntimeError("no data")

    for name, argument in [("relu", "input"), ("conv2d", "weight"), ("conv2d", "stride"), ("pad2d", "mode")]:
        refuses(TypeError, name, argument, Stranger())
