"""NumPy's indexing by several arrays ends the process when it gets no memory; the loss used it."""

import pytest
from promises import exhaustion, suite


@pytest.mark.parametrize("name", ["nll_loss float32", "nll_loss_backward float64"])
def test_every_allocation_of_the_interpreter_fails_once(name: str) -> None:
    pytest.importorskip("_testcapi")
    call = next(call for call in suite.functions() if call.name == name)
    tally = exhaustion.starved(call, exhaustion.Interpreter())
    assert tally.faults > 20 and not tally.lost
