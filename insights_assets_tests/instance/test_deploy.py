"""The files in `deploy/`: what can be held without a container engine, a cluster or Helm."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from dagster._core.instance import InstanceRef

from insights_assets.instance.celery_runs import ANSWER_S
from insights_assets.instance_home import FRUGAL
from insights_assets_tests.instance.helm_keys import KEYS

ROOT = Path(__file__).parents[2]
CONTAINERFILE = (ROOT / "deploy" / "Containerfile").read_text()
VALUES = yaml.safe_load((ROOT / "deploy" / "helm" / "values.yaml").read_text())
TWINS = [yaml.safe_load((ROOT / "deploy" / name).read_text()) for name in ("dagster.yaml", "celery/dagster.yaml")]
SECRET_NAME = re.compile(r"(?i)token|secret|password|key")


def test_the_image_s_processes_are_as_frugal_as_our_own():
    told = dict(
        line.split("=", 1) for line in re.findall(r"^\s+(?:ENV )?([A-Z_a-z]+=[^\s\\]+)", CONTAINERFILE, re.MULTILINE)
    )
    assert FRUGAL.items() <= told.items()


def copied():
    """Sources of the lines that copy from the checkout, with their target folders."""
    lines = re.findall(r"^COPY (?!--from)(.+)$", CONTAINERFILE, re.MULTILINE)
    return [(source, line.split()[-1]) for line in lines for source in line.split()[:-1]]


def paths(value, above=()):
    """Key paths of nested dicts; a list adds a star."""
    if isinstance(value, dict) and value:
        for name, below in value.items():
            yield from paths(below, (*above, name))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for below in value:
            yield from paths(below, (*above, "*"))
    else:
        yield ".".join(above)


def test_the_celery_instance_is_the_postgres_one_with_another_launcher():
    postgres, celery = TWINS
    assert celery["run_launcher"].pop("class") == "AskingCeleryRunLauncher"
    # A worker's death is noticed within a minute: rounds of ten seconds, and twice two to wait for an answer.
    asks = celery.pop("run_launcher")["config"]["asks_before_dead"]
    assert asks * (celery["run_monitoring"]["poll_interval_seconds"] + 2 * ANSWER_S) <= 60
    celery["run_monitoring"] |= {"poll_interval_seconds": postgres["run_monitoring"]["poll_interval_seconds"]}
    # Nobody but a worker's own machine could read its files.
    assert celery.pop("compute_logs")["class"] == "NoOpComputeLogManager"
    assert celery == postgres


def test_the_image_is_built_of_files_that_exist_and_the_build_context_has_them():
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for source, _ in copied():
        assert (ROOT / source).exists(), source
        assert source in kept, f"{source} is kept out of the build by .dockerignore"
    built_in = tomllib.loads((ROOT / "pyproject.toml").read_text())
    included = built_in["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert {*included, *built_in["project"]["license-files"], built_in["project"]["readme"]} <= {s for s, _ in copied()}
    asked = re.search(r'uv pip install --no-cache "\.\[(.+)\]"', CONTAINERFILE)[1].split(",")
    assert set(asked) <= built_in["project"]["optional-dependencies"].keys()


def test_the_image_is_not_of_root_and_has_no_secret():
    last = CONTAINERFILE.split("\nFROM ")[-1]
    assert re.search(r"^USER (\d+):\1$", last, re.MULTILINE)[1] == str(
        VALUES["dagsterDaemon"]["podSecurityContext"]["runAsUser"]
    )
    names = re.findall(r"^(?:ENV|ARG|    ) ?([A-Z_]+)=", CONTAINERFILE, re.MULTILINE)
    assert "INSIGHTS_HOME" in names
    assert not [name for name in names if SECRET_NAME.search(name)]
    assert re.search(r"^ARG PYTHON=3\.\d+\.\d+-", CONTAINERFILE, re.MULTILINE), "the Python is pinned"


@pytest.mark.slow
def test_the_package_works_from_the_files_that_the_image_copies(tmp_path):
    for source, target in copied():
        place = tmp_path / target / source.rpartition("/")[2] if target.endswith("/") else tmp_path / target
        place.parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
        copy(ROOT / source, place)
    command = [sys.executable, "-c", "from insights_assets.cli import main; main()", "config", "show"]
    given = {"PATH": "/usr/bin", "PYTHONPATH": str(tmp_path), "INSIGHTS_HOME": str(tmp_path / "home")}
    done = subprocess.run(command, env=given, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_each_helm_key_is_one_of_the_chart():
    allowed = [re.compile("^" + re.escape(key).replace(r"\*\*", ".*") + "$") for key in KEYS]
    for path in paths(VALUES):
        assert any(pattern.match(path) for pattern in allowed), f"the chart has no key {path}"


def test_helm_values_carry_no_secret():
    for section in (
        VALUES["dagsterWebserver"],
        VALUES["dagsterDaemon"],
        *VALUES["dagster-user-deployments"]["deployments"],
    ):
        assert not [e["name"] for e in section["env"] if SECRET_NAME.search(e["name"])]
        assert section["envSecrets"] == [{"name": "insights-secrets"}]
    assert "postgresqlPassword" not in VALUES["postgresql"]
    assert VALUES["generatePostgresqlPasswordSecret"] is False


def test_our_event_log_wins_over_the_charts(tmp_path, monkeypatch):
    """The chart writes its own storages and adds `additionalInstanceConfig` at the end of the same file."""
    monkeypatch.setenv("DAGSTER_PG_PASSWORD", "any")
    coordinator = VALUES["dagsterDaemon"]["runCoordinator"]["config"]["customRunCoordinator"]
    ours = VALUES["additionalInstanceConfig"]
    stock = {"module": "dagster_postgres.event_log", "class": "PostgresEventLogStorage"}
    config = ours["event_log_storage"]["config"]
    charts = {"event_log_storage": stock | {"config": config}, "run_coordinator": coordinator}
    text = yaml.safe_dump(charts) + yaml.safe_dump(ours)
    assert text.count("event_log_storage:") == 2
    (tmp_path / "dagster.yaml").write_text(text)
    ref = InstanceRef.from_dir(str(tmp_path))
    assert ref.event_storage_data.class_name == "BatchedPostgresEventLogStorage"
    assert ref.settings["run_retries"] == ours["run_retries"]
    rehydrated = ref.run_coordinator
    assert type(rehydrated).__name__ == "OwnerTaggingRunCoordinator"
    limits, runs = TWINS[0]["concurrency"]["runs"]["tag_concurrency_limits"], coordinator["config"]
    assert runs["tag_concurrency_limits"] == limits
    host, port = VALUES["postgresql"]["postgresqlHost"], VALUES["postgresql"]["service"]["port"]
    assert (config["postgres_db"]["hostname"], config["postgres_db"]["port"]) == (host, port)
