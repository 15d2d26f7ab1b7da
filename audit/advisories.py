"""Known vulnerabilities of everything installed here, development tools included: ``python -m audit.advisories``.

pip-audit asks an advisory service. A package index that only mirrors files serves no advisories; pip-audit then skips
every distribution and ends well, as if all were clean. So a control comes first: an old release whose advisory has been
public for years. A service that does not know it is not believed, and that nothing was audited is said aloud.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from typing import Any, Final

from packaging.utils import canonicalize_name

from audit.licences import PACKAGE

CONTROL: Final = ("jinja2", "2.10")
"""A release with advisories since 2019 (CVE-2019-10906, a way out of its sandbox)."""
SERVICES: Final = (("--vulnerability-service", "pypi"), ("--vulnerability-service", "osv"))
CLEAN, FOUND, NOT_ASKED = 0, 1, 3


@dataclass(frozen=True)
class Answer:
    """What a service said: a sentence for each advisory that holds, and what it knows nothing about."""

    advisories: tuple[str, ...]
    unknown: tuple[str, ...]


def installed() -> dict[str, str]:
    """Version of each distribution of this environment by its normalised name; not this package itself."""
    found = {canonicalize_name(d.metadata["Name"]): d.version for d in distributions()}
    found.pop(canonicalize_name(PACKAGE), None)
    return dict(sorted(found.items()))


def read_answer(text: str) -> Answer | None:
    """What pip-audit's JSON says; None when it is no JSON, as when the service could not be reached."""
    try:
        judged: list[dict[str, Any]] = json.loads(text)["dependencies"]
    except (json.JSONDecodeError, KeyError, TypeError):
        return None
    skipped = tuple(d["name"] for d in judged if "skip_reason" in d)
    return Answer(tuple(_told(d, v) for d in judged for v in d.get("vulns", ())), skipped)


def _told(dependency: Mapping[str, Any], advisory: Mapping[str, Any]) -> str:
    names = ", ".join([advisory["id"], *advisory.get("aliases", ())])
    mended = ", ".join(advisory.get("fix_versions", ())) or "no release yet"
    return f"{dependency['name']} {dependency['version']}: {names}; mended in {mended}."


def ask(service: Sequence[str], versions: Iterable[tuple[str, str]], options: Sequence[str] = ()) -> Answer | None:
    """Ask a service about some versions; None when it gave no answer.

    Args:
        service: pip-audit's options that choose it.
        versions: normalised names and versions.
        options: further options of pip-audit, such as ``--ignore-vuln ID``.
    """
    with tempfile.TemporaryDirectory() as folder:
        asked = Path(folder) / "requirements.txt"
        asked.write_text("".join(f"{name}=={version}\n" for name, version in versions), encoding="utf-8")
        fixed = ("--no-deps", "--disable-pip", "--format", "json", "--progress-spinner", "off")
        command = (sys.executable, "-m", "pip_audit", *service, "--requirement", str(asked), *fixed, *options)
        ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return read_answer(ended.stdout)


def audit(services: Iterable[Sequence[str]], options: Sequence[str] = ()) -> int:
    """Ask the first service that knows the control about everything installed, and say what came of it.

    Returns:
        `CLEAN`, `FOUND`, or `NOT_ASKED` when no service has advisories.
    """
    why = f"no advisory service that can be reached knows {' '.join(CONTROL)}, which has had advisories for years"
    for service in services:
        control = ask(service, [CONTROL])
        if not (control and control.advisories):
            continue
        answer = ask(service, installed().items(), options)
        if answer:
            return _report(answer)
        why = "a service that knows advisories gave no answer about what is installed here"
    sys.stdout.write(f"NOT AUDITED for known vulnerabilities: {why}. Run `make audit` where one can be.\n")
    return NOT_ASKED


def _report(answer: Answer) -> int:
    for line in answer.advisories:
        sys.stderr.write(f"{line}\n")
    if answer.unknown:
        sys.stdout.write(f"The service does not know: {', '.join(answer.unknown)}.\n")
    known = len(installed()) - len(answer.unknown)
    sys.stdout.write(f"Advisories: {len(answer.advisories)} against {known} distributions.\n")
    return FOUND if answer.advisories else CLEAN


if __name__ == "__main__":
    sys.exit(audit(SERVICES, sys.argv[1:]))
