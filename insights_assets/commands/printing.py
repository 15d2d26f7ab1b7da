"""What a terminal shows: tables, progress bars, the table of failures."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import polars as pl
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

SHOWN_FAILURES = 20
FILE_WIDTH = 200  # characters a line where the output is no terminal


def print_table(rows: pl.DataFrame) -> None:
    """Print a frame as a table; wide values wrap."""
    table = Table(show_edge=False)
    for name in rows.columns:
        table.add_column(name, justify="right" if rows.schema[name].is_numeric() else "left", overflow="fold")
    for row in rows.iter_rows():
        table.add_row(*("" if v is None else f"{v:g}" if isinstance(v, float) else str(v) for v in row))
    console = Console(markup=False, highlight=False)
    if not console.is_terminal:
        console.width = max(120, 24 * len(rows.columns))
    console.print(table)
    console.print(f"{rows.height} rows")


def print_failures(console: Console, failures: Sequence[tuple[str, str, str, str, str]]) -> None:
    """Print (account, weeks, step, error type, message) rows, the first `SHOWN_FAILURES` of them."""
    table = Table(show_edge=False)
    for name in ("account", "weeks", "step", "error type"):
        table.add_column(name, no_wrap=True)
    table.add_column("what happened, what to do", min_width=40, overflow="fold")
    if not console.is_terminal:
        console.width = FILE_WIDTH
    for row in failures[:SHOWN_FAILURES]:
        table.add_row(*row)
    console.print(table)
    hidden = len(failures) - SHOWN_FAILURES
    if hidden > 0:
        console.print(f"and {hidden} more: insights sql \"FROM sync_log WHERE status = 'failed'\"")


@contextmanager
def bars(console: Console) -> Iterator[Callable[[str, int, int], None]]:
    """Progress bars, one a stage: call it with (stage, done, total)."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description:>9}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        tasks: dict[str, TaskID] = {}

        def tell(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(stage, total=total)
            progress.update(tasks[stage], completed=done, total=total)

        yield tell
