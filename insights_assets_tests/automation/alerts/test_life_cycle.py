"""Alerts keep their identity: none opens twice, decisions outlive re-runs, and only a look that found none ends one."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights_assets.automation.alerts.life_cycle import Observation, acknowledge, snooze
from insights_assets.problems import InputError
from insights_assets.tables.alerts import SEVERITIES
from insights_assets_tests.automation.alerts.worlds import HOUR, NOW, look, signal, stepped

DAY = timedelta(days=1)


def opened(*signals, now=NOW):
    alerts, _ = stepped([], look(*signals), now)
    return alerts


def events(told):
    return [n.event for n in told]


def test_a_cause_opens_an_alert_and_is_told_once():
    alerts, told = stepped([], look(signal(week=None, evidence={"ctr": 0.4})))
    (alert,) = alerts
    assert (alert.status, alert.severity, alert.times_seen, alert.openings) == ("open", "high", 1, 1)
    assert (alert.opened_at, alert.last_seen_at, alert.evidence) == (NOW, NOW, '{"ctr": 0.4}')
    assert events(told) == ["opened"]
    again, told = stepped(alerts, look(signal(evidence={"ctr": 0.4})), NOW + HOUR)
    assert [(a.alert_id, a.times_seen, a.opened_at, a.last_seen_at) for a in again] == [
        (alert.alert_id, 2, NOW, NOW + HOUR)
    ]
    assert told == []


def test_identity_is_kind_account_and_subject_and_nothing_else():
    assert signal(1).alert_id == replace(signal(1), severity="low", summary="else", evidence={"a": 1}).alert_id
    others = {signal(2).alert_id, signal(1, kind="cost_spike").alert_id, signal(1, account="act_2").alert_id}
    assert len(others | {signal(1).alert_id}) == 4


def test_figures_within_the_hour_are_no_reason_to_write_and_another_severity_is():
    alerts = opened(signal(severity="medium"))
    same, _ = stepped(alerts, look(signal(severity="medium", evidence={"x": 2})), NOW + HOUR / 2)
    assert same == alerts
    worse, told = stepped(alerts, look(signal(severity="high")), NOW + HOUR / 2)
    assert (worse[0].severity, worse[0].last_seen_at) == ("high", NOW + HOUR / 2)
    assert events(told) == ["escalated"]
    better, told = stepped(worse, look(signal(severity="low")), NOW + HOUR)
    assert (better[0].severity, told) == ("low", [])


def test_it_ends_only_where_somebody_looked():
    alerts = opened(signal(1))
    for elsewhere in (look(kinds=("cost_spike",)), look(accounts=("act_2",)), Observation()):
        assert stepped(alerts, elsewhere, NOW + HOUR) == (alerts, [])
    (gone,), told = stepped(alerts, look(), NOW + HOUR)
    assert (gone.status, gone.resolved_at, told) == ("resolved", NOW + HOUR, [])
    (ended,), _ = stepped(alerts, Observation(ended=frozenset({alerts[0].alert_id})), NOW + HOUR)
    assert ended.status == "resolved"


def test_back_within_the_cooldown_it_is_the_same_episode_and_nobody_is_told():
    gone, _ = stepped(opened(signal()), look(), NOW + HOUR)
    (back,), told = stepped(gone, look(signal()), NOW + 2 * HOUR)
    assert (back.status, back.opened_at, back.resolved_at, back.openings) == ("open", NOW, None, 1)
    assert told == []


def test_back_after_the_cooldown_it_is_a_new_episode_and_told():
    acked = [acknowledge(opened(signal())[0], "kim", NOW)]
    gone, _ = stepped(acked, look(), NOW + HOUR)
    (back,), told = stepped(gone, look(signal()), NOW + HOUR + DAY)
    assert (back.status, back.opened_at, back.openings, back.times_seen) == ("open", NOW + HOUR + DAY, 2, 1)
    assert back.acknowledged_by is None
    assert events(told) == ["opened"]
    assert told[0].key != stepped([], look(signal()))[1][0].key


def test_an_acknowledgement_outlives_re_runs_and_a_short_absence():
    alerts = [acknowledge(opened(signal())[0], "kim", NOW)]
    for hours in range(1, 5):
        alerts, told = stepped(alerts, look(signal()), NOW + hours * HOUR)
        assert (alerts[0].status, alerts[0].acknowledged_by, told) == ("acknowledged", "kim", [])
    gone, _ = stepped(alerts, look(), NOW + 5 * HOUR)
    assert gone[0].status == "resolved"
    (back,), told = stepped(gone, look(signal()), NOW + 6 * HOUR)
    assert (back.status, back.acknowledged_by, told) == ("acknowledged", "kim", [])


def test_what_becomes_worse_is_told_though_acknowledged_and_not_while_snoozed():
    alert = opened(signal(severity="medium"))[0]
    (acked,), told = stepped([acknowledge(alert, "kim", NOW)], look(signal(severity="critical")), NOW + HOUR)
    assert (acked.status, events(told)) == ("acknowledged", ["escalated"])
    (snoozed,), told = stepped([snooze(alert, NOW + DAY, NOW)], look(signal(severity="critical")), NOW + HOUR)
    assert (snoozed.status, snoozed.severity, told) == ("snoozed", "critical", [])


def test_a_snooze_ends_by_the_clock_whether_or_not_somebody_looks():
    snoozed = [snooze(opened(signal())[0], NOW + DAY, NOW)]
    for seen in (look(signal()), Observation()):
        assert stepped(snoozed, seen, NOW + DAY - HOUR)[1] == []
        (awake,), told = stepped(snoozed, seen, NOW + DAY)
        assert (awake.status, awake.snoozed_until, events(told)) == ("open", None, ["snooze_over"])
    (gone,), told = stepped(snoozed, look(), NOW + DAY)
    assert (gone.status, told) == ("resolved", [])


def test_what_is_resolved_can_be_neither_acknowledged_nor_snoozed():
    (gone,), _ = stepped(opened(signal()), look(), NOW + HOUR)
    with pytest.raises(InputError, match="resolved already"):
        acknowledge(gone, "kim", NOW)
    with pytest.raises(InputError, match="resolved already"):
        snooze(gone, NOW + DAY, NOW)
    with pytest.raises(InputError, match="later time"):
        snooze(opened(signal())[0], NOW, NOW)


def test_numbers_that_json_has_not_become_null():
    (alert,) = opened(signal(evidence={"a": float("nan"), "b": [float("inf"), 1.5], "c": {"d": float("-inf")}}))
    assert alert.evidence == '{"a": null, "b": [null, 1.5], "c": {"d": null}}'


signals = st.builds(signal, st.integers(1, 4), severity=st.sampled_from(SEVERITIES))
looks = st.lists(signals, max_size=6).map(lambda found: look(*found))
decisions = st.sampled_from(["", "ack", "snooze"])
histories = st.lists(st.tuples(looks, decisions, st.integers(1, 40)), min_size=1, max_size=8)


def lived(history):
    """Alerts after a history of looks, decisions and pauses in hours; the instant; everything told."""
    alerts, now, told = [], NOW, []
    for seen, decision, hours in history:
        alerts, fresh = stepped(alerts, seen, now)
        told += fresh
        left = [a for a in alerts if a.status != "resolved"]
        if decision and left:
            chosen = left[0]
            changed = acknowledge(chosen, "kim", now) if decision == "ack" else snooze(chosen, now + 30 * HOUR, now)
            alerts = [changed if a is chosen else a for a in alerts]
        now += hours * HOUR
    return alerts, now, told


@given(histories, looks)
def test_the_same_look_twice_changes_nothing_and_tells_nothing(history, seen):
    alerts, now, _ = lived(history)
    once, _ = stepped(alerts, seen, now)
    assert stepped(once, seen, now) == (once, [])


@given(histories)
def test_an_episode_is_told_once_and_no_identity_is_there_twice(history):
    alerts, _, told = lived(history)
    opened_keys = [n.key for n in told if n.event == "opened"]
    assert len(opened_keys) == len(set(opened_keys)) == sum(a.openings for a in alerts)
    assert len({a.alert_id for a in alerts}) == len(alerts)


@given(histories, looks)
def test_after_a_look_exactly_the_causes_are_unresolved(history, seen):
    alerts, now, _ = lived(history)
    after, _ = stepped(alerts, seen, now)
    assert {a.alert_id for a in after if a.status != "resolved"} == {s.alert_id for s in seen.signals}
    assert all((a.resolved_at is None) == (a.status != "resolved") for a in after)
    assert all((a.status == "snoozed") <= (a.snoozed_until is not None and a.snoozed_until > now) for a in after)


@given(histories, st.permutations([1, 2, 3, 4]))
def test_the_order_of_the_signals_does_not_matter(history, order):
    alerts, now, _ = lived(history)
    severities = ("high", "low", "critical", "medium")
    found = [signal(n % 2, severity=severities[n - 1]) for n in order]
    assert stepped(alerts, look(*found), now) == stepped(alerts, look(*sorted(found, key=str)), now)
