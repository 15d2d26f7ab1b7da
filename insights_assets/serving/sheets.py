"""The tables beside a report: the comparison by account as one flat table, findings and the rest as sheets.

A sheet holds at most `MOST_SHEET_ROWS` rows, so that a report of any fleet stays a file one can mail; the view with
all of them stands in the first sheet. Text is as it came: `tabular.py` makes it harmless.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

import polars as pl

from insights_assets.serving.comparison import OF_DELIVERY, OF_FAMILY, Block
from insights_assets.serving.digest import baseline_words, comparison_limits, title
from insights_assets.serving.editions import Edition
from insights_assets.serving.words import limits

MOST_SHEET_ROWS = 5_000
METRICS = tuple(dict.fromkeys((*OF_DELIVERY, *OF_FAMILY)))


def comparison_table(edition: Edition) -> pl.DataFrame:
    """One row for each currency, then for each account, and in both for each result family.

    account_id and account_name are null in sums over accounts, result_family in sums over families. Each metric
    stands beside its value in every baseline and the change to it in percent; amounts in `currency`, major units.
    """
    slugs = [b.slug for b in edition.period.baselines]
    blocks = (*edition.comparison.totals, *edition.comparison.accounts)
    words = dict.fromkeys(("account_id", "account_name", "currency", "result_family"), pl.String())
    days = dict.fromkeys(("since", "until"), pl.Date())
    figures = [f"{m}{end}" for m in METRICS for end in ("", *(e for s in slugs for e in (f"_{s}", f"_{s}_change_pct")))]
    schema = {**words, **days, **dict.fromkeys(figures, pl.Float64())}
    return pl.DataFrame([_row(b, edition, slugs) for b in blocks], schema=schema)


def sheets(edition: Edition) -> dict[str, pl.DataFrame]:
    """The sheets of the workbook by name."""
    data = edition.data
    tables = {
        "Comparison": comparison_table(edition),
        "Findings": _frame(data.findings),
        "Burnout": _frame(data.risks),
        "Advice": _frame(data.advice),
        "Creatives": _frame(edition.creatives),
        "Expected": _frame(data.expected),
        "Red checks": _frame(data.trust.failed_checks),
        "Failed steps": _frame(data.trust.failed_steps),
    }
    return {"About": _about(edition, tables)} | {n: t.head(MOST_SHEET_ROWS) for n, t in tables.items() if t.height}


def _row(block: Block, edition: Edition, slugs: Sequence[str]) -> dict[str, object]:
    row: dict[str, object] = {
        "account_id": block.account_id,
        "account_name": edition.names.get(block.account_id, block.account_id) if block.account_id else None,
        "currency": block.currency,
        "result_family": block.family,
        "since": edition.period.span.since,
        "until": edition.period.span.until,
    }
    for metric in block.metrics:
        row[metric.name] = metric.current
        for slug, held in zip(slugs, metric.against, strict=True):
            row[f"{metric.name}_{slug}"], row[f"{metric.name}_{slug}_change_pct"] = held.value, held.change_pct
    return row


def _frame(rows: Iterable[Any]) -> pl.DataFrame:
    """Dataclasses as rows; a range becomes a column for each end."""
    return pl.DataFrame([_flat(asdict(row)) for row in rows], infer_schema_length=None)


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            out |= {f"{name}_{end}": v for end, v in value.items()}
        else:
            out[name] = list(value) if isinstance(value, tuple) else value
    return out


def _about(edition: Edition, tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    told = [title(edition.period), *(f"Held against: {baseline_words(b)}" for b in edition.period.baselines)]
    told += [*comparison_limits(edition.comparison, edition.names), *limits(edition.data.trust)]
    told += [
        f"{name}: the first {MOST_SHEET_ROWS:,} of {table.height:,} rows; `insights export` has all."
        for name, table in tables.items()
        if table.height > MOST_SHEET_ROWS
    ]
    return pl.DataFrame({"about": told})
