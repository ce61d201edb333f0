"""Arguments that no network can have: the errors name the function and the argument."""

from inspect import signature

import pytest

from fastconv import models

WRONG = [
    (ValueError, {"num_classes": 0}),
    (TypeError, {"num_classes": 1.0}),
    (ValueError, {"in_channels": 0}),
    (TypeError, {"in_channels": "3"}),
    (ValueError, {"width_mult": 0.0}),
    (ValueError, {"width_mult": float("nan")}),
    (ValueError, {"width_mult": float("inf")}),
    (TypeError, {"width_mult": "1"}),
    (ValueError, {"dropout": -0.1}),
    (ValueError, {"dropout": 1.5}),
    (TypeError, {"dropout": None}),
    (ValueError, {"growth_rate": 0}),
    (TypeError, {"block_config": 3}),
    (ValueError, {"block_config": ()}),
    (ValueError, {"block_config": (2, 0)}),
    (ValueError, {"width": 0}),
    (ValueError, {"depth": 0}),
    (TypeError, {"depth": 2.0}),
    (ValueError, {"code_channels": 0}),
    (TypeError, {"rng": 1.0}),
    (TypeError, {"dtype": int}),
]


@pytest.mark.parametrize("name", sorted(set(models.__all__) - {"lenet5"}))
def test_impossible(name):
    function, tried = getattr(models, name), 0
    accepted = signature(function).parameters
    for kind, options in WRONG:
        (argument,) = options
        if argument in accepted:
            with pytest.raises(kind, match=rf"^{name}: .*{argument}"):
                function(**options)
            tried += 1
    assert tried >= 6
