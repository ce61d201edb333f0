"""Cython source as logical lines of tokens: as much of the grammar as changes need."""

import re
from collections.abc import Iterator
from typing import NamedTuple

TOKEN = re.compile(r"""
    (?P<comment>\#[^\n]*)
  | (?P<string>\"\"\".*?\"\"\"|"[^"\n]*"|'[^'\n]*')
  | (?P<newline>\n)
  | (?P<space>[ \t]+)
  | (?P<cast><(?:const[ ])?\w+[ ]?\**>)
  | (?P<number>0x[0-9A-Fa-f]+|\d+\.\d*(?:e[-+]?\d+)?|\d+(?:e[-+]?\d+)?)
  | (?P<name>\w+)
  | (?P<operator>//=|//|<<|>>|<=|>=|==|!=|\+=|-=|\*=|/=|&=|\|=|->|.)
""", re.VERBOSE | re.DOTALL)
OPENING, CLOSING = "([{", ")]}"


class Token(NamedTuple):
    kind: str
    text: str
    start: int  # in its file
    depth: int  # of brackets around it

    @property
    def end(self) -> int:
        return self.start + len(self.text)


class Statement(NamedTuple):
    """A logical line inside a function."""

    file: str
    function: str
    indent: int
    tokens: list[Token]

    @property
    def start(self) -> int:
        return self.tokens[0].start

    @property
    def end(self) -> int:
        return self.tokens[-1].end

    @property
    def first(self) -> str:
        return self.tokens[0].text


def logical_lines(text: str) -> Iterator[list[Token]]:
    """The tokens of each logical line, without comments and space."""
    line: list[Token] = []
    depth = 0
    for match in TOKEN.finditer(text):
        kind, word = str(match.lastgroup), match.group()
        if kind == "newline" and depth == 0 and line:
            yield line
            line = []
        if kind in ("comment", "space", "newline"):
            continue
        depth -= word in CLOSING
        line.append(Token(kind, word, match.start(), depth))
        depth += word in OPENING
    if line:
        yield line


def statements(file: str, text: str) -> Iterator[Statement]:
    """Every statement of every function that can be changed: no signature, docstring or declaration without a value."""
    function = None
    for tokens in logical_lines(text):
        indent = tokens[0].start - (text.rfind("\n", 0, tokens[0].start) + 1)
        first, words = tokens[0].text, [t.text for t in tokens]
        if indent == 0:
            is_function = first in ("def", "cdef") and words[-1] == ":" and "(" in words
            function = words[words.index("(") - 1] if is_function else None
        elif function is not None and changeable(tokens, words):
            yield Statement(file, function, indent, tokens)


def changeable(tokens: list[Token], words: list[str]) -> bool:
    if words[0] == "cdef":
        return "=" in words
    if words[-1] == ":":
        return words[0] in ("if", "elif", "while") or (words[0] == "for" and "range" in words)
    return tokens[0].kind == "name" and words[0] not in ("pass", "raise", "from", "import", "global")


def split(tokens: list[Token], depth: int) -> list[list[Token]]:
    """The parts between the commas of one depth."""
    parts: list[list[Token]] = [[]]
    for token in tokens:
        if token.text == "," and token.depth == depth:
            parts.append([])
        else:
            parts[-1].append(token)
    return [part for part in parts if part]


def expressions(statement: Statement) -> list[list[Token]]:
    """The parts of a statement that are switched one by one; [] if the statement is switched as a whole."""
    tokens = statement.tokens
    if statement.first == "cdef":
        initialised = []
        for part in split(tokens, 0):
            at = next((i for i, t in enumerate(part) if t.text == "=" and t.depth == 0), None)
            if at is not None:
                initialised.append(part[at + 1 :])
        return initialised
    if statement.first in ("if", "elif", "while") and tokens[-1].text == ":":
        return [tokens[1:-1]]
    if statement.first == "for":
        at = next(i for i, t in enumerate(tokens) if t.text == "range")
        return split(tokens[at + 2 : -2], 1)[:2]  # the step has to keep its sign
    return []
