"""What a network is made of and what it costs, as a table.

It is no module of its own name: ``fastconv.summary`` is the function.
"""

from .report import Summary, Totals, summary
from .table import Row

__all__ = ["Row", "Summary", "Totals", "summary"]
