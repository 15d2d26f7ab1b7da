"""The page: complete in itself, safe against foreign names, the same for the same data."""

import base64
import re
from dataclasses import fields, replace
from datetime import timedelta
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import matplotlib as mpl
import polars as pl
import pytest

from insights_assets.serving.advice import varied
from insights_assets.serving.burnout_pictures import lead_picture
from insights_assets.serving.editions import make_edition
from insights_assets.serving.findings import collect
from insights_assets.serving.model import Advice
from insights_assets.serving.periods import KINDS
from insights_assets.serving.report import render, write_report
from insights_assets_tests.serving import small_lake as small

PERIOD = {"since": small.weeks_ago(11), "until": small.RUNNING + timedelta(days=6), "now": small.NOW}


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    return small.full(tmp_path_factory.mktemp("lake"))


def edition(lake, kind="weekly"):
    return make_edition(lake, kind, now=small.NOW)


@pytest.fixture(scope="module")
def pages(lake):
    return {kind: render(edition(lake, kind)) for kind in KINDS}


@pytest.fixture(params=KINDS)
def any_page(request, pages):
    return pages[request.param]


@pytest.fixture
def page(pages):
    return pages["weekly"]


def test_foreign_names_run_nothing(any_page):
    assert "<script" not in any_page
    assert "<b>Ask</b>" not in any_page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in any_page


def test_nothing_is_fetched_from_elsewhere(any_page):
    found = Fetches()
    found.feed(any_page)
    assert found.addresses
    assert [a for a in found.addresses if not a.startswith("data:image/svg+xml;base64,")] == []
    assert not re.findall(r"url\(|@import|http://|https://", any_page)
    assert not found.tags & {"script", "link", "iframe", "object", "embed", "base", "form"}
    assert '<meta name="viewport"' in any_page


class Fetches(HTMLParser):
    """What a browser would ask for, and every element of a page."""

    def __init__(self):
        super().__init__()
        self.addresses, self.tags = [], set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.addresses += [
            v for k, v in attrs if k in {"src", "href", "srcset", "poster", "action", "data", "background"}
        ]
        assert not [k for k, _ in attrs if k.startswith("on")]


def test_pictures_are_valid_described_and_hold_no_markup_of_others(any_page):
    images = re.findall(r'<img src="data:image/svg\+xml;base64,([^"]+)" alt="([^"]+)"', any_page)
    assert images
    for body, alt in images:
        drawn = base64.b64decode(body, validate=True)
        root = ET.fromstring(drawn)  # noqa: S314 - our own picture
        assert root.tag.endswith("svg")
        assert not [e for e in root.iter() if e.tag.rpartition("}")[2] in {"script", "image", "a", "foreignObject"}]
        assert b"alert(1)</script>" not in drawn
        links = [v for e in root.iter() for k, v in e.attrib.items() if k.endswith("href")]
        assert all(link.startswith("#") for link in links)
        assert alt


def test_a_week_has_its_pictures(page):
    # Its course, two accounts with delivery, the calibration, the most striking finding.
    assert page.count("<img ") == 5


def test_every_section_has_its_numbers(page):
    for text in ("cost per purchase result up 100 %", "permission", "name: too long", "act_2", "5,000 JPY", "60 %"):
        assert text in page


def test_what_to_do_what_burns_and_trust_stand_above_the_numbers(any_page):
    headings = re.findall(r"<h2>(.*?)</h2>", any_page)
    assert headings[:3] == ["What to do", "What is about to burn out", "Can it be trusted"]
    assert headings[3].endswith("in numbers")


def test_the_same_data_gives_the_same_page_and_leaves_no_state(lake, page):
    before = dict(mpl.rcParams)
    assert render(edition(lake)) == page
    assert dict(mpl.rcParams) == before


def test_the_files_replace_those_of_the_same_period(lake, tmp_path):
    (tmp_path / "report-weekly-2026-03-02.html").write_text("old")
    files = write_report(edition(lake), tmp_path)
    names = [f"report-weekly-2026-03-02.{end}" for end in ("csv", "html", "xlsx")]
    assert sorted(p.name for p in tmp_path.iterdir()) == names
    assert files.html.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_failed_write_leaves_the_old_file(lake, tmp_path, monkeypatch):
    (tmp_path / "report-weekly-2026-03-02.html").write_text("old")

    def broken(*_):
        raise RuntimeError("no")

    monkeypatch.setattr("insights_assets.serving.report.write_csv", broken)
    with pytest.raises(RuntimeError):
        write_report(edition(lake), tmp_path)
    assert [p.read_text() for p in tmp_path.iterdir()] == ["old"]


