"""What an origin knows: nothing of a running week, nothing that was read or changed after its first sync."""

from datetime import UTC, date, datetime

import polars as pl

from insights_assets.analytics.forecast_origins import known_origins, recent_weeks, undone

MONDAY, NEXT = date(2026, 3, 2), date(2026, 3, 9)
ZONES = {"act_1": "America/New_York", "act_2": "Asia/Tokyo"}


def at(day, hour=12):
    return datetime(2026, 3, day, hour, tzinfo=UTC)


def reads(*rows):
    schema = {"account_id": pl.String, "week": pl.Date, "finished_at": pl.Datetime("us", "UTC")}
    return pl.DataFrame(list(rows), schema=schema, orient="row")


def weeks(*rows):
    return pl.DataFrame(list(rows), schema={"account_id": pl.String, "week": pl.Date}, orient="row")


def changes(*rows):
    columns = ("account_id", "week", "date", "ad_id", "metric", "old_value", "new_value", "observed_at")
    return pl.DataFrame([dict(zip(columns, row, strict=True)) for row in rows])


def test_a_week_is_known_from_the_first_sync_after_its_close_where_the_account_is():
    # Monday 03:00 UTC: Tokyo's week is over, New York's is not.
    log = reads(
        ("act_1", MONDAY, at(8)),
        ("act_1", MONDAY, at(9, 3)),
        ("act_2", MONDAY, at(9, 3)),
        ("act_2", MONDAY, at(12)),
    )
    wanted = weeks(("act_1", MONDAY), ("act_2", MONDAY))
    assert known_origins(wanted, log, weeks(), ZONES).rows() == [("act_2", MONDAY, at(9, 3))]


def test_a_settled_week_needs_no_record_of_its_sync():
    known = known_origins(weeks(("act_1", MONDAY)), reads(), weeks(("act_1", MONDAY)), ZONES)
    assert known.rows() == [("act_1", MONDAY, None)]


def test_young_weeks_have_the_age_at_which_they_were_read_by_then():
    log = reads(("act_1", MONDAY, at(9)), ("act_1", MONDAY, at(16, 15)), ("act_1", NEXT, at(16, 15)))
    log = pl.concat([log, reads(("act_1", NEXT, at(25)), ("act_1", date(2026, 2, 23), at(20)))])
    origins = known_origins(weeks(("act_1", NEXT)), log, weeks(), ZONES)
    told = recent_weeks(origins, log, ZONES)
    assert told["week"].to_list() == [date(2026, 2, 9), date(2026, 2, 16), date(2026, 2, 23), MONDAY, NEXT]
    seen = {week: (known, on) for week, known, on in told.select("week", "known_then", "seen_on").iter_rows()}
    assert seen[NEXT] == (True, date(2026, 3, 16)), "the sync of the 25th is later"
    assert seen[MONDAY] == (True, date(2026, 3, 16))
    assert seen[date(2026, 2, 23)] == (False, date(2026, 3, 20)), "first read after the origin"
    assert seen[date(2026, 2, 9)] == (False, None)


def test_later_restatements_are_undone_and_earlier_ones_are_not():
    log = reads(("act_1", MONDAY, at(9)), ("act_1", MONDAY, at(16)), ("act_1", MONDAY, at(23)))
    recent = recent_weeks(known_origins(weeks(("act_1", MONDAY)), log, weeks(), ZONES), log, ZONES)
    sunday = date(2026, 3, 8)
    ledger = changes(
        ("act_1", MONDAY, sunday, "a", "spend", 9.0, 10.0, at(9)),
        ("act_1", MONDAY, sunday, "a", "results:purchase", 2.0, 3.0, at(16)),
        ("act_1", MONDAY, sunday, "a", "results:purchase", 3.0, 7.0, at(23)),
        ("act_1", MONDAY, sunday, "b", "spend", None, 4.0, at(16)),
        ("act_1", MONDAY, sunday, "a", "reach", 50.0, 60.0, at(23)),
    )
    told = undone(ledger, recent).sort("ad_id", "metric")
    assert told.select("ad_id", "metric", "delta").rows() == [
        ("a", "results:purchase", -5.0),
        ("b", "spend", -4.0),
    ]


def test_a_week_that_was_first_read_later_is_taken_as_it_is():
    log = reads(("act_1", NEXT, at(16)), ("act_1", MONDAY, at(20)))
    recent = recent_weeks(known_origins(weeks(("act_1", NEXT)), log, weeks(), ZONES), log, ZONES)
    ledger = changes(("act_1", MONDAY, MONDAY, "a", "spend", 9.0, 10.0, at(23)))
    assert undone(ledger, recent).is_empty()
