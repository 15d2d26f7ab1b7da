"""Time of an answer of the read API under load, beside the same question asked of the raw facts with plain SQL.

The lake is written directly (`served_fleet.py`). The server is a process, the clients are another: 20 of them, each of
which opens an account, drawn evenly from all, asks it a dozen questions as a person at a dashboard would, one after the
other, and goes on to the next account. Nothing is asked beforehand but one overview. Without `--pause` nobody pauses
between two questions: that finds how much the server can do, and each answer waits for 19 others. With it each client
looks at an answer for so many seconds on average (exponentially distributed), as people do.

`--accounts 1000 --seconds 600` is the size of the goal (p95 below 50 ms, memory flat).
"""

import argparse
import asyncio
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import polars as pl
import psutil
from served_fleet import write_fleet

from insights_assets.api.keys import KeyStore
from insights_assets.commands.serve import SMALL_FRAMES
from insights_assets.instance_home import FRUGAL
from insights_assets.lake.catalog import open_catalog, select
from insights_assets.lake.store import Lake

SERVER = """
import sys, uvicorn, dagster as dg
from dataclasses import replace
from insights_assets.api.app import create_app
from insights_assets.api.runs import Runs
from insights_assets.settings import load_settings
settings = load_settings({"INSIGHTS_HOME": sys.argv[1], "INSIGHTS_LAKE": sys.argv[2]})
runs = Runs(dg.DagsterInstance.ephemeral(), settings.home, {}, 1, settings.now)
uvicorn.run(create_app(settings, {}, runs=runs), port=int(sys.argv[3]), log_level="warning", access_log=False)
"""
CLIENTS = 20
KEPT_OPEN_S = 4  # uvicorn closes a connection after five idle seconds
FREE = 1_000_000  # requests a minute of the benchmark's key: it measures reading, not the limits
Lapse = dict[str, list[float]]
OF_ADS, OF_CREATIVES = ("spend", "cpr", "ctr", "name"), ("spend", "roas", "hook_rate", "ctr")


def questions(draw: random.Random, account: int, ads: int) -> Iterator[tuple[str, str]]:
    """(kind, path) of one look at an account."""
    batch, own = account // 50 * 50, account % 50
    below = f"/accounts/act_{account + 1}"
    ad, campaign = f"{batch}x{own}a{draw.randrange(ads)}", f"{batch}x{own}c{draw.randrange(max(1, ads // 6))}"
    by, top = draw.choice(["spend", "results", "cpr", "roas"]), draw.randint(1, 50)
    yield "overview", f"/overview?top_by={by}&top={top}"
    yield "page of accounts", f"/accounts?page={draw.randint(1, 5)}&size=20&sort=-{draw.choice(['spend', 'results'])}"
    yield "page of ads", f"{below}/ads?size=25&sort=-{draw.choice(OF_ADS)}"
    yield "page of ads", f"{below}/ads?size=25&page=2&sort=-{draw.choice(OF_ADS)}"
    yield "page of campaigns", f"{below}/campaigns?sort={draw.choice(OF_ADS)}"
    yield "ad with peers", f"{below}/ads/{ad}"
    yield "timeline, days", f"{below}/timeline/ad/{ad}"
    yield "timeline, weeks", f"{below}/timeline/campaign/{campaign}?grain=week"
    yield "timeline, account", f"{below}/timeline/account/act_{account + 1}"
    yield "page of creatives", f"{below}/creatives?size=20&sort=-{draw.choice(OF_CREATIVES)}"
    yield "page of creatives", f"{below}/creatives?size=20&page=2&sort=-{draw.choice(OF_CREATIVES)}"
    yield "creative aggregates", f"{below}/creatives/aggregates"
    yield "page of features", f"{below}/features?level=ad&size=25&page={draw.randint(1, 9)}"
    yield "page of anomalies", f"{below}/anomalies?level=ad&size=25"


async def client(
    port: int, key: str, seed: int, size: tuple[int, int], pause: float, until: float, lapse: Lapse
) -> None:
    """Ask one question after the other, over one connection."""
    draw = random.Random(seed)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while True:
        for kind, path in questions(draw, draw.randrange(size[0]), size[1]):
            await asyncio.sleep(min(KEPT_OPEN_S, draw.expovariate(1 / pause)) if pause else 0)
            begun = time.perf_counter()
            writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = int(head.split("content-length: ")[1].split("\r\n")[0])
            body = await reader.readexactly(length)
            lapse[kind].append((time.perf_counter() - begun) * 1000)
            if " 200 " not in head.split("\r\n")[0]:
                raise RuntimeError(f"{path}: {head} {body[:300]!r}")
            if time.perf_counter() > until:
                writer.close()
                return


async def load(
    port: int, key: str, size: tuple[int, int], pause: float, seconds: float, process: psutil.Process
) -> tuple[Lapse, list[float]]:
    """All clients at once; the server's memory (MB) beside it, every tenth of the time."""
    lapse: Lapse = defaultdict(list)
    until = time.perf_counter() + seconds
    memory: list[float] = []

    async def watch() -> None:
        while time.perf_counter() < until:
            await asyncio.sleep(seconds / 10)
            memory.append(process.memory_info().rss / 1e6)

    await asyncio.gather(watch(), *(client(port, key, n, size, pause, until, lapse) for n in range(CLIENTS)))
    return lapse, memory


