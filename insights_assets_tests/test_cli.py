"""The command as a user meets it: one clear sentence and the exit code of the contract, no traceback, no secret."""

import hashlib
import hmac
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
import dagster as dg
import polars as pl
import pytest
from click.testing import CliRunner

from insights_assets.cli import Commands, main
from insights_assets.commands.backfill import _steps
from insights_assets.sandbox.server import Sandbox, running_sandbox
from insights_assets.sandbox.world import World

NOW = "2026-11-21T06:00:00+00:00"
SECRET = "EAAsecretsecretsecret"
APP_SECRET = "an-app-secret-nobody-may-see"
TROUBLES = {"token_invalid", "permission", "rate_limited", "api_version"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Five accounts, four of them in trouble of their own kind."""
    world = World(accounts=5, ads_per_account=(2, 3))
    clock = datetime.fromisoformat(NOW).astimezone(UTC)
    with running_sandbox(world, now=lambda: clock, scenario="fleet_trouble", token=SECRET) as server:
        yield server


@pytest.fixture(scope="module")
def live(sandbox: Sandbox) -> dict[str, str]:
    """Variables of a live home; blocked accounts are not waited for."""
    token = {"META_ACCESS_TOKEN": SECRET, "META_APP_SECRET": APP_SECRET}
    return {"INSIGHTS_MODE": "live", "META_GRAPH_URL": sandbox.url, "INSIGHTS_RATE_LIMIT_MAX_WAIT_S": "0", **token}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, live: dict[str, str]) -> Path:
    """A home whose five accounts are registered."""
    folder = tmp_path_factory.mktemp("home")
    done = run(folder, "accounts", "discover", **live)
    assert done.returncode == 0, done.stderr
    return folder


def run(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("INSIGHTS_", "META_", "DAGSTER"))}
    variables = {**kept, "INSIGHTS_HOME": str(home), "INSIGHTS_NOW": NOW, "INSIGHTS_MODE": "sandbox", **environment}
    command = [str(Path(sys.executable).parent / "insights"), *arguments]
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=False, timeout=240)


@pytest.mark.parametrize("name", Commands.TABLE)
def test_the_list_of_commands_says_what_each_command_says(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert (command.help or "").split("\n\n")[0] == Commands.TABLE[name][1]


def assert_one_sentence(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    for word in words:
        assert word in done.stderr, done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["backfill", "--since", "2026-13-01", "--until", "2026-11-01"], 2, ["2026-13-01"]),
        (["backfill", "--since", "2026-11-08", "--until", "2026-11-01"], 2, ["swap them"]),
        (["backfill", "--since", "2019-01-01", "--until", "2026-11-01"], 2, ["2024-01-01"]),
        (["backfill", "--since", "2027-01-01", "--until", "2027-02-01"], 2, ["in the future"]),
        (["backfill", "--since", "2026-11-01", "--until", "2026-11-02", "--accounts", "act_9"], 2, ["act_9"]),
        (["backfill", "--since", "2026-11-01", "--until", "2026-11-02", "--accounts", "x;y"], 2, ["not an ad"]),
        (["backfill", "--since", "2026-11-01", "--until", "2026-11-02", "--select", "key:nothing"], 2, ["--select"]),
        (["sql", "SELEC 1"], 2, ["SELEC"]),
        (["sql", "SELECT * FROM nowhere"], 2, ["nowhere"]),
        (["sql", "SELECT 1", "--format", "parquet"], 2, ["--output"]),
        (["export", "nowhere"], 2, ["nowhere", "the views are"]),
        (["export", "accounts", "--since", "2026-11-01"], 2, ["no days", "--since"]),
        (["export", "features", "--since", "2026-11-08", "--until", "2026-11-01"], 2, ["swap them"]),
        (["export", "features", "--format", "pdf"], 2, ["pdf", "xlsx"]),
        (["export", "features", "--accounts", "act_9"], 2, ["act_9"]),
        (["report", "monthly"], 2, ["monthly", "yearly"]),
        (["report", "daily", "--date", "2026-11-21"], 2, ["no day that is over", "2026-11-20"]),
        (["report", "weekly", "--date", "tomorrow"], 2, ["tomorrow"]),
        (["report", "daily", "--account", "act_9"], 2, ["act_9"]),
        (["sandbox", "--scenario", "hurricane"], 2, ["hurricane", "storm"]),
    ],
)  # fmt: skip
def test_bad_arguments_are_one_sentence(
    home: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, words: list[str]
) -> None:
    for name, value in {"INSIGHTS_HOME": str(home), "INSIGHTS_NOW": NOW, "INSIGHTS_MODE": "sandbox"}.items():
        monkeypatch.setenv(name, value)
    outcome = CliRunner().invoke(main, arguments)
    assert outcome.exit_code == code, outcome.output
    assert isinstance(outcome.exception, SystemExit), outcome.exception
    assert all(word in outcome.stderr for word in words), outcome.stderr


def test_corrupt_settings_name_the_file_and_lose_nothing(home: Path, tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text("refresh_after_h = [", encoding="utf-8")
    assert_one_sentence(run(home, "accounts", "list", INSIGHTS_SETTINGS=str(settings)), 2, "settings.toml")
    assert "act_" in run(home, "accounts", "list").stdout


def test_no_token_in_live_mode_is_a_configuration_error(tmp_path: Path) -> None:
    assert_one_sentence(run(tmp_path, "accounts", "discover", INSIGHTS_MODE="live"), 2, "META_ACCESS_TOKEN")


def test_an_unreachable_server_names_its_url_and_never_the_token(tmp_path: Path) -> None:
    done = run(
        tmp_path, "accounts", "discover",
        INSIGHTS_MODE="live", META_GRAPH_URL="http://127.0.0.1:9", META_ACCESS_TOKEN=SECRET,
    )  # fmt: skip
    assert_one_sentence(done, 3, "127.0.0.1:9")
    assert SECRET not in done.stdout + done.stderr
    assert all(SECRET.encode() not in f.read_bytes() for f in tmp_path.rglob("*") if f.is_file())


def test_config_show_tells_origins_and_hides_secrets(tmp_path: Path) -> None:
    done = run(tmp_path, "config", "show", META_ACCESS_TOKEN=SECRET)
    assert done.returncode == 0
    assert "environment INSIGHTS_MODE" in done.stdout
    assert SECRET not in done.stdout


@pytest.mark.slow
def test_accounts_fail_one_by_one_with_a_table_and_the_healthy_one_is_whole(
    home: Path, sandbox: Sandbox, live: dict[str, str]
) -> None:
    asked = ["backfill", "--since", "2026-10-26", "--until", "2026-11-08"]
    plan = run(home, *asked, "--dry-run", **live)
    assert plan.returncode == 0
    assert "nothing was run" in plan.stdout
    assert _rows(home, "SELECT count(*) AS n FROM insights_daily")[0]["n"] == 0

    done = run(home, *asked, **live)
    troubles = {planted.account_id: planted for planted in sandbox.played if planted.account_id}
    healthy = {a.id for a in sandbox.world.accounts} - set(troubles)
    assert len(healthy) == 1
    assert_one_sentence(done, 3, *troubles, *TROUBLES)
    assert {r["account_id"] for r in _rows(home, "SELECT DISTINCT account_id FROM features")} == healthy
    failed = _rows(home, "SELECT DISTINCT account_id, error_type FROM sync_log WHERE status = 'failed'")
    assert {r["account_id"] for r in failed} == set(troubles)
    assert {r["error_type"] for r in failed} == TROUBLES
    waiting = _rows(home, "SELECT DISTINCT error_type FROM sync_log WHERE retry_after IS NOT NULL")
    assert waiting == [{"error_type": "rate_limited"}]

    again = run(home, *asked, "--accounts", ",".join(healthy), **live)
    assert again.returncode == 0
    assert "Nothing to do" in again.stdout
    told = json.loads(run(home, "status", "--json", **live).stdout)
    assert [(b["status"], b["accounts"], len(b["done"]), b["skipped"]) for b in told["backfills"]] == [
        ("finished", 1, 0, 1),
        ("failed", 5, 1, 0),
    ]
    assert {f["error_type"] for f in told["open_failures"]} == TROUBLES

    proof = hmac.new(APP_SECRET.encode(), SECRET.encode(), hashlib.sha256).hexdigest()
    for secret in (SECRET, APP_SECRET, proof):
        assert secret not in done.stdout + done.stderr
        assert not [path for path in home.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]
    assert not [query for _, _, query in sandbox.requests if "access_token" in query]


def _rows(home: Path, statement: str) -> list[dict[str, object]]:
    done = run(home, "sql", statement, "--format", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_backtest_of_an_empty_lake_says_what_to_do(tmp_path: Path) -> None:
    done = run(tmp_path / "nothing", "backtest", "anomalies")
    assert done.returncode == 0
    assert "No ad has 12 whole weeks" in done.stdout
    assert run(tmp_path / "nothing", "backtest", "anomalies", "--json").stdout.strip() == "[]"


def test_sql_writes_each_format(home: Path, tmp_path: Path) -> None:
    statement = "SELECT account_id, currency FROM accounts ORDER BY account_id"
    expected = pl.DataFrame(_rows(home, statement))
    assert run(home, "sql", statement, "--format", "csv").stdout.splitlines()[0] == "account_id,currency"
    target = tmp_path / "accounts.parquet"
    assert run(home, "sql", statement, "--format", "parquet", "--output", str(target)).returncode == 0
    assert pl.read_parquet(target).equals(expected)
    assert "5 rows" in run(home, "sql", statement).stdout


def test_a_new_instance_learns_its_accounts_from_the_lake(
    home: Path, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ["backfill", "--since", "2026-09-07", "--until", "2026-09-07", "--dry-run"]
    fresh = run(tmp_path, *asked, INSIGHTS_LAKE=str(home / "lake"))
    assert fresh.returncode == 0, fresh.stderr
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    with dg.DagsterInstance.from_config(str(tmp_path / "dagster")) as instance:
        assert set(instance.get_dynamic_partitions("account")) == {a.id for a in sandbox.world.accounts}


def test_a_disabled_account_is_left_out_until_it_is_switched_on_again(home: Path, sandbox: Sandbox) -> None:
    name = sandbox.world.accounts[0].id
    assert run(home, "accounts", "disable", name.removeprefix("act_")).returncode == 0
    try:
        plan = run(home, "backfill", "--since", "2026-09-07", "--until", "2026-09-07", "--dry-run")
        assert name not in plan.stdout
        assert sandbox.world.accounts[1].id in plan.stdout
        assert "all 9 raw steps" in plan.stdout
    finally:
        assert run(home, "accounts", "disable", name, "--undo").returncode == 0


@pytest.mark.parametrize("selection", ["group:features", "key:features/features_ad+", 'key:"core/*"', "kind:polars"])
def test_a_selection_of_the_guides_names_steps_and_warns_of_nothing(selection: str) -> None:
    raw, derived = _steps(selection)
    assert [*raw, *derived]
