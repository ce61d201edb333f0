"""One source with many mutants in it: `mutant(7)` is true in a process that tries mutant 7."""

from typing import NamedTuple

from .changes import Change
from .source import Statement, Token, expressions

DECLARATION = """

cdef extern from "mutant.h" nogil:
    bint mutant(int number) noexcept
"""
# A process that tests start by themselves takes its mutant from the environment, and writes down which ones it met.
HEADER = """\
#include <stdio.h>
#include <stdlib.h>
#define SHARED __attribute__((visibility("default")))
SHARED int mutant_now;
SHARED int mutant_met[MUTANTS];
static inline __attribute__((always_inline)) int mutant(int number) {
    mutant_met[number] = 1;
    return mutant_now == number;
}
__attribute__((constructor)) static void choose(void) {
    const char* number = getenv("MUTANT");
    mutant_now = number ? atoi(number) : 0;
}
__attribute__((destructor)) static void write_met(void) {
    const char* path = getenv("MUTANTS_MET");
    FILE* file = path ? fopen(path, "a") : NULL;
    if (file) {
        for (int number = 1; number < MUTANTS; number++)
            if (mutant_met[number])
                fprintf(file, "%d\\n", number);
        fclose(file);
    }
}
"""


class Mutant(NamedTuple):
    number: int
    statement: Statement
    change: Change
    before: str  # the statement on one line
    after: str

    def __str__(self) -> str:
        return f"{self.statement.file} {self.statement.function}: `{self.before}` -> `{self.after}`"


def changed(text: str, change: Change, start: int, end: int) -> str:
    """text[start:end] with the change in it."""
    return text[start : change.start] + change.new + text[change.end : end]


def new_mutant(number: int, text: str, statement: Statement, change: Change) -> Mutant:
    before = " ".join(text[statement.start : statement.end].split())
    after = " ".join(changed(text, change, statement.start, statement.end).split())
    return Mutant(number, statement, change, before, after)


def switched(text: str, mutants: list[Mutant]) -> tuple[str, dict[int, list[int]]]:
    """The source with all these mutants, and the numbers of those that each of its lines belongs to."""
    places: dict[int, list[Mutant]] = {}
    for mutant in mutants:
        places.setdefault(mutant.statement.start, []).append(mutant)
    result, at, numbers = "", 0, {}
    for start, here in sorted(places.items()):
        result += text[at:start]
        first = result.count("\n") + 1
        result += one_statement(text, here)
        for line in range(first, result.count("\n") + 2):
            numbers[line] = [mutant.number for mutant in here]
        at = here[0].statement.end
    return result + text[at:] + DECLARATION, numbers


def one_statement(text: str, mutants: list[Mutant]) -> str:
    statement = mutants[0].statement
    spans = expressions(statement)
    if not spans:
        return whole_statement(text, mutants)
    result, at = "", statement.start
    for span in spans:
        start, end = span[0].start, span[-1].end
        result += text[at:start] + one_expression(text, span, mutants)
        at = end
    return result + text[at : statement.end]


def whole_statement(text: str, mutants: list[Mutant]) -> str:
    statement = mutants[0].statement
    indent, lines, word = " " * statement.indent, [], "if"
    for mutant in mutants:
        lines.append(f"{word} mutant({mutant.number}):")
        lines.append(f"{indent}    {changed(text, mutant.change, statement.start, statement.end)}")
        word = f"{indent}elif"
    return "\n".join([*lines, f"{indent}else:", f"{indent}    {text[statement.start : statement.end]}"])


def one_expression(text: str, span: list[Token], mutants: list[Mutant]) -> str:
    start, end = span[0].start, span[-1].end
    here = [m for m in mutants if start <= m.change.start and m.change.end <= end]
    if not here:
        return text[start:end]
    chain = " else ".join(f"({changed(text, m.change, start, end)}) if mutant({m.number})" for m in here)
    return f"({chain} else ({text[start:end]}))"
