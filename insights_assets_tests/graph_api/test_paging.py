import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights_assets.graph_api import GraphApiError
from insights_assets.graph_api.paging import iterate_pages
from insights_assets_tests.graph_api.fakes import TOKEN, FakeClock, failure, graph, raw, transport

ACCOUNT = {"currency": "USD", "timezone_name": "UTC", "account_status": 1}
FAULTS = {
    "reduce": failure(1, status=500),
    "split": failure(100, 1487534),
    "busy": failure(2),
    "limited": failure(17, status=400),
    "html": raw(200, "<html>"),
    "reset": httpx.ReadError("reset"),
}


def edge(total, faults=(), *, cursors=True, empty_at=()):
    """An edge of `total` rows by offset; each fault hits one request, in turn; some positions give an empty page."""
    pending, seen_empty = list(faults), set()

    def app(request):
        fault = FAULTS[pending.pop(0)] if pending and pending[0] else (pending and pending.pop(0)) or None
        if isinstance(fault, Exception):
            raise fault
        if fault:
            return fault(request)
        limit, start = int(request.url.params["limit"]), int(request.url.params.get("after", "0").lstrip("c"))
        if start in empty_at and start not in seen_empty:
            seen_empty.add(start)
            page, end = [], f"0{start}"
        else:
            page, end = [{"id": str(n), **ACCOUNT} for n in range(start, min(total, start + limit))], start + limit
        paging = {}
        if isinstance(end, str) or end < total:
            address = f"http://graph.test/v26.0/x?after={end}&limit={limit}&access_token=LEAK"
            paging = {"next": address, **({"cursors": {"before": "b", "after": str(end)}} if cursors else {})}
        return httpx.Response(200, json={"data": page, "paging": paging})

    return app


def read(connection, limit, **options):
    pages = iterate_pages(
        lambda asked: connection.get("me/adaccounts", asked, shrinkable=int(asked["limit"]) > 1),
        {"limit": str(limit), "fields": "id"},
        host=connection.host,
        **options,
    )
    return [row["id"] for page in pages for row in page], pages


@settings(deadline=None, max_examples=150)
@given(
    total=st.integers(0, 60),
    limit=st.integers(1, 25),
    faults=st.lists(st.sampled_from([None, *FAULTS]), max_size=20),
    cursors=st.booleans(),
    empty=st.booleans(),
)
def test_every_row_comes_once_and_in_order_whatever_fails(total, limit, faults, cursors, empty):
    # Faults that are never retried away (a split at one row) are legitimate ends, so the page is never that small.
    faults = [fault for fault in faults if fault != "split" or limit > 1]
    app = edge(total, faults, cursors=cursors, empty_at={0} if empty and total else ())
    with transport(app, clock=FakeClock(), max_attempts=25) as connection:
        try:
            ids, pages = read(connection, limit)
        except GraphApiError as error:
            # A run of splits down to one row cannot be cured, nor a third limit in a row; anything else must have been.
            assert error.action in ("split", "wait")  # noqa: PT017
            return
    assert ids == [str(n) for n in range(total)]
    assert pages.duplicates == 0


def test_a_page_too_large_is_halved_at_its_own_place_and_recovers():
    sizes = []

    def app(request):
        limit = int(request.url.params["limit"])
        sizes.append((request.url.params.get("after", "0"), limit))
        return failure(1, status=500)(request) if len(sizes) in (2, 3) else inner(request)

    inner = edge(40)
    clock = FakeClock()
    with transport(app, clock=clock) as connection:
        ids, _ = read(connection, 8)
    assert ids == [str(n) for n in range(40)]
    assert sizes[:6] == [("0", 8), ("8", 8), ("8", 4), ("8", 2), ("10", 4), ("14", 8)]
    assert clock.sleeps == []


def test_a_loop_of_cursors_is_an_error_not_an_endless_read():
    body = {"data": [{"id": "1"}], "paging": {"cursors": {"after": "A"}, "next": "http://graph.test/x"}}
    with transport(lambda _: httpx.Response(200, json=body)) as connection, pytest.raises(GraphApiError) as caught:
        read(connection, 5)
    assert caught.value.error_type == "data"
    assert "paging loop" in str(caught.value)


def test_empty_pages_without_end_are_an_error():
    asked = []

    def fetch(params):
        asked.append(params)
        cursors = {"after": str(len(asked))}
        return {"data": [], "paging": {"cursors": cursors, "next": "http://graph.test/x"}}

    with pytest.raises(GraphApiError, match="empty pages"):
        list(iterate_pages(fetch, {"limit": "2"}))


def test_cursors_without_next_are_the_end():
    body = {"data": [{"id": "1"}], "paging": {"cursors": {"before": "MAZDZD", "after": "MAZDZD"}}}
    with transport(lambda _: httpx.Response(200, json=body)) as connection:
        assert read(connection, 5)[0] == ["1"]
        assert connection.requests == 1


def test_a_next_address_on_another_host_is_never_asked():
    hosts = []

    def app(request):
        hosts.append(request.url.host)
        return httpx.Response(200, json={"data": [], "paging": {"next": f"http://evil.test/x?access_token={TOKEN}"}})

    with transport(app) as connection, pytest.raises(GraphApiError) as caught:
        read(connection, 5)
    assert hosts == ["graph.test"]
    assert TOKEN not in str(caught.value)


def test_credentials_in_a_next_address_are_not_taken_over():
    urls = []
    inner = edge(12, cursors=False)

    def app(request):
        urls.append(str(request.url))
        return inner(request)

    with transport(app) as connection:
        assert len(read(connection, 5)[0]) == 12
    assert len(urls) == 3
    assert all("LEAK" not in url and "access_token" not in url for url in urls)


def test_rows_that_come_again_on_a_later_page_are_left_out_and_counted():
    pages = iter([(["1", "2"], "A"), (["2", "3"], "B"), (["1", "4"], None)])

    def fetch(_params):
        ids, after = next(pages)
        paging = {"cursors": {"after": after}, "next": "http://graph.test/x"} if after else {}
        return {"data": [{"id": row} for row in ids], "paging": paging}

    reader = iterate_pages(fetch, {"limit": "2"})
    assert [[row["id"] for row in page] for page in reader] == [["1", "2"], ["3"], ["4"]]
    assert (reader.duplicates, reader.pages) == (2, 3)


def test_rows_without_a_key_are_all_kept():
    reader = iterate_pages(lambda _: {"data": [{"x": 1}, {"x": 1}]}, {})
    assert len(next(reader)) == 2


def test_the_client_lists_accounts_over_pages():
    with graph(edge(450)) as client:
        accounts = list(client.ad_accounts())
    assert [account.id for account in accounts] == [f"act_{n}" for n in range(450)]
