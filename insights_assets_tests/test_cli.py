"""The command as a user meets it: one clear sentence and the exit code of the contract, no traceback, no secret."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
import polars as pl
import pytest
from click.testing import CliRunner

from insights_assets.cli import Commands, main
from insights_assets.sandbox.server import Sandbox, running_sandbox
from insights_assets.sandbox.world import World

NOW = "2026-11-21T06:00:00+00:00"
SECRET = "EAAsecretsecretsecret"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    world = World(accounts=3, ads_per_account=(2, 4))
    with running_sandbox(world, now=lambda: datetime.fromisoformat(NOW).astimezone(UTC), scenario="badtoken") as server:
        yield server


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Path:
    """A home whose three accounts are registered; the last one's token is refused by the sandbox."""
    folder = tmp_path_factory.mktemp("home")
    done = run(folder, "accounts", "discover", INSIGHTS_SANDBOX_URL=sandbox.url)
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


def test_one_red_account_gives_code_3_a_table_and_leaves_the_others_whole(home: Path, sandbox: Sandbox) -> None:
    asked = ["backfill", "--since", "2026-10-26", "--until", "2026-11-08"]
    plan = run(home, *asked, "--dry-run", INSIGHTS_SANDBOX_URL=sandbox.url)
    assert plan.returncode == 0
    assert "nothing was run" in plan.stdout
    assert _rows(home, "SELECT count(*) AS n FROM insights_daily")[0]["n"] == 0

    done = run(home, *asked, INSIGHTS_SANDBOX_URL=sandbox.url)
    red = sandbox.world.accounts[-1].id
    assert_one_sentence(done, 3, red, "token_invalid")
    landed = {r["account_id"] for r in _rows(home, "SELECT DISTINCT account_id FROM features")}
    assert landed == {a.id for a in sandbox.world.accounts[:-1]}
    failed = _rows(home, "SELECT DISTINCT account_id, error_type, error_code FROM sync_log WHERE status = 'failed'")
    assert {(r["account_id"], r["error_type"], r["error_code"]) for r in failed} == {(red, "token_invalid", 190)}

    good = ",".join(a.id for a in sandbox.world.accounts[:-1])
    again = run(home, *asked, "--accounts", good, INSIGHTS_SANDBOX_URL=sandbox.url)
    assert again.returncode == 0
    assert "Nothing to do" in again.stdout


def _rows(home: Path, statement: str) -> list[dict[str, object]]:
    done = run(home, "sql", statement, "--format", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_sql_writes_each_format(home: Path, tmp_path: Path) -> None:
    statement = "SELECT account_id, currency FROM accounts ORDER BY account_id"
    expected = pl.DataFrame(_rows(home, statement))
    assert run(home, "sql", statement, "--format", "csv").stdout.splitlines()[0] == "account_id,currency"
    target = tmp_path / "accounts.parquet"
    assert run(home, "sql", statement, "--format", "parquet", "--output", str(target)).returncode == 0
    assert pl.read_parquet(target).equals(expected)
    assert "3 rows" in run(home, "sql", statement).stdout


def test_a_disabled_account_is_left_out_until_it_is_switched_on_again(home: Path, sandbox: Sandbox) -> None:
    name = sandbox.world.accounts[0].id
    assert run(home, "accounts", "disable", name.removeprefix("act_")).returncode == 0
    try:
        plan = run(home, "backfill", "--since", "2026-09-07", "--until", "2026-09-07", "--dry-run")
        assert name not in plan.stdout
        assert sandbox.world.accounts[1].id in plan.stdout
    finally:
        assert run(home, "accounts", "disable", name, "--undo").returncode == 0
