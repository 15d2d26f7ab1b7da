"""Licences of everything that ``pip install .`` brings: ``python -m audit.licences`` writes `docs/licences.md`.

It fails when one is unknown or asks more than to be named. Judged is the metadata of the installed distributions, from
the package's own requirements down; extras and the group `dev` are not part of it. What a wheel carries inside
(libgfortran in scipy, libpq in psycopg2-binary) is not judged.
"""

import argparse
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from audit.licence_terms import named_licence, refusal

PACKAGE: Final = "insights-assets"
PATH: Final = Path(__file__).parents[1] / "docs" / "licences.md"

_INTRODUCTION: Final = """\
# Licences

Made by `make docs` from the metadata of what `pip install .` installs (Linux, Python 3.11); `make audit` fails when
one is unknown or not allowed, or when this page is out of date. Allowed are licences that ask for no more than to be
named. Weaker copyleft (LGPL, MPL: changes to *their* files are shared) is allowed for the distributions named in
`audit/licence_terms.py`, which are used as they are. Extras and development tools are not part of it, nor is what a
wheel carries inside.

| distribution | licence |
|---|---|
"""


@dataclass(frozen=True)
class Found:
    """A distribution and what its metadata says: `licence` None when it says nothing that can be read."""

    name: str
    licence: str | None

    @property
    def refusal(self) -> str | None:
        """Why it may not be installed by the package, a sentence; None when it may."""
        return refusal(self.name, self.licence)


def installed_for(package: str, path: Iterable[str] | None = None) -> dict[str, Distribution]:
    """The distributions that the package requires here, by normalised name; itself and its extras are left out.

    Raises:
        PackageNotFoundError: one of them is not installed, so nothing can be said of it.
    """
    found: dict[str, Distribution] = {}
    asked: set[tuple[str, str]] = set()
    open_questions = [(package, "")]
    while open_questions:
        name, extra = open_questions.pop()
        key = (canonicalize_name(name), extra)
        if key in asked:
            continue
        asked.add(key)
        found[key[0]] = _distribution(name, path)
        for text in found[key[0]].requires or ():
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                open_questions += [(requirement.name, e) for e in ("", *requirement.extras)]
    del found[canonicalize_name(package)]
    return dict(sorted(found.items()))


def _distribution(name: str, path: Iterable[str] | None) -> Distribution:
    if path is None:
        return distribution(name)
    found = next(iter(Distribution.discover(name=name, path=list(path))), None)
    if found is None:
        raise PackageNotFoundError(name)
    return found


def judged(distributions: Mapping[str, Distribution]) -> list[Found]:
    """Each distribution with its licence, in the order given."""
    return [Found(name, named_licence(d.metadata)) for name, d in distributions.items()]


def as_markdown(found: Iterable[Found]) -> str:
    """The page, ending in a line break. Without versions: it changes with a licence or the set of distributions."""
    return _INTRODUCTION + "".join(f"| {f.name} | {f.licence or 'unknown'} |\n" for f in found)


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 when every licence is allowed and, with ``--check``, the page says the same; else 1."""
    parser = argparse.ArgumentParser(prog="python -m audit.licences", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare with docs/licences.md in place of writing it")
    options = parser.parse_args(arguments)
    found = judged(installed_for(PACKAGE))
    complaints = [f.refusal for f in found if f.refusal]
    page = as_markdown(found)
    if not options.check:
        PATH.write_text(page, encoding="utf-8")
    elif not PATH.exists() or PATH.read_text(encoding="utf-8") != page:
        complaints.append(f"docs/{PATH.name} is out of date: run `make docs` and read what changed.")
    for complaint in complaints:
        sys.stderr.write(f"{complaint}\n")
    sys.stdout.write(f"Licences: {len(found)} distributions, {len(complaints)} complaints.\n")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
