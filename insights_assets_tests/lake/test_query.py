"""What a query may do and what it may not: one reading statement over the lake's own files; else one sentence."""

from pathlib import Path

import duckdb
import polars as pl
import pytest

from insights_assets.lake.catalog import QueryError, query, select, view_names
from insights_assets.lake.store import Lake


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT count(*) FROM ads",
        "WITH a AS (SELECT 1 AS one) SELECT * FROM a;",
        "FROM ads SELECT ad_id",
        "-- a comment\nSELECT 1 AS one",
        "VALUES (1)",
        "DESCRIBE ads",
        "SUMMARIZE results_weekly",
        "SHOW TABLES",
        "EXPLAIN SELECT * FROM ads",
        "explain analyze SELECT * FROM ads",
        "EXPLAIN (FORMAT json) SELECT 1",
        "SELECT 1 AS a, 2 AS a",
    ],
)
def test_reading_statements_run(statement: str, opened: duckdb.DuckDBPyConnection) -> None:
    assert select(opened, statement).height > 0


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO ads SELECT * FROM ads",
        "UPDATE ads SET name = 'x'",
        "DELETE FROM ads",
        "COPY (SELECT 1) TO '{root}/x.csv'",
        "COPY ads TO '{root}/x.parquet'",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '{root}/x.csv'",
        "EXPLAIN (ANALYZE) COPY (SELECT 1) TO '{root}/x.csv'",
        "/* a /* b */ EXPLAIN SELECT 1 -- */ EXPLAIN ANALYZE COPY (SELECT 1) TO '{root}/x.csv'",
        "EXPLAIN (/*) SELECT 1 --*/ ANALYZE) COPY (SELECT 1) TO '{root}/x.csv'",
        "EXPORT DATABASE '{root}/x'",
        "ATTACH '{root}/x.db'",
        "DROP VIEW ads",
        "CREATE TABLE x AS SELECT 1",
        "CREATE OR REPLACE VIEW ads AS SELECT 1",
        "SET enable_external_access = true",
        "RESET lock_configuration",
        "PRAGMA enable_profiling",
        "CALL pragma_version()",
        "INSTALL httpfs",
        "LOAD httpfs",
        "CHECKPOINT",
        "BEGIN",
        "",
        "-- nothing",
    ],
)
def test_statements_that_do_not_read_are_refused(
    statement: str, small_lake: Lake, opened: duckdb.DuckDBPyConnection
) -> None:
    before = sorted(Path(small_lake.root).rglob("*"))
    quoted = statement.replace("{root}", small_lake.root.replace("'", "''"))
    with pytest.raises(QueryError, match=r"^(Only a statement that reads|Parser Error|One statement)") as refused:
        select(opened, quoted)
    assert "\n" not in str(refused.value)
    assert sorted(Path(small_lake.root).rglob("*")) == before


def test_two_statements_are_refused(small_lake: Lake) -> None:
    with pytest.raises(QueryError, match=r"^One statement at a time, please: there are 2\.$"):
        query(small_lake, "SELECT 1; SELECT 2")


@pytest.mark.parametrize(
    "source",
    [
        "read_text('/etc/passwd')",
        "read_blob('/etc/passwd')",
        "read_csv('/etc/passwd')",
        "sniff_csv('/etc/passwd')",
        "'/etc/passwd'",
        "glob('/etc/*')",
        "read_text('{root}/../secret.txt')",
        "read_text('{root}/../../../../../../../etc/passwd')",
        "read_parquet('{root}/../other.parquet')",
        "parquet_metadata('{root}/../other.parquet')",
        "glob('{root}/../*')",
        "query('DROP VIEW ads')",
    ],
)
def test_other_files_cannot_be_read(source: str, small_lake: Lake, opened: duckdb.DuckDBPyConnection) -> None:
    beside = Path(small_lake.root).parent
    (beside / "secret.txt").write_text("secret")
    pl.DataFrame({"secret": [1]}).write_parquet(beside / "other.parquet")
    with pytest.raises(QueryError) as refused:
        select(opened, f"SELECT * FROM {source.replace('{root}', small_lake.root.replace(chr(39), chr(39) * 2))}")  # noqa: S608
    assert "secret\n" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_callers_variables_cannot_be_read(opened: duckdb.DuckDBPyConnection) -> None:
    local = pl.DataFrame({"a": [1]})
    with pytest.raises(QueryError, match="no view named local"):
        select(opened, "SELECT * FROM local")
    assert local.height == 1


def test_an_unknown_table_names_the_views(small_lake: Lake) -> None:
    with pytest.raises(QueryError) as refused:
        query(small_lake, "SELECT * FROM insights_dayly")
    assert str(refused.value) == f"There is no view named insights_dayly; the views are {', '.join(view_names())}."


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("SELECT nope FROM ads", 'Binder Error: Referenced column "nope" not found in FROM clause.'),
        ("SELEC 1", 'Parser Error: syntax error at or near "SELEC".'),
        ("SELECT ?", "Invalid Input Error: Values were not provided for the following parameters: 1."),
        ("SELECT CAST('x' AS INTEGER)", "Conversion Error: Could not convert string 'x' to INT32."),
    ],
)
def test_a_mistake_is_one_sentence(statement: str, sentence: str, opened: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(QueryError) as refused:
        select(opened, statement)
    assert str(refused.value) == sentence
