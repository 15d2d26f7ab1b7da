"""Which days a report is about, and what it is held against."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights_assets.problems import InputError
from insights_assets.serving.periods import KINDS, Span, from_history, period

TODAY = date(2026, 3, 11)  # a Wednesday


def spans(found):
    return [(b.slug, [(s.since, s.until) for s in b.spans]) for b in found.baselines]


def test_a_day_is_yesterday_beside_the_day_before_and_the_same_weekday():
    found = period("daily", TODAY)
    assert (found.span, found.whole, found.key) == (Span(date(2026, 3, 10), date(2026, 3, 10)), True, "2026-03-10")
    before, week = date(2026, 3, 9), date(2026, 3, 3)
    assert spans(found) == [("day_before", [(before, before)]), ("week_before", [(week, week)])]


def test_a_week_is_the_last_whole_one_beside_one_and_four():
    found = period("weekly", TODAY)
    assert (found.span, found.whole) == (Span(date(2026, 3, 2), date(2026, 3, 8)), True)
    (_, one), (_, four) = spans(found)
    assert one == [(date(2026, 2, 23), date(2026, 3, 1))]
    assert [s for s, _ in four] == [date(2026, 2, 23), date(2026, 2, 16), date(2026, 2, 9), date(2026, 2, 2)]


def test_a_running_week_is_held_against_as_many_days():
    found = period("weekly", TODAY, TODAY)
    assert (found.span, found.whole) == (Span(date(2026, 3, 9), date(2026, 3, 10)), False)
    assert spans(found)[0][1] == [(date(2026, 3, 2), date(2026, 3, 3))]


def test_a_year_is_this_one_so_far_or_a_past_one_whole():
    running = period("yearly", TODAY)
    assert (running.span, running.whole, running.key) == (Span(date(2026, 1, 1), date(2026, 3, 10)), False, "2026")
    assert spans(running) == [("year_before", [(date(2025, 1, 1), date(2025, 3, 10))])]
    past = period("yearly", TODAY, date(2024, 2, 29))
    assert (past.span, past.whole) == (Span(date(2024, 1, 1), date(2024, 12, 31)), True)
    # 29 February has no day a year before; on New Year's Day it is the year that has just ended.
    assert spans(period("yearly", date(2024, 3, 1)))[0][1] == [(date(2023, 1, 1), date(2023, 2, 28))]
    assert period("yearly", date(2026, 1, 1)).span == Span(date(2025, 1, 1), date(2025, 12, 31))


@given(st.sampled_from(KINDS), st.dates(date(2024, 1, 2), date(2027, 12, 31)), st.integers(0, 800))
def test_no_period_holds_today_and_no_baseline_meets_it(kind, today, back):
    found = period(kind, today, today - timedelta(days=1 + back))
    assert found.span.since <= found.span.until < today
    assert found.since <= found.span.until
    for baseline in found.baselines:
        for span in baseline.spans:
            assert span.until < found.span.since
            assert abs(span.days - baseline.against.days) <= (kind == "yearly")


@pytest.mark.parametrize(
    ("kind", "day"), [("daily", TODAY), ("weekly", date(2026, 3, 16)), ("yearly", date(2027, 1, 1))]
)
def test_what_is_not_over_is_one_sentence(kind, day):
    with pytest.raises(InputError, match=r"has no day that is over yet; the newest such day is 2026-03-10\.$"):
        period(kind, TODAY, day)


def test_baselines_reach_as_far_as_the_history():
    week = period("weekly", TODAY)
    assert from_history(week, date(2026, 2, 2)) == week
    one, three = from_history(week, date(2026, 2, 4)).baselines
    assert (one, three.name, len(three.spans)) == (week.baselines[0], "median of the 3 weeks before", 3)
    assert from_history(week, date(2026, 2, 17)).baselines == week.baselines[:1]  # the median of one is that one
    assert from_history(week, date(2026, 3, 2)).baselines == ()
    assert from_history(week, None).baselines == ()


def test_a_year_with_half_a_history_is_held_against_the_same_days():
    (held,) = from_history(period("yearly", date(2026, 11, 21)), date(2025, 9, 29)).baselines
    assert held.spans == (Span(date(2025, 9, 29), date(2025, 11, 20)),)
    assert held.against == Span(date(2026, 9, 29), date(2026, 11, 20))
    assert from_history(period("yearly", TODAY), date(2025, 6, 1)).baselines == ()
