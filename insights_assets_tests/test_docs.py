"""The README and the decision records say what is there."""

import re
from pathlib import Path

import click
import pytest

from insights_assets.cli import main
from insights_assets.definitions import PARTITIONED_ASSETS
from insights_assets.tables import table_docs

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
ADRS = ROOT / "docs" / "adr"
DOCUMENTS = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md")), ROOT / "deploy" / "README.md"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: p.name)
def test_local_links_and_images_exist(document: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", document.read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (document.parent / link).exists()]
    assert not missing


def test_commands_exist() -> None:
    named = re.findall(r"(?:^|`|bin/)insights ((?:[a-z]+ ?)+)", README, flags=re.MULTILINE)
    assert named
    for words in named:
        command: click.Command = main
        for word in words.split():
            if not isinstance(command, click.Group):
                break
            found = command.get_command(click.Context(command), word)
            assert found is not None, f"insights {words}"
            command = found


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", README, flags=re.MULTILINE))
    assert named
    assert named <= targets


def test_the_page_of_tables_is_up_to_date() -> None:
    assert table_docs.PATH.read_text(encoding="utf-8") == table_docs.as_markdown(), "run `make docs`"


def test_every_decision_is_in_the_index() -> None:
    index = (ADRS / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\((\d{4}-[^)]+)\)", index)) == {p.name for p in ADRS.glob("[0-9]*.md")}


def test_the_picture_names_every_stage_and_no_other() -> None:
    picture = re.search(r"```mermaid\nflowchart LR\n(.*?)```", README, flags=re.DOTALL)
    assert picture is not None
    stages = {re.sub(r"_(account|campaign|adset|ad)$", "", a.key.path[-1]) for a in PARTITIONED_ASSETS}
    backtests = {f"backtest_{n}" for n in ("anomalies", "forecasts", "burnout")}
    assert set(re.findall(r"[a-z_]+", picture[1])) == stages | backtests | {"accounts", "alerts"}