RAW = {
    "overview": """SELECT currency, sum(spend) AS spend, sum(impressions) AS impressions, sum(clicks) AS clicks,
        100 * sum(clicks) / sum(impressions) AS ctr FROM insights_daily WHERE week >= $since GROUP BY ALL""",
    "page of ads": """SELECT ads.*, d.spend, d.impressions FROM ads LEFT JOIN (SELECT ad_id, sum(spend) AS spend,
        sum(impressions) AS impressions FROM insights_daily WHERE account_id = 'act_1' AND week = $last GROUP BY ALL) d
        USING (ad_id) WHERE account_id = 'act_1' AND week = $last ORDER BY d.spend DESC LIMIT 25""",
    "timeline, days": """SELECT date, spend, impressions, clicks FROM insights_daily
        WHERE account_id = 'act_1' AND ad_id = '0x0a1' AND week >= $since ORDER BY date""",
    "creative aggregates": """SELECT creative_type, sum(spend), sum(revenue) / sum(spend) AS roas, sum(clicks)
        FROM creative_performance WHERE account_id = 'act_1' AND week >= $since GROUP BY ALL""",
}


def raw(lake: Lake) -> dict[str, tuple[float, float]]:
    """One user, nobody else: seconds to open the views, and milliseconds of each question with them open."""
    out = {}
    begun = time.perf_counter()
    with open_catalog(lake) as connection:
        out["(opening the views)"] = ((time.perf_counter() - begun) * 1000, 0.0)
        newest = select(connection, "SELECT max(week) AS week FROM campaigns")["week"][0]
        for name, text in RAW.items():
            values = {k: v for k, v in {"since": newest, "last": newest}.items() if f"${k}" in text}
            times = []
            for _ in range(5):
                begun, cpu = time.perf_counter(), time.process_time()
                select(connection, text, values)
                times.append(((time.perf_counter() - begun) * 1000, (time.process_time() - cpu) * 1000))
            out[name] = sorted(times)[2]
    return out


def quantile(values: list[float], share: float) -> float:
    """A quantile of some times."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=50)
    parser.add_argument("--weeks", type=int, default=52)
    parser.add_argument("--ads", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--pause", type=float, default=0, help="Seconds between an answer and the next question.")
    parser.add_argument("--port", type=int, default=8799)
    parser.add_argument("--lake", type=Path, help="A lake that an earlier run wrote.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = options.lake or Path(folder) / "lake"
        lake = Lake(str(root)) if options.lake else write_fleet(root, options.accounts, options.weeks, options.ads)
        print(f"{options.accounts} accounts x {options.weeks} weeks x {options.ads} ads, {CLIENTS} clients")
        print(f"each pauses {options.pause:g} s on average" if options.pause else "without a pause")
        _, key = KeyStore(Path(folder)).add("bench", "viewer", None, datetime.now(UTC), requests_per_minute=FREE)
        command = [sys.executable, "-W", "ignore", "-c", SERVER, folder, str(root), str(options.port)]
        server = subprocess.Popen(command, env={**os.environ, **FRUGAL, **SMALL_FRAMES})  # noqa: S603
        try:
            measure(server, key, options)
        finally:
            server.terminate()
            server.wait()
        print("\nplain SQL over the raw facts, one user: ms wall, ms CPU")
        rows = [(name, round(wall, 1), round(cpu, 1)) for name, (wall, cpu) in raw(lake).items()]
        print(pl.DataFrame(rows, schema=["question", "wall", "cpu"], orient="row"))


def measure(server: subprocess.Popen[bytes], key: str, options: argparse.Namespace) -> None:
    process = psutil.Process(server.pid)
    url, headers = f"http://127.0.0.1:{options.port}", {"Authorization": f"Bearer {key}"}
    for _ in range(300):
        try:
            httpx.get(f"{url}/health")
            break
        except httpx.ConnectError:
            time.sleep(0.1)
    begun = time.perf_counter()
    httpx.get(f"{url}/overview", headers=headers, timeout=120).raise_for_status()
    print(f"first overview (reads every account once): {time.perf_counter() - begun:.1f} s")
    before = process.cpu_times()
    begun = time.perf_counter()
    size = (options.accounts, options.ads)
    lapse, memory = asyncio.run(load(options.port, key, size, options.pause, options.seconds, process))
    wall, after = time.perf_counter() - begun, process.cpu_times()
    cpu = after.user + after.system - before.user - before.system
    every = [ms for times in lapse.values() for ms in times]
    rows = [(k, len(v), *(round(quantile(v, q), 1) for q in (0.5, 0.95, 0.99))) for k, v in lapse.items()]
    rows.append(("all", len(every), *(round(quantile(every, q), 1) for q in (0.5, 0.95, 0.99))))
    with pl.Config(tbl_rows=30):
        print(pl.DataFrame(rows, schema=["question", "answers", "p50 ms", "p95 ms", "p99 ms"], orient="row"))
    print(f"{len(every) / wall:.0f} answers a second; server CPU {1000 * cpu / len(every):.2f} ms an answer")
    print("server memory, MB, over the time:", ", ".join(f"{mb:.0f}" for mb in memory))


if __name__ == "__main__":
    main()
