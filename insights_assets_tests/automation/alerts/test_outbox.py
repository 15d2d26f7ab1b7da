"""A message is stored first, sent in order, tried again when its sink is down, and sent once when it is taken."""

import json
from datetime import timedelta

import pytest

from insights_assets.automation.alerts import messages, outbox
from insights_assets.graph_api.redaction import register_secret
from insights_assets.lake.store import Lake
from insights_assets.tables.alerts import ALERT_OUTBOX
from insights_assets_tests.automation.alerts.worlds import NOW, Mailbox, look, settings, signal, stepped

MINUTE = timedelta(minutes=1)


@pytest.fixture
def lake(tmp_path):
    return Lake(str(tmp_path / "lake"))


def told(*signals):
    return stepped([], look(*signals))[1]


def store(lake, notifications, *sinks, now=NOW, digest_over=3):
    names = {"act_1": "Bäckerei <Nord>"}
    outbox.store(lake, notifications, settings(*sinks).sinks, names, now, digest_over=digest_over)


def test_each_sink_gets_its_own_message_and_none_is_stored_twice(lake):
    for _ in range(2):
        store(lake, told(signal(1), signal(2)), "a", "b")
    rows = lake.read(ALERT_OUTBOX)
    assert sorted(rows["sink"]) == ["a", "a", "b", "b"]
    assert set(rows["account_id"]) == {"act_1"}
    assert ALERT_OUTBOX.split(rows).bad.is_empty()


def test_many_notifications_of_a_tick_are_one_message_the_worst_first(lake):
    found = [signal(n, severity="critical" if n == 3 else "medium", account=f"act_{n}") for n in range(1, 5)]
    store(lake, told(*found), "a")
    box = Mailbox()
    assert outbox.deliver(lake, {"a": box}, NOW).delivered == 1
    (message,) = box.taken
    assert (message.count, message.title) == (4, "4 alerts, 1 of them critical")
    assert message.alerts[0]["account_id"] == "act_3"
    assert len(message.text.splitlines()) == 5
    assert lake.read(ALERT_OUTBOX)["account_id"].to_list() == [None]


def test_a_digest_leaves_out_what_was_told_alone_before(lake):
    store(lake, told(signal(1)), "a")
    store(lake, told(*(signal(n) for n in range(1, 7))), "a")
    counts = sorted(json.loads(p)["count"] for p in lake.read(ALERT_OUTBOX)["payload"])
    assert counts == [1, 5]


def test_a_giant_digest_is_cut_and_says_so(lake):
    store(lake, told(*(signal(n) for n in range(150))), "a")
    box = Mailbox()
    outbox.deliver(lake, {"a": box}, NOW)
    assert box.taken[0].count == 150
    assert len(box.taken[0].alerts) == messages.LARGEST_DIGEST
    assert box.taken[0].text.endswith("and 50 more: insights alerts list")


def test_a_sink_that_is_down_loses_nothing_and_holds_up_nobody(lake):
    down, up = Mailbox(), Mailbox()
    down.down = True
    sinks = {"down": down, "up": up}
    store(lake, told(signal(1), signal(2)), *sinks)
    first = outbox.deliver(lake, sinks, NOW)
    assert (first.delivered, first.waiting, first.problems) == (2, 2, {"down": "The mailbox is shut."})
    assert (len(up.taken), down.asked) == (2, 1)

    store(lake, told(signal(3)), *sinks, now=NOW + MINUTE / 2)
    outbox.deliver(lake, sinks, NOW + MINUTE / 2)
    assert (len(up.taken), down.asked) == (3, 1), "the sink rests, and its newer messages with it"

    down.down = False
    assert outbox.deliver(lake, sinks, NOW + MINUTE).delivered == 3
    assert [m.alerts[0]["subject"] for m in down.taken][-1] == "ad 3"
    assert outbox.deliver(lake, sinks, NOW + 99 * MINUTE) == outbox.Delivery(0, 0, {})
    assert (len(down.taken), len(up.taken)) == (3, 3)


def test_the_pauses_double_up_to_six_hours(lake):
    box = Mailbox()
    box.down = True
    store(lake, told(signal(1)), "a")
    now, pauses = NOW, []
    for _ in range(12):
        outbox.deliver(lake, {"a": box}, now)
        (after,) = lake.read(ALERT_OUTBOX)["next_attempt_at"]
        pauses.append((after - now) / MINUTE)
        now = after
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360]
    assert lake.read(ALERT_OUTBOX)["failed_attempts"].to_list() == [12]


def test_a_sender_that_died_is_replaced_after_its_claim_and_the_key_is_the_same(lake):
    class Deadly(Mailbox):
        def send(self, message, now):
            super().send(message, now)
            raise KeyboardInterrupt

    dead, heir = Deadly(), Mailbox()
    store(lake, told(signal(1)), "a")
    with pytest.raises(KeyboardInterrupt):
        outbox.deliver(lake, {"a": dead}, NOW)
    assert outbox.deliver(lake, {"a": heir}, NOW + 4 * MINUTE).delivered == 0
    assert outbox.deliver(lake, {"a": heir}, NOW + 5 * MINUTE).delivered == 1
    assert heir.taken[0].message_id == dead.taken[0].message_id


def test_while_one_process_sends_another_finds_nothing_to_send(lake):
    other = Mailbox()

    class Slow(Mailbox):
        def send(self, message, now):
            assert outbox.deliver(lake, {"a": other}, now + MINUTE).delivered == 0
            super().send(message, now)

    store(lake, told(signal(1), signal(2)), "a")
    slow = Slow()
    assert outbox.deliver(lake, {"a": slow}, NOW).delivered == 2
    assert (len(slow.taken), len(other.taken)) == (2, 0)


def test_what_a_sink_does_not_want_is_not_stored_for_it(lake):
    sinks = [s.__class__(s.name, s.type, severity) for s, severity in zip(settings("a", "b").sinks, ("low", "high"))]  # noqa: B905
    outbox.store(lake, told(signal(1, severity="medium")), sinks, {}, NOW, digest_over=3)
    assert lake.read(ALERT_OUTBOX)["sink"].to_list() == ["a"]


def test_a_message_for_a_sink_that_left_the_settings_waits_for_it(lake):
    store(lake, told(signal(1)), "gone")
    assert outbox.deliver(lake, {}, NOW).waiting == 1
    assert outbox.deliver(lake, {"gone": Mailbox()}, NOW + MINUTE).delivered == 1


def test_delivered_messages_are_kept_for_90_days(lake):
    store(lake, told(signal(1)), "a")
    outbox.deliver(lake, {"a": Mailbox()}, NOW)
    store(lake, told(signal(2)), "a", now=NOW + timedelta(days=89))
    assert lake.read(ALERT_OUTBOX).height == 2
    store(lake, told(signal(3)), "a", now=NOW + timedelta(days=91))
    assert lake.read(ALERT_OUTBOX).height == 2


def test_no_secret_reaches_the_outbox(lake):
    register_secret("EAAB-secret-of-the-outbox")
    store(lake, told(signal(1, summary="token EAAB-secret-of-the-outbox, access_token=abcdef12345")), "a")
    (payload,) = lake.read(ALERT_OUTBOX)["payload"]
    assert "EAAB" not in payload
    assert "abcdef12345" not in payload
    assert json.loads(payload)["alerts"][0]["summary"] == "token [redacted], access_token=[redacted]"