def test_some_accounts_have_a_file_of_their_own(lake, tmp_path):
    one = make_edition(lake, "daily", now=small.NOW, accounts=["act_1"])
    two = make_edition(lake, "daily", now=small.NOW, accounts=["act_1", "act_2"])
    first, second = (write_report(e, tmp_path).html.name for e in (one, two))
    assert first == "report-daily-2026-03-10-act_1.html"
    assert second.startswith("report-daily-2026-03-10-2-accounts-")


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_lake_says_so_in_sentences(tmp_path, kind):
    page = write_report(edition(small.build(tmp_path / "lake"), kind), tmp_path).html.read_text(encoding="utf-8")
    assert "<table" not in page
    assert "<img" not in page
    for text in ("No delivery is stored", "No ad left its own baseline", "No burnout risk", "No check has run"):
        assert text in page


def test_what_is_expected_stands_with_its_interval_and_past_errors_by_horizon(tmp_path):
    lake = small.build(
        tmp_path / "lake",
        accounts=[small.account("act_1")],
        features_ad=[small.feature(n) for n in range(6)],
        forecasts_account=[small.expectation(h, m, v) for h in (1, 2, 4) for m, v in (("spend", 640), ("results", 16))],
        prediction_scores=[small.score(n, e, ad=f"{e}") for n in range(1, 4) for e in range(1, 11)],
    )
    data = collect(lake, **PERIOD)
    assert [(e.begins, e.spend.middle, e.results.high, e.cpr.middle) for e in data.expected] == [
        (small.RUNNING, 640.0, pytest.approx(17.6), None),
        (small.RUNNING + timedelta(weeks=3), 640.0, pytest.approx(17.6), None),
    ]
    # Errors of 1 to 10 in units of 10, beside 2 for the last value.
    assert data.accuracy["ratio_to_naive"].to_list() == pytest.approx([0.275])
    page = render(replace(edition(lake), data=data))
    assert "640.00 EUR" in page
    assert "576.00 EUR to 704.00 EUR" in page
    assert "80 % intervals held 80% of the truths" in page


def test_notice_is_drawn_once_both_horizons_have_outcomes(lake):
    data = collect(lake, **PERIOD)
    assert lead_picture(replace(data, outcomes=data.outcomes.clear())) is None
    keys = {"account_id": "act_1", "ad_id": "1"}
    told = [(2, 1, 0.1, False), (2, 2, 0.6, True), (1, 1, 0.2, True), (1, 2, 0.1, False)]
    rows = [
        keys | {"week": small.weeks_ago(n), "horizon_weeks": h, "risk_score": risk, "burnt": burnt}
        for n, h, risk, burnt in told
    ]
    picture = lead_picture(replace(data, outcomes=pl.DataFrame(rows)))
    expected = "1 burnouts after a calm week; 1 had a risk of 50 % or more two weeks before, 0 only one week before."
    assert picture is not None
    assert picture.caption == expected
    assert picture.uri.startswith("data:image/svg+xml;base64,")


def test_advice_of_the_newest_complete_week_comes_first_by_priority(tmp_path):
    lake = small.build(
        tmp_path / "lake",
        accounts=[small.account("act_1")],
        features_ad=[small.feature(n) for n in range(6)],
        ads=[small.ad(1, "Spring <offer>")],
        recommendations_ad=[
            small.advice("PAUSE", priority=6),
            small.advice("SCALE_UP", ad="2", priority=8),
            small.advice("PAUSE", ad="3", week=small.weeks_ago(3)),
        ],
    )
    data = collect(lake, **PERIOD)
    told = [(a.kind, a.entity_name, a.priority_level) for a in data.advice]
    assert told == [("SCALE_UP", "2", "high"), ("PAUSE", "Spring <offer>", "medium")]
    shown = edition(lake)
    page = render(replace(shown, data=data))
    assert page.index("Do SCALE_UP") < page.index("Do PAUSE")
    assert "Spring &lt;offer&gt;" in page
    assert "No advice is open" in render(replace(shown, data=replace(data, advice=())))


def test_no_kind_of_advice_pushes_out_another():
    kinds = ["SCALE_UP"] * 5 + ["PAUSE"] * 3 + ["REACTIVATE"]
    known = {f.name: None for f in fields(Advice)}
    told = [Advice(**{**known, "kind": kind, "entity_id": str(n)}) for n, kind in enumerate(kinds)]
    shown = [(a.kind, a.entity_id) for a in varied(told, 6, 2)]
    assert shown == [
        *(("SCALE_UP", n) for n in "012"),  # the third, for there was room
        *(("PAUSE", n) for n in "56"),
        ("REACTIVATE", "8"),
    ]
    assert varied(told, 20, 2) == told
    assert varied([], 6, 2) == []
