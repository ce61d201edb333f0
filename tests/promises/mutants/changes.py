"""The faults that a statement can get: one operator, bound, offset, constant, condition or argument changed."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from .source import OPENING, Statement, Token, expressions, split

OPERATORS = {
    "+": "-", "-": "+", "*": "+", "//": "*", "/": "*", "%": "//", "<<": ">>", ">>": "<<", "&": "|", "|": "&",
    "+=": "-=", "-=": "+=", "*=": "+=", "and": "or", "or": "and",
}  # fmt: skip
COMPARISONS = {"<": ("<=", ">"), "<=": ("<", ">"), ">": (">=", "<"), ">=": (">", "<"), "==": ("!=",), "!=": ("==",)}
FUNCTIONS = {
    "min": "max", "max": "min", "vec_add": "vec_sub", "vec_sub": "vec_add", "vec_even": "vec_odd",
    "vec_odd": "vec_even", "vec_zip_low": "vec_zip_high", "vec_zip_high": "vec_zip_low", "mask_and": "mask_or",
    "mask_or": "mask_and",
}  # fmt: skip
SAME_EITHER_WAY = ("min", "max", "vec_add", "vec_mul", "vec_eq", "mask_or", "mask_and", "range")
# What is only there for speed: estimates of costs, the size of a team of threads, and prefetching.
SPEED = re.compile(r"\b(\w*_CYCLES|costs?|work|steps|least|team|threads|prefetch\w*|share)\b")


class Change(NamedTuple):
    """text[start:end] of a file becomes `new`."""

    kind: str
    start: int
    end: int
    new: str


def changes(statement: Statement) -> list[Change]:
    """Every fault that this statement can get; none if it only says how fast something is done."""
    if SPEED.search(" ".join(token.text for token in statement.tokens)):
        return []
    spans = expressions(statement) or [statement.tokens]
    found = [change for span in spans for change in (*words(span), *brackets(span), *conditions(span))]
    if statement.first in ("if", "elif", "while"):
        condition = spans[0]
        values = ("True", "False") if statement.first != "while" else ("False",)
        found += [Change("condition", condition[0].start, condition[-1].end, value) for value in values]
    if statement.first == "for":
        stop = spans[-1]
        found += [Change("bound", stop[-1].end, stop[-1].end, by) for by in (" + 1", " - 1")]
    if not expressions(statement) and (statement.first != "return" or len(statement.tokens) == 1):
        found.append(Change("deleted", statement.start, statement.end, "pass"))
    return found


def is_binary(tokens: list[Token], i: int) -> bool:
    before = tokens[i - 1] if i else None
    return before is not None and (before.kind in ("name", "number") or before.text in (")", "]"))


def words(tokens: list[Token]) -> Iterator[Change]:
    """Changes of one token."""
    for i, token in enumerate(tokens):
        called = i + 1 < len(tokens) and tokens[i + 1].text == "("
        if token.text in OPERATORS and is_binary(tokens, i):
            yield Change("operator", token.start, token.end, OPERATORS[token.text])
        elif token.text in COMPARISONS:
            for new in COMPARISONS[token.text]:
                yield Change("comparison", token.start, token.end, new)
        elif token.text in FUNCTIONS and called:
            yield Change("operator", token.start, token.end, FUNCTIONS[token.text])
        elif token.text == "not":
            yield Change("condition", token.start, token.end, "")
        elif token.kind == "number":
            yield from constants(token)
        elif token.text in ("True", "False"):
            yield Change("constant", token.start, token.end, "False" if token.text == "True" else "True")


def constants(token: Token) -> Iterator[Change]:
    if re.fullmatch(r"\d+", token.text):
        for value in {int(token.text) + 1, max(int(token.text) - 1, 0)} - {int(token.text)}:
            yield Change("constant", token.start, token.end, str(value))
    elif not token.text.startswith("0x"):
        value = float(token.text)
        yield Change("constant", token.start, token.end, repr(value * 1.001 if value else 1.0))


def brackets(tokens: list[Token]) -> Iterator[Change]:
    """Offsets one off, and arguments swapped with their neighbours."""
    for i, token in enumerate(tokens):
        if token.text not in OPENING or not is_binary(tokens, i):
            continue
        close = next(j for j in range(i + 1, len(tokens)) if tokens[j].depth == token.depth and tokens[j].text in ")]}")
        inside = tokens[i + 1 : close]
        if token.text == "[" and inside:
            for by in (" + 1", " - 1"):
                yield Change("offset", inside[-1].end, inside[-1].end, by)
        elif token.text == "(" and tokens[i - 1].text not in SAME_EITHER_WAY:
            arguments = split(inside, token.depth + 1)
            for k in range(len(arguments) - 1):
                if tokens[i - 1].text == "vec_fma" and k == 0:  # its factors
                    continue
                one, two = ("".join(t.text for t in argument) for argument in arguments[k : k + 2])
                start, end = arguments[k][0].start, arguments[k + 1][-1].end
                if one != two:
                    yield Change("swapped", start, end, f"{spaced(arguments[k + 1])}, {spaced(arguments[k])}")


def spaced(tokens: list[Token]) -> str:
    """The tokens as text."""
    return " ".join(token.text for token in tokens)


def conditions(tokens: list[Token]) -> Iterator[Change]:
    """The choice in `a if condition else b`, made always the same way."""
    for i, token in enumerate(tokens):
        if token.text == "if" and i:
            others = [j for j in range(i, len(tokens)) if tokens[j].text == "else" and tokens[j].depth == token.depth]
            for value in ("True", "False") if others else ():
                yield Change("condition", tokens[i + 1].start, tokens[others[0] - 1].end, value)
