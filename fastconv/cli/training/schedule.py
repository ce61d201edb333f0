"""``--schedule``: how the learning rate changes from step to step."""

from typing import Any

from ... import optim
from ...optim import lr_scheduler

ONE_CYCLE, CONSTANT, PLATEAU = "one-cycle", "constant", "plateau"
SCHEDULES = (ONE_CYCLE, "cosine", "linear", "step", PLATEAU, CONSTANT)
HELP = (
    "how the learning rate changes: one-cycle climbs to --lr and descends, cosine and linear descend from it to 0, "
    "step is a tenth after a half and a hundredth after three quarters of the steps, plateau a tenth whenever the loss "
    "of the test images has not fallen for 10 epochs"
)


def make_schedule(name: str, optimizer: optim.Optimizer, rate: float, steps: int) -> Any:
    """The schedule for so many steps in all; None for a constant rate."""
    if name == ONE_CYCLE:
        return lr_scheduler.OneCycleLR(optimizer, max_lr=rate, total_steps=steps, cycle_momentum=False)
    if name == "cosine":
        return lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps)
    if name == "linear":
        return lr_scheduler.PolynomialLR(optimizer, total_iters=steps)
    if name == "step":
        return lr_scheduler.MultiStepLR(optimizer, [steps // 2, steps * 3 // 4])
    if name == PLATEAU:
        return lr_scheduler.ReduceLROnPlateau(optimizer)
    return None
