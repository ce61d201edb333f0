"""The parts that a checkpoint is of, and how they get their states back."""

from collections.abc import Mapping
from typing import Any, Protocol, TypeAlias


class Stateful(Protocol):
    """What can be saved, and put back into the state that it was saved in."""

    def state_dict(self) -> Any: ...
    def load_state_dict(self, state: Any, /) -> Any: ...


Parts: TypeAlias = Mapping[str, Stateful]

# Parts whose names begin so have a state that means something to others of their class only.
OF_A_CLASS = ("optimizer", "scheduler")


def classes(parts: Parts) -> dict[str, str]:
    """Names of the classes of the parts for which it matters."""
    return {name: type(part).__name__ for name, part in parts.items() if name.startswith(OF_A_CLASS)}


def load_all(path: str, parts: Parts, states: Mapping[str, Any], kinds: Mapping[str, Any], exact: bool = False) -> None:
    """Give every part its state from the file at `path`, or none; `exact`: there may be no states of other parts.

    Raises
    ------
    ValueError
        States are missing or do not fit; the text has the path and tells of all parts. Nothing was changed.
    """
    others = [name for name in states if exact and name not in parts]
    problems = dict.fromkeys(others, "it is in the file, but not in this run")
    done: list[tuple[Stateful, Any]] = []
    ours = classes(parts)
    try:
        # The first is the model, whose state is the largest: nothing can fail any more once it is loaded.
        for name, part in reversed(list(parts.items())):
            if name not in states:
                problems[name] = "it is not in the file"
                continue
            if name in ours and ours[name] != kinds.get(name):
                problems[name] = f"it is of {kinds.get(name)}, not of {ours[name]}"
                continue
            done.append((part, part.state_dict()))
            try:
                part.load_state_dict(states[name])
            except (TypeError, ValueError, LookupError, AttributeError) as error:
                problems[name] = str(error)
        if problems:
            told = "; ".join(f"{name}: {problems[name]}" for name in (*parts, *others) if name in problems)
            raise ValueError(f"{path}: {told}")
    except BaseException:
        for part, before in reversed(done):
            part.load_state_dict(before)
        raise
