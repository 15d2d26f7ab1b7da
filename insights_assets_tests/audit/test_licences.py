"""A licence that is unknown or asks too much is refused; the walk finds what the package brings and nothing else."""

from importlib.metadata import PackageNotFoundError

import pytest

from audit import licences
from audit.licence_terms import named_licence, refusal
from insights_assets_tests.audit.planted import metadata, plant


@pytest.mark.parametrize(
    ("lines", "licence"),
    [
        (["License-Expression: MIT", "License: whatever"], "MIT"),
        (["License: see below", "Classifier: License :: OSI Approved :: BSD License"], "BSD"),
        (
            [
                "Classifier: License :: OSI Approved",
                "Classifier: License :: OSI Approved :: MIT License",
                "Classifier: License :: OSI Approved :: Apache Software License",
            ],
            "Apache-2.0 AND MIT",
        ),
        (["License: 3-Clause BSD License"], "BSD-3-Clause"),
        (["License: Do what\n you like"], "Do what you like"),
        (["Summary: nothing said"], None),
    ],
)
def test_the_licence_is_what_the_metadata_says(lines, licence):
    assert named_licence(metadata(*lines)) == licence


@pytest.mark.parametrize(
    "licence", ["MIT", "BSD-3-Clause AND MIT", "GPL-2.0-only OR MIT", "(GPL-2.0-only AND MIT) OR (MIT OR X) AND ISC"]
)
def test_what_can_be_met_by_naming_is_allowed(licence):
    assert refusal("some", licence) is None


@pytest.mark.parametrize(
    "licence",
    [
        *("GPL-3.0-or-later", "MIT AND GPL-2.0-only", "AGPL-3.0-only OR GPL-3.0-only", "LGPL", "MPL-2.0 AND MIT"),
        *("GPL-2.0-only WITH Classpath-exception-2.0", "Do what you like", "(MIT", "MIT)", "MIT OR", "", "MIT; GPL"),
        "GNU General Public License v3 (GPLv3)",
    ],
)
def test_copyleft_and_what_cannot_be_read_is_refused(licence):
    assert "not among the allowed" in refusal("some", licence)


def test_weaker_copyleft_is_allowed_for_those_that_are_named_and_only_that():
    assert refusal("certifi", "MPL-2.0") is None
    assert refusal("tqdm", "MPL-2.0 AND MIT") is None
    assert refusal("certifi", "LGPL")
    assert refusal("other", "MPL-2.0")


def test_what_does_not_say_its_licence_is_refused():
    assert "does not say its licence" in refusal("some", None)


def test_the_walk_follows_requirements_extras_and_markers(tmp_path):
    plant(tmp_path, "Root", "Requires-Dist: a_b[fast]>=1", "Requires-Dist: tool; extra == 'dev'")
    plant(tmp_path, "A.B", "Requires-Dist: c; extra == 'fast'", "Requires-Dist: d; python_version < '3'")
    plant(tmp_path, "C", "Requires-Dist: root")
    plant(tmp_path, "Tool")
    assert list(licences.installed_for("root", [str(tmp_path)])) == ["a-b", "c"]


def test_what_is_not_installed_is_not_passed_over(tmp_path):
    plant(tmp_path, "root", "Requires-Dist: gone")
    with pytest.raises(PackageNotFoundError, match="gone"):
        licences.installed_for("root", [str(tmp_path)])


def test_the_command_fails_on_a_planted_licence_and_names_it(tmp_path, monkeypatch, capsys):
    plant(tmp_path, "root", "Requires-Dist: good", "Requires-Dist: bad", "Requires-Dist: silent")
    plant(tmp_path, "good", "License-Expression: MIT")
    plant(tmp_path, "bad", "License-Expression: AGPL-3.0-only")
    plant(tmp_path, "silent")
    page = tmp_path / "licences.md"
    monkeypatch.setattr(licences, "PATH", page)
    monkeypatch.setattr(licences, "PACKAGE", "root")
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    assert licences.main([]) == 1
    said = capsys.readouterr().err.splitlines()
    assert [line.split()[0] for line in said] == ["bad", "silent"]
    assert "| good | MIT |\n| silent | unknown |\n" in page.read_text(encoding="utf-8")
    plant(tmp_path, "bad", "License-Expression: ISC")
    plant(tmp_path, "silent", "License: MIT License")
    assert licences.main(["--check"]) == 1
    assert "out of date" in capsys.readouterr().err
    assert licences.main([]) == 0
    assert licences.main(["--check"]) == 0


def test_what_the_package_itself_brings_is_allowed():
    found = licences.judged(licences.installed_for(licences.PACKAGE))
    assert {"dagster", "polars", "psycopg2-binary"} <= {f.name for f in found}
    assert not {"pytest", "ruff", "hypothesis"} & {f.name for f in found}
    assert [f.refusal for f in found if f.refusal] == []
