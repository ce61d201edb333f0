"""Compare everything with torch, and write `docs/features.md`."""

import warnings
from pathlib import Path

from .comparison import SECTIONS, compare
from .page import text


def main() -> None:
    warnings.simplefilter("ignore")  # torch's
    outcomes = [compare(section, name) for section in SECTIONS for name in section.entries]
    page, counts = text()
    Path("docs/features.md").write_text(page, encoding="utf-8")
    print(counts)
    print(
        f"{sum(outcome.compared for outcome in outcomes)} compared, "
        f"{sum(outcome.refused for outcome in outcomes)} pairs that torch does not take; "
        f"largest difference of each: {', '.join(f'{d:.0e}' for d in sorted(o.largest for o in outcomes)[-3:])}"
    )


main()
