"""Imports run one way: doors on steps, steps on lake and client, those on tables; mathematics on tables only."""

import ast
from pathlib import Path

import pytest

import insights_assets

ROOT = Path(insights_assets.__file__).parent
NAME = "insights_assets"
FILES = sorted(ROOT.rglob("*.py"))
MATHEMATICS = {"polars", "numpy", "scipy", "statsmodels", "sklearn"}
DAGSTER = ("definitions", "partitions", "registry", "backfill", "cli", "assets", "checks", "automation", "instance")
DAGSTER += ("instance_home", "lineage", "runs", "commands", "lake/io_manager", "api/run")
# What each package may take from the others besides itself; a package or module that is missing here is unrestricted.
ALLOWED = {
    "problems": set(),
    "settings": {
        *("environment", "settings_file", "tables", "problems", "alert_settings", "api_settings", "currency_settings"),
        *("maintenance_settings", "meta_fatigue_settings", "timetable", "logged", "analytics"),
    },
    "settings_file": {
        *("tables", "problems", "setting_values", "alert_settings", "api_settings", "currency_settings"),
        *("maintenance_settings", "meta_fatigue_settings", "timetable", "analytics"),
    },
    "environment": {"problems"},
    "alert_settings": {"problems", "setting_values", "sink_settings", "tables"},
    "api_settings": {"problems", "setting_values"},
    "sink_settings": {"problems", "setting_values", "tables"},
    "currency_settings": {"problems", "setting_values", "analytics"},
    "setting_values": {"problems"},
    "meta_fatigue_settings": set(),
    "timetable": {"problems"},
    "maintenance_settings": {"problems", "setting_values"},
    "logged": {"problems"},
    "logs": {"graph_api", "logged"},
    "partitions": set(),
    "tables": set(),
    "analytics": {"tables"},
    "graph_api": {"settings", "tables", "problems"},
    "sandbox": {"settings", "tables"},
    "lake": {"settings", "tables", "partitions", "problems", "logged"},
    "checks": {"lake", "graph_api", "tables", "settings", "partitions", "analytics"},
    "connection": {"graph_api", "sandbox", "settings"},
    "offline": {"problems", "tables"},
    "creative_analysis": {"lake", "problems", "tables"},
    "feedback": {"lake", "partitions", "problems", "tables"},
    "registry_file": {"problems", "registry"},
    "registry": {"graph_api", "lake", "partitions", "tables", "problems"},
}
DOORS = {"definitions", "cli", "commands", "serving", "automation", "backfill", "crew", "progress", "runs", "planning"}
DOORS |= {"api", "deletions", "instance_home", "lineage", "backfill_work", "run_sizes"}


def module_of(file: Path) -> str:
    return file.relative_to(ROOT).with_suffix("").as_posix()


def part_of(file: Path) -> str:
    return module_of(file).split("/")[0]


def imports(file: Path, *, at_once: bool = False) -> set[str]:
    """Absolute names of everything a file imports, wherever in the file, or `at_once` where it is imported itself."""
    found, tree = set(), ast.parse(file.read_text(encoding="utf-8"))
    for node in tree.body if at_once else ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def parts_imported(file: Path) -> set[str]:
    return {name.split(".")[1] for name in imports(file) if name.startswith(f"{NAME}.")}


EACH = pytest.mark.parametrize("file", FILES, ids=module_of)


def test_the_rules_are_about_files_that_exist():
    parts = {part_of(f) for f in FILES}
    assert parts >= set(ALLOWED)
    assert len(FILES) > 50


@EACH
def test_a_package_takes_only_from_what_lies_below(file):
    part = part_of(file)
    if part in ALLOWED:
        assert parts_imported(file) - {part} <= ALLOWED[part]


@EACH
def test_nothing_takes_from_the_doors_but_the_doors(file):
    if part_of(file) not in DOORS | {"__init__"}:
        assert not parts_imported(file) & DOORS


@EACH
def test_the_mathematics_know_no_io_and_no_dagster(file):
    if part_of(file) == "analytics":
        outside = {name.split(".")[0] for name in imports(file)} - MATHEMATICS - {NAME}
        standard = {
            "collections",
            "concurrent",
            "dataclasses",
            "datetime",
            "typing",
            "functools",
            "itertools",
            "json",
            "math",
            "hashlib",
        }
        assert outside <= standard


def test_the_graph_loads_without_what_only_reports_need():
    modules = {f"{NAME}.{module_of(f).replace('/', '.').removesuffix('.__init__')}": f for f in FILES}
    loaded, seen = [modules[f"{NAME}.definitions"]], set()
    while loaded:
        names = imports(loaded.pop(), at_once=True)
        # A name is a module, or something of one.
        found = {m for n in names for m in (n, n.rpartition(".")[0]) if m in modules} | {n.split(".")[0] for n in names}
        loaded += [modules[m] for m in found - seen if m in modules]
        seen |= found
    assert len(seen) > 200
    # Half a second of each process that runs a step.
    assert "matplotlib" not in seen


@EACH
def test_dagster_stays_at_the_top(file):
    uses = any(name.split(".")[0].startswith("dagster") for name in imports(file))
    assert not uses or module_of(file).startswith(DAGSTER)


@EACH
def test_annotations_of_assets_are_real(file):
    # Dagster reads them at run time; as strings they break `config: MyConfig`.
    if part_of(file) in {"assets", "checks", "automation"}:
        assert "__future__.annotations" not in imports(file)
