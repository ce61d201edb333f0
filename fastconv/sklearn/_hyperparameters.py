"""What the arguments of an estimator may be; scikit-learn wants them checked by ``fit``, not before."""

import math
from typing import Any

from fastconv import optim
from fastconv._arrays import FLOAT64
from fastconv._geometry import integer, shown
from fastconv.functional._options import flag, number, word

SOLVERS: dict[str, Any] = {
    "adam": optim.Adam,
    "sgd": optim.SGD,
    "rmsprop": optim.RMSprop,
    "adagrad": optim.Adagrad,
}


def check(estimator: Any) -> None:
    """Refuse impossible values.

    Raises
    ------
    TypeError, ValueError
        The text names the argument, what it may be and what it is.
    """
    owner = type(estimator).__name__
    word(owner, "solver", estimator.solver, SOLVERS)
    for name in ("shuffle", "verbose", "warm_start", "nesterovs_momentum", "early_stopping"):
        flag(owner, name, getattr(estimator, name))
    for name in ("alpha", "tol"):
        value = number(owner, name, getattr(estimator, name), FLOAT64)
        if not 0 <= value < math.inf:
            raise ValueError(f"{owner}: {name} must be >= 0 and finite, got {shown(value)}")
    rate = number(owner, "learning_rate_init", estimator.learning_rate_init, FLOAT64)
    if not 0 < rate < math.inf:
        raise ValueError(f"{owner}: learning_rate_init must be > 0 and finite, got {shown(rate)}")
    momentum = number(owner, "momentum", estimator.momentum, FLOAT64)
    if not 0 <= momentum <= 1:
        raise ValueError(f"{owner}: momentum must be in [0, 1], got {shown(momentum)}")
    fraction = number(owner, "validation_fraction", estimator.validation_fraction, FLOAT64)
    if not 0 < fraction < 1:
        raise ValueError(f"{owner}: validation_fraction must be in (0, 1), got {shown(fraction)}")
    integer(owner, "max_iter", estimator.max_iter, 1)
    if not (isinstance(estimator.n_iter_no_change, float) and estimator.n_iter_no_change == math.inf):
        integer(owner, "n_iter_no_change", estimator.n_iter_no_change, 1)
    if not (isinstance(estimator.batch_size, str) and estimator.batch_size == "auto"):
        integer(owner, "batch_size", estimator.batch_size, 1)
