"""The error taxonomy as a page: ``python -m insights_assets.graph_api.error_docs`` writes `docs/errors.md`."""

from pathlib import Path
from typing import Final

from insights_assets.graph_api.error_rules import RULES, ErrorRule

PATH: Final = Path(__file__).parents[2] / "docs" / "errors.md"

_INTRODUCTION: Final = """\
# Errors of the Graph API

Made from `insights_assets/graph_api/error_rules.py` by `python -m insights_assets.graph_api.error_docs`; a test holds
the two together. An error is known by its code, subcode and exception type, never by its text. The most specific row
wins; a code that no row covers is `unknown` and stops, unless Meta calls it transient or the HTTP status says more
(401, 403, 408, 429, 5xx).

*Action*: **retry** the same request a little later, **wait** for the limit to pass (of the account, or of the app and
so of every account of the token), **split** the request, or **stop**. *Alert*: what opens when nothing helped.

| code | HTTP | meaning | type | action | what to do | alert |
|---|---|---|---|---|---|---|
"""


def as_markdown() -> str:
    """The page, ending in a line break."""
    return _INTRODUCTION + "".join(f"| {' | '.join(_cells(rule))} |\n" for rule in RULES)


def _cells(rule: ErrorRule) -> tuple[str, ...]:
    code = "any" if rule.code is None else str(rule.code)
    if rule.last_code:
        code += f" to {rule.last_code}"
    if rule.subcode is not None:
        code += f" / {rule.subcode}"
    if rule.kind:
        code += f" {rule.kind}"
    statuses = ", ".join(map(str, rule.statuses)) or "-"
    return (code, statuses, rule.meaning, rule.error_type, _action(rule), rule.advice, rule.alert)


def _action(rule: ErrorRule) -> str:
    if rule.action == "wait":
        length = f", {rule.wait_s:.0f} s without a header" if rule.wait_s else ""
        return f"wait ({rule.scope}{length})"
    return f"{rule.action}, or a smaller page" if rule.shrink else rule.action


if __name__ == "__main__":
    PATH.write_text(as_markdown(), encoding="utf-8")
