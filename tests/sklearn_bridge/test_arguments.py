"""What `fit` says of impossible arguments of the constructor."""

import math

import pytest
from contract.kinds import FINITE, FLAG, FRACTION, NOT_NEGATIVE, POSITIVE, WORD, Kind

from fastconv.sklearn import ConvNetClassifier, ConvNetRegressor

from .quick import blobs, tiny

KINDS = {
    "solver": WORD,
    "alpha": NOT_NEGATIVE,
    "tol": NOT_NEGATIVE,
    "batch_size": POSITIVE,
    "learning_rate_init": FINITE + Kind((), (0, -1)),
    "max_iter": POSITIVE,
    "momentum": FRACTION,
    "validation_fraction": FRACTION + Kind((), (0, 1)),
    "n_iter_no_change": POSITIVE + Kind((math.nan,)),
    **dict.fromkeys(("shuffle", "verbose", "warm_start", "nesterovs_momentum", "early_stopping"), FLAG),
}
ELSEWHERE = {"model", "image_shape", "class_weight", "random_state"}


def test_every_argument_is_covered():
    assert KINDS.keys() | ELSEWHERE == ConvNetClassifier().get_params().keys()
    assert ConvNetRegressor().get_params().keys() == ConvNetClassifier().get_params().keys() - {"class_weight"}


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("make", [ConvNetClassifier, ConvNetRegressor])
def test_impossible_values(make, name):
    classes = {"classes": [0, 1, 2]} if make is ConvNetClassifier else {}
    for error, values in ((TypeError, KINDS[name].types), (ValueError, KINDS[name].values)):
        for value in values:
            for method, options in (("fit", {}), ("partial_fit", classes)):
                with pytest.raises(error, match=f"^{make.__name__}: {name} must be") as caught:
                    getattr(make(**{"model": tiny, name: value}), method)(*blobs(), **options)
                assert type(caught.value) is error


def test_patience_may_be_endless():
    with pytest.warns(UserWarning, match="max_iter"):
        estimator = ConvNetClassifier(tiny, n_iter_no_change=math.inf, max_iter=20, tol=9.0).fit(*blobs())
    assert estimator.n_iter_ == 20
