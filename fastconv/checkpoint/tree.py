"""Nested values as JSON values and named arrays, and back, without a loss.

JSON has no arrays, tuples, infinities or keys that are numbers. Each of them stands as an object with one key, which
begins with a dollar sign and says what it is.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from .._arrays import Array
from .._geometry import shown

ARRAY, SCALAR, NUMBER, TUPLE, PAIRS = "$array", "$scalar", "$number", "$tuple", "$pairs"


def flatten(function: str, tree: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Array]]:
    """The JSON values of a tree, and its arrays by their path in it, such as ``"model/0.weight"``.

    Raises
    ------
    TypeError
        Something is neither a dict, list, tuple, str, number, bool, None nor an array of numbers; the text says where.
    ValueError
        A text or a name cannot be stored, or the tree contains itself.

    Examples
    --------
    >>> flatten("f", {"a": {"w": np.zeros(1), "betas": (0.9, math.inf)}})
    ({'a': {'w': {'$array': 'a/w'}, 'betas': {'$tuple': [0.9, {'$number': 'inf'}]}}}, {'a/w': array([0.])})
    """
    arrays: dict[str, Array] = {}
    try:
        return {
            _key(function, name, "what is saved"): _flat(function, value, name, arrays) for name, value in tree.items()
        }, arrays
    except RecursionError:
        raise ValueError(f"{function}: a value is nested too deeply") from None


def _flat(function: str, value: Any, path: str, arrays: dict[str, Array]) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if type(value) is np.ndarray or isinstance(value, np.generic):
        if value.dtype.kind not in "fiub":
            raise TypeError(f"{function}: {path[:80]} must be an array of numbers or bools, got dtype {value.dtype}")
        while path in arrays:
            path += "'"  # the keys 1 and "1" have the same path
        arrays[path] = np.asarray(value)
        return {ARRAY if isinstance(value, np.ndarray) else SCALAR: path}
    if isinstance(value, str):
        return _text(function, value, path)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {NUMBER: repr(float(value))}
    if isinstance(value, list | tuple):
        items = [_flat(function, item, _below(path, i), arrays) for i, item in enumerate(value)]
        return items if isinstance(value, list) else {TUPLE: items}
    if isinstance(value, Mapping):
        pairs = [[_key(function, key, path), _flat(function, item, _below(path, key), arrays)]
                 for key, item in value.items()]  # fmt: skip
        plain = all(isinstance(key, str) and not key.startswith("$") for key, _ in pairs)
        return dict(pairs) if plain else {PAIRS: pairs}
    raise TypeError(
        f"{function}: {path[:80]} must be an array, dict, list, tuple, str, number, bool or None, got {shown(value)}"
    )


def _key(function: str, key: Any, path: str) -> Any:
    if isinstance(key, str):
        if not key:
            raise ValueError(f"{function}: a name in {path[:80]} must not be empty")
        return _text(function, key, path)
    if isinstance(key, int) and not isinstance(key, bool):
        return int(key)
    raise TypeError(f"{function}: the names in {path[:80]} must be str or int, got {shown(key)}")


def _text(function: str, text: str, path: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{function}: {path[:80]!r} must hold Unicode text, got {shown(text)}") from None
    return str(text)


def _below(path: str, key: Any) -> str:
    """The path of a member; a key is data, so that a slash in it does not count."""
    return f"{path}/{str(key).replace('%', '%25').replace('/', '%2F')}"


def restore(values: Mapping[str, Any], arrays: Mapping[str, Array]) -> dict[str, Any]:
    """The tree that `flatten` took apart.

    Raises
    ------
    ValueError
        The values are not of `flatten`, or do not name every array once.

    Examples
    --------
    >>> restore(*flatten("f", {"a": {1: (np.float32(2), [None])}}))
    {'a': {1: (np.float32(2.0), [None])}}
    """
    named: list[str] = []
    try:
        tree = {name: _deep(value, arrays, named) for name, value in values.items()}
    except RecursionError:
        raise ValueError("its values are nested too deeply") from None
    if sorted(named) != sorted(arrays):
        unknown = [name[:80] for name in arrays if name not in named]
        raise ValueError(f"it has unknown arrays {unknown}" if unknown else "an array is named twice")
    return tree


def _deep(value: Any, arrays: Mapping[str, Array], named: list[str]) -> Any:
    if isinstance(value, str):
        value.encode()  # a ValueError for half of a surrogate pair
    if isinstance(value, list):
        return [_deep(item, arrays, named) for item in value]
    if not isinstance(value, dict):
        return value
    kind = next(iter(value), "")
    if not kind.startswith("$"):
        return _joined(value.items(), arrays, named)
    content = value[kind]
    if len(value) == 1:
        if kind in (ARRAY, SCALAR) and isinstance(content, str) and content in arrays:
            named.append(content)
            array = arrays[content]
            if kind == ARRAY:
                return array
            if array.shape == ():
                return array[()]
        if kind == NUMBER and content in ("nan", "inf", "-inf"):
            return float(content)
        if kind == TUPLE and isinstance(content, list):
            return tuple(_deep(item, arrays, named) for item in content)
        if kind == PAIRS and isinstance(content, list) and all(_is_pair(item) for item in content):
            return _joined(content, arrays, named)
    raise ValueError(f"it has an unknown value {shown(value)}")


def _joined(pairs: Iterable[Any], arrays: Mapping[str, Array], named: list[str]) -> dict[Any, Any]:
    members: dict[Any, Any] = {}
    for key, item in pairs:
        if key in members:
            raise ValueError(f"it has the name {shown(key)} twice")
        _deep(key, arrays, named)
        members[key] = _deep(item, arrays, named)
    return members


def _is_pair(item: Any) -> bool:
    return isinstance(item, list) and len(item) == 2 and type(item[0]) in (int, str)
