"""Which licences a distribution may have, and how its metadata says which it has."""

import re
from importlib.metadata import PackageMetadata
from typing import Final

# SPDX identifiers that ask for no more than to be named (https://spdx.org/licenses/).
PERMISSIVE: Final = frozenset(
    {
        *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSD", "BSL-1.0", "CC0-1.0", "ISC", "MIT", "MIT-0"),
        *("MIT-CMU", "PSF-2.0", "Unlicense", "Zlib"),
    }
)
# Weak copyleft, by name: each is used unchanged, as a library of its own.
NAMED: Final = {
    "certifi": "MPL-2.0",  # Mozilla's list of certificate authorities, a data file
    "psycopg2-binary": "LGPL",  # with exceptions; the Postgres driver, loaded by SQLAlchemy
    "tqdm": "MPL-2.0",  # progress bars, a dependency of dagster
}

_CLASSIFIERS: Final = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "GNU Library or Lesser General Public License (LGPL)": "LGPL",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
    "zlib/libpng License": "Zlib",
}
# The field `License` was free text before metadata 2.4: what installed distributions write there, in lower case.
_WORDS: Final = {
    "2-clause bsd": "BSD-2-Clause",
    "3-clause bsd license": "BSD-3-Clause",
    "apache 2.0": "Apache-2.0",
    "apache license version 2.0": "Apache-2.0",
    "mit license": "MIT",
}
_TOKEN: Final = re.compile(r"\s*(\(|\)|[A-Za-z0-9.+-]+)")
_LOOSEST_FIRST: Final = ("OR", "AND")


def named_licence(metadata: PackageMetadata) -> str | None:
    """An SPDX expression, "BSD" or "LGPL" where the version is not said, another classifier's words, or None.

    The field `License-Expression` (PEP 639) wins over classifiers, those over the free text of `License`. Several
    classifiers are joined by AND: they do not say whether one may choose.
    """
    if expression := metadata["License-Expression"]:
        return str(expression)
    spoken = [c.split(" :: ")[-1] for c in metadata.get_all("Classifier") or () if c.startswith("License :: ")]
    named = sorted({_CLASSIFIERS.get(words, words) for words in spoken if words != "OSI Approved"})
    if named:
        return " AND ".join(named)
    text = " ".join(str(metadata["License"] or "").split())
    return _WORDS.get(text.lower(), text) or None


def refusal(name: str, licence: str | None) -> str | None:
    """Why the distribution is not allowed, a sentence that says what to do; None when it is."""
    if licence is None:
        return f"{name} does not say its licence: read its sources, then leave it out or teach audit/licence_terms.py."
    if _allowed(licence, PERMISSIVE | {NAMED[name]} if name in NAMED else PERMISSIVE):
        return None
    shown = licence if len(licence) < 80 else f"{licence[:77]}..."  # noqa: PLR2004 - a line of a terminal
    return f"{name} has the licence {shown}, which is not among the allowed ones of audit/licence_terms.py."


def _allowed(expression: str, allowed: frozenset[str]) -> bool:
    """Whether an SPDX expression can be met by allowed licences alone. What cannot be read is not allowed."""
    if _TOKEN.sub("", expression).strip():
        return False
    try:
        verdict, rest = _read(_TOKEN.findall(expression), allowed)
    except IndexError:  # it ends in the middle
        return False
    return verdict and not rest


def _read(
    tokens: list[str], allowed: frozenset[str], words: tuple[str, ...] = _LOOSEST_FIRST
) -> tuple[bool, list[str]]:
    """Whether what is joined by these words can be met, and the tokens after it."""
    if not words:
        return _one(tokens, allowed)
    verdict, rest = _read(tokens, allowed, words[1:])
    while rest[:1] == [words[0]]:
        other, rest = _read(rest[1:], allowed, words[1:])
        verdict = verdict or other if words[0] == "OR" else verdict and other
    return verdict, rest


def _one(tokens: list[str], allowed: frozenset[str]) -> tuple[bool, list[str]]:
    if tokens[0] != "(":
        return tokens[0] in allowed, tokens[1:]
    verdict, rest = _read(tokens[1:], allowed)
    return verdict and rest[0] == ")", rest[1:]
