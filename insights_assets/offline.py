"""The drop folder of offline conversions: CSV and Parquet files, read whole each time, so loading twice adds nothing.

Belongs here: reading files into rows. Does not belong here: storing (`assets/offline.py`), using them (ROAS).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from insights_assets.problems import InputError
from insights_assets.tables.offline_conversions import OFFLINE_CONVERSIONS

FOLDER = "offline"
STEP = "offline_files"  # what planning calls a file that is newer than the partition made from it
NEEDED = ("account_id", "date", "conversions")
OPTIONAL = ("campaign_id", "ad_id", "event", "revenue", "currency")
EVENT = "purchase"


@dataclass(frozen=True)
class Drop:
    """What the folder holds: rows of every readable file (the later file by name wins a key), and why others fail."""

    rows: pl.DataFrame
    refused: dict[str, str]
    changed_at: dict[tuple[str, date], datetime]


def read_folder(folder: Path) -> Drop:
    """Read every file of the folder.

    Returns:
        Rows of `offline_conversions`; (file name, why) of files that cannot be read, which stop no other file; when
        each partition's newest file changed (UTC).
    """
    frames, refused = [OFFLINE_CONVERSIONS.empty()], {}
    changed_at: dict[tuple[str, date], datetime] = {}
    for path in _files(folder):
        try:
            rows = read_file(path)
        except InputError as error:
            refused[path.name] = str(error)
            continue
        frames.append(rows)
        changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        for partition in rows.select("account_id", "week").unique().iter_rows():
            changed_at[partition] = max(changed, changed_at.get(partition, changed))
    rows = pl.concat(frames).unique(OFFLINE_CONVERSIONS.key, keep="last", maintain_order=True)
    return Drop(rows.sort(OFFLINE_CONVERSIONS.key), refused, changed_at)


def read_file(path: Path) -> pl.DataFrame:
    """Read one file.

    Columns: account_id, date, conversions; and as known campaign_id, ad_id, event (purchase), revenue, currency (the
    account's). Rows of one key in one file are added: a till's export has a row a sale.

    Returns:
        Rows of `offline_conversions`.

    Raises:
        InputError: no such columns, or a value that is no day or number; the sentence names the file, row and column.
    """
    try:
        raw = pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(f"{path.name} cannot be read ({str(error).splitlines()[0]}).") from error
    if missing := [name for name in NEEDED if name not in raw.columns]:
        raise InputError(f"{path.name} has no column {missing[0]}; it needs {', '.join(NEEDED)}.")
    absent = [pl.lit(None, dtype=pl.String).alias(name) for name in OPTIONAL if name not in raw.columns]
    text = raw.with_columns(absent).select(
        pl.col(*NEEDED, *OPTIONAL).cast(pl.String).str.strip_chars().replace("", None)
    )
    typed = text.with_columns(
        pl.col("account_id").str.strip_prefix("act_"),
        pl.col("date").str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False),
        pl.col("conversions", "revenue").cast(pl.Float64, strict=False),
    )
    _refuse_unreadable(path.name, text, typed)
    level = pl.coalesce(
        pl.when(pl.col(f"{name}_id").is_not_null()).then(pl.lit(name)) for name in ("ad", "campaign", "account")
    )
    rows = typed.with_columns(
        pl.format("act_{}", "account_id").alias("account_id"),
        pl.col("date").dt.truncate("1w").alias("week"),
        level.alias("level"),
        pl.col("event").fill_null(EVENT),
        pl.col("currency").str.to_uppercase(),
        pl.lit(path.name).alias("file"),
    ).with_columns(pl.coalesce("ad_id", "campaign_id", "account_id").alias("entity_id"))
    added = rows.group_by(*OFFLINE_CONVERSIONS.key, "campaign_id", "currency", "file", maintain_order=True).agg(
        pl.col("conversions").sum(),
        # No revenue at all is not a revenue of zero.
        pl.when(pl.col("revenue").is_not_null().any()).then(pl.col("revenue").sum()),
    )
    return OFFLINE_CONVERSIONS.conform(added)


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(p for p in folder.iterdir() if p.suffix in {".csv", ".parquet"})


def _refuse_unreadable(name: str, text: pl.DataFrame, typed: pl.DataFrame) -> None:
    for column in (*NEEDED, "revenue"):
        bad = typed[column].is_null() & (text[column].is_not_null() | (column in NEEDED))
        if column == "account_id":
            bad = ~typed[column].fill_null("").str.contains(r"^\d+$")
        if bad.any():
            row = bad.arg_true()[0]
            kinds = {"account_id": "an ad account id", "date": "a day like 2026-11-21"}
            value = text[column][row]
            raise InputError(f"{name}, row {row + 1}: {column} is {value!r}, not {kinds.get(column, 'a number')}.")
