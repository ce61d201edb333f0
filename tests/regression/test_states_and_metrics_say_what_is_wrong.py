"""Names, states and batches of the wrong kind raised AttributeError or IndexError from within."""

from typing import Any

import numpy as np
import pytest

from fastconv import nn, train
from fastconv.train.metrics import Metric


@pytest.mark.parametrize("method", ["get_submodule", "get_parameter", "get_buffer"])
@pytest.mark.parametrize("target", [None, 3, b"weight", np.ones(2)], ids=repr)
def test_names_of_parts(method: str, target: Any) -> None:
    with pytest.raises(TypeError, match=rf"^Linear\.{method}: target must be a str"):
        getattr(nn.Linear(2, 2), method)(target)


@pytest.mark.parametrize("callback", [train.EarlyStopping(), train.Checkpoint("c.npz", best="b.npz")], ids=repr)
def test_states_of_callbacks(callback: Any) -> None:
    with pytest.raises(TypeError, match="state must be a dict"):
        callback.load_state_dict(np.ones(3))
    with pytest.raises(ValueError, match="state must have"):
        callback.load_state_dict({})


def test_time_budget_before_training() -> None:
    budget = train.TimeBudget(1.0)
    with pytest.raises(RuntimeError, match="has not begun"):
        budget.state_dict()
    with pytest.raises(TypeError, match="state must be a dict"):
        budget.load_state_dict(3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="state must have 'cycle'"):
        budget.load_state_dict({})


@pytest.mark.parametrize("metric", [train.Accuracy(), train.TopKAccuracy(), train.ConfusionMatrix()], ids=repr)
def test_batches_of_metrics(metric: Metric) -> None:
    with pytest.raises(TypeError, match="must be arrays"):
        metric.update(3, np.ones(2, int))  # type: ignore[arg-type]
    ids = np.ones(4, int)
    for outputs, targets in [(np.ones((4, 3)), ids[:3]), (np.ones(4), np.ones(4)), (np.ones(4), ids)]:
        with pytest.raises(ValueError, match="targets must be"):
            metric.update(outputs, targets)
