"""Requests and wall time to read a fleet's insights over HTTP, beside a plain client that asks day by day.

The plain client asks a report for each account and day and polls it every second; it is measured on a slice in the same
run and scaled to the same account-weeks. Both meet the same server, whose reports take `--latency` seconds.
"""

import argparse
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import httpx

from insights_assets.assets.meta_fatigue import FIELDS, WEEK_DAYS
from insights_assets.graph_api import GraphClient
from insights_assets.graph_api.limiter import Limiter
from insights_assets.graph_api.questions import WINDOWS, insight_params
from insights_assets.graph_api.report_memory import ReportMemory
from insights_assets.sandbox import Sandbox, World, running_sandbox

NOW = datetime(2026, 11, 21, 6, tzinfo=UTC)
UNTIL = date(2026, 11, 15)
QUESTIONS = (("ad", 1), ("ad", 7), ("adset", 7), ("campaign", 7))
THREADS = 8
SLICE_ACCOUNTS, SLICE_DAYS = 2, 7


def ours(server: Sandbox, accounts: list[str], since: date) -> int:
    """Everything the raw assets ask for, accounts beside each other; rows read."""
    limiter, memory = Limiter(), ReportMemory()

    def account(name: str) -> int:
        with GraphClient.connect(base_url=server.url, token=server.token, limiter=limiter, memory=memory) as client:
            entities = (client.campaigns(name), client.adsets(name), client.ads(name), client.creatives(name))
            found = sum(1 for kind in entities for _ in kind)
            for level, step in QUESTIONS:
                days = {"since": since, "until": UNTIL, "time_increment": step}
                found += sum(len(page) for page in client.insight_pages(name, level=level, **days))
            label = {"since": since, "until": UNTIL, "time_increment": WEEK_DAYS, "fields": FIELDS, "at_once": True}
            found += sum(len(page) for page in client.insight_pages(name, level="ad", windows=(), **label))
            return found

    with ThreadPoolExecutor(THREADS) as pool:
        return sum(pool.map(account, accounts))


def plain(server: Sandbox, accounts: list[str]) -> None:
    """A report for each account and day at ad level, polled every second, pages of 25 rows as by default."""
    with httpx.Client(base_url=f"{server.url}/v26.0", headers={"Authorization": f"Bearer {server.token}"}) as client:
        for name in accounts:
            for day in range(SLICE_DAYS):
                when = UNTIL - timedelta(days=day)
                form = insight_params("ad", WINDOWS, ("ad_id", "spend", "impressions", "actions"))
                form |= {"time_range": f'{{"since":"{when}","until":"{when}"}}', "time_increment": "1"}
                run = client.post(f"{name}/insights", data=form).json()["report_run_id"]
                while client.get(run).json()["async_status"] != "Job Completed":
                    time.sleep(1)
                params: dict[str, str] | None = {"limit": "25"}
                while params is not None:
                    body = client.get(f"{run}/insights", params=params).json()
                    after = body.get("paging", {}).get("cursors", {}).get("after")
                    params = {"limit": "25", "after": after} if body.get("paging", {}).get("next") else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=174)
    parser.add_argument("--weeks", type=int, default=5)
    parser.add_argument("--ads", type=int, default=50)
    parser.add_argument("--latency", type=float, default=1.0)
    options = parser.parse_args()
    since = UNTIL - timedelta(days=7 * options.weeks - 1)
    world = World(
        accounts=options.accounts,
        ads_per_account=options.ads,
        start=since - timedelta(weeks=4),
        weeks=options.weeks + 5,
    )
    names = [a.id for a in world.accounts]
    with running_sandbox(world, now=lambda: NOW, report_latency_s=options.latency) as server:
        began = time.perf_counter()
        plain(server, names[:SLICE_ACCOUNTS])
        plain_s, plain_requests = time.perf_counter() - began, len(server.requests)
        began = time.perf_counter()
        rows = ours(server, names, since)
        our_s, our_requests = time.perf_counter() - began, len(server.requests) - plain_requests
    scale = options.accounts * options.weeks * 7 / (SLICE_ACCOUNTS * SLICE_DAYS)
    print(
        f"{options.accounts} accounts x {options.weeks} weeks x {options.ads} ads, reports take {options.latency:g} s"
    )
    print(
        f"ours: {our_requests} requests, {our_s:.0f} s on {THREADS} threads, {rows:,} rows "
        "(4 reports, entities, Meta's fatigue label)"
    )
    print(
        f"plain (ad-days only, one thread, scaled from {SLICE_ACCOUNTS} accounts x {SLICE_DAYS} days): "
        f"{plain_requests * scale:,.0f} requests, {plain_s * scale:,.0f} s"
    )
    print(
        f"ratio: {plain_requests * scale / our_requests:.0f} x the requests, {plain_s * scale / our_s:.0f} x the time"
    )


if __name__ == "__main__":
    main()
