"""Conditions of a commit in SQL, as delta-rs reads them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date


def of_partitions(partitions: Collection[tuple[str, date]], where: Mapping[str, Collection[str]]) -> str:
    """SQL that holds for exactly the partitions; accounts with the same weeks share a clause, to keep it short."""
    weeks_of: dict[str, set[date]] = defaultdict(set)
    for account_id, week in partitions:
        weeks_of[account_id].add(week)
    accounts_of: dict[tuple[date, ...], list[str]] = defaultdict(list)
    for account_id, weeks in weeks_of.items():
        accounts_of[tuple(sorted(weeks))].append(account_id)
    clauses = [
        f"(account_id IN ({_quoted(sorted(accounts))}) AND {_weeks(weeks)})" for weeks, accounts in accounts_of.items()
    ]
    narrowed = "".join(f" AND {name} IN ({_quoted(values)})" for name, values in where.items())
    return f"({' OR '.join(clauses)}){narrowed}"


def _weeks(weeks: Sequence[date]) -> str:
    if (weeks[-1] - weeks[0]).days == 7 * (len(weeks) - 1):
        return f"week >= '{weeks[0]}' AND week <= '{weeks[-1]}'"
    return f"week IN ({_quoted(str(w) for w in weeks)})"


def _quoted(values: Iterable[str]) -> str:
    return ", ".join("'" + v.replace("'", "''") + "'" for v in values)
