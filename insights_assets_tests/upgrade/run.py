"""Up to another Dagster and back: what one version wrote, the other reads the same and goes on with.

    python -m insights_assets_tests.upgrade.run --other 1.13.26

makes an environment with that Dagster beside this one (by uv, from the configured index). `insights backfill` of each
works on one home in turn, a week each: one account can be read, one has an expired token. After each turn both must
tell the same runs, events, statuses of partitions and executions of checks, and nothing of before may have changed.
`--core-only` replaces Dagster's core alone, for a version whose other packages are not there. On an unknown minor
version the stock event log is expected, and that it is said. Exit code 0 when all of that holds.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

from insights_assets.instance.versions import is_known
from insights_assets.sandbox import World, running_sandbox

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 3, 30, 3, tzinfo=UTC)
WEEKS = [date(2026, 3, 2) + timedelta(weeks=n) for n in range(4)]
CORE = ("dagster", "dagster-shared", "dagster-pipes")
WITH_CORE = ("dagster-webserver", "dagster-graphql")
SOME_FAILED = 3
LIBRARIES_AHEAD = 16  # dagster 1.13.27 goes with dagster-postgres 0.29.27


@dataclass(frozen=True)
class Installed:
    """An interpreter with our package and some Dagster, at work on a home."""

    python: Path
    variables: dict[str, str]

    def backfill(self, week: date) -> None:
        """Read and derive a week of all accounts; one of them fails."""
        dates = ["--since", str(week), "--until", str(week + timedelta(days=6))]
        ended = self._call(str(self.python.parent / "insights"), "backfill", *dates)
        assert ended.returncode == SOME_FAILED, ended.stdout + ended.stderr

    def discover(self) -> None:
        """Learn the accounts."""
        ended = self._call(str(self.python.parent / "insights"), "accounts", "discover")
        assert ended.returncode == 0, ended.stdout + ended.stderr

    def told(self) -> tuple[dict, str]:
        """What it reads of the home, and what it says on stderr."""
        ended = self._call(str(self.python), "-m", "insights_assets_tests.upgrade.state", *map(str, WEEKS))
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout), ended.stderr

    def _call(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, env=self.variables, cwd=ROOT, capture_output=True, text=True, check=False)


def overrides(other: str, *, core_only: bool) -> list[str]:
    """Requirements that put another Dagster in place of the pinned one."""
    major, minor, patch = other.split(".")
    library = f"0.{int(minor) + LIBRARIES_AHEAD}.{patch}"
    rest = version("dagster") if core_only else other
    postgres = version("dagster-postgres") if core_only else library
    assert major == "1"
    pins = [f"{n}=={other}" for n in CORE] + [f"{n}=={rest}" for n in WITH_CORE]
    return [*pins, f"dagster-postgres=={postgres}"]


def install(folder: Path, other: str, *, core_only: bool) -> Path:
    """Make an environment with another Dagster; its interpreter."""
    venv.create(folder, symlinks=True)
    pins = folder / "overrides.txt"
    pins.write_text("\n".join(overrides(other, core_only=core_only)), encoding="utf-8")
    uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", str(folder / "bin" / "python")]
    subprocess.run([*uv, "--editable", str(ROOT), "--override", str(pins)], check=True)
    return folder / "bin" / "python"


def changed(before: dict, after: dict) -> list[str]:
    """Names of what was told before a turn and is told otherwise after it."""
    found = [f"{kind} {i}" for kind in ("runs", "events") for i, v in before[kind].items() if after[kind].get(i) != v]
    for name, asset in before["assets"].items():
        later = after["assets"][name]["statuses"]
        found += [f"{name} {k}" for k, s in asset["statuses"].items() if s and later[k] != s]
        found += [f"check of {name} {row}" for row in before["checks"][name] if row not in after["checks"][name]]
    return found


def prove(here: Installed, other: Installed) -> None:
    """Four turns, the other version first; asserts after each."""
    other.discover()
    before = None
    for turn, (worker, week) in enumerate(zip((other, here, other, here), WEEKS, strict=True), start=1):
        began = time.perf_counter()
        worker.backfill(week)
        (ours, _), (theirs, said) = here.told(), other.told()
        assert ours["state"] == theirs["state"], "the two read something else"
        lost = changed(before, ours["state"]) if before else []
        assert not lost, lost
        before = ours["state"]
        known = is_known(theirs["dagster"])
        assert (theirs["event log"] == "SqliteBatches") == known, theirs["event log"]
        assert ("is not among the versions" in said) == (not known), said
        by = worker.told()[0]["dagster"]
        print(f"turn {turn}, by {by}: {counted(before)}; {time.perf_counter() - began:.0f} s", flush=True)
    print(f"{ours['dagster']} with {ours['event log']}, {theirs['dagster']} with {theirs['event log']}: the same")


def counted(state: dict) -> str:
    """A state in a line."""
    statuses = [s for a in state["assets"].values() for s in a["statuses"].values() if s]
    done, failed = statuses.count("MATERIALIZED"), statuses.count("FAILED")
    assert done
    assert failed
    events, checks = (sum(map(len, state[k].values())) for k in ("events", "checks"))
    return f"{len(state['runs'])} runs, {events} events, {done} partitions done, {failed} failed, {checks} checks"


def main() -> None:
    """Prove it for one other version."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--other", required=True, help="a version of Dagster, such as 1.13.26")
    parser.add_argument("--core-only", action="store_true")
    parser.add_argument("--python", type=Path, help="an environment that has it, in place of a new one")
    options = parser.parse_args()
    world = World(accounts=2, ads_per_account=(2, 3))
    with (
        tempfile.TemporaryDirectory() as folder,
        running_sandbox(world, now=lambda: NOW, report_latency_s=0, scenario="badtoken") as server,
    ):
        python = options.python or install(Path(folder) / "venv", options.other, core_only=options.core_only)
        home = str(Path(folder) / "home")
        names = {"INSIGHTS_HOME": home, "INSIGHTS_MODE": "sandbox", "INSIGHTS_NOW": NOW.isoformat()}
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("INSIGHTS_", "META_", "DAGSTER"))}
        variables = {**inherited, **names, "INSIGHTS_SANDBOX_URL": server.url, "PYTHONPATH": str(ROOT)}
        prove(Installed(Path(sys.executable), variables), Installed(python, variables))


if __name__ == "__main__":
    main()
