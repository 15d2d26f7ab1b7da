"""Where a request goes: the kind of place that faults name, and the account it is about."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from insights_assets.sandbox.errors import bad_parameter
from insights_assets.sandbox.paging import read_json

ACCOUNTS: Final = "accounts"  # me/adaccounts, the discovery
ACCOUNT: Final = "account"  # an ad account's own fields
EDGE: Final = "edge"  # a page of campaigns, ad sets, ads or creatives
IDS: Final = "ids"  # several objects by `?ids=`
NODE: Final = "node"  # one object by its id
INSIGHTS: Final = "insights"  # insights at once
REPORT_START: Final = "report_start"
REPORT_STATUS: Final = "report_status"
REPORT_ROWS: Final = "report_rows"
REPORT_DELETE: Final = "report_delete"

PLACES: Final = (
    ACCOUNTS, ACCOUNT, EDGE, IDS, NODE, INSIGHTS, REPORT_START, REPORT_STATUS, REPORT_ROWS, REPORT_DELETE,
)  # fmt: skip
MAX_IDS: Final = 50


@dataclass(frozen=True)
class Call:
    """One authorised request.

    Attributes:
        method: GET, POST or DELETE.
        version: The version in the path, such as `v26.0`; empty when it has none.
        path: Path segments without the version.
        params: Query and form parameters without the token.
        url: URL without its query.
        page_params: What a `next` link repeats.
        token: The token it came with.
    """

    method: str
    version: str
    path: tuple[str, ...]
    params: Mapping[str, str]
    url: str
    page_params: Mapping[str, str]
    token: str

    def key(self, *, without: frozenset[str] = frozenset()) -> str:
        """What makes two requests the same one, whatever their version, token and order of parameters."""
        params = sorted((name, value) for name, value in self.params.items() if name not in without)
        return f"{self.method} {'/'.join(self.path)} {params}"

    def names_field(self, field: str) -> bool:
        """Whether `fields` names a field, at any depth of braces."""
        fields = self.params.get("fields", "")
        return field in fields.replace("{", ",").replace("}", ",").replace(" ", "").split(",")


@dataclass(frozen=True, slots=True)
class Place:
    """A kind of place and the account it is about; no account where it is about many or none."""

    kind: str
    account_id: str = ""


def asked_ids(params: Mapping[str, str]) -> list[str]:
    """The ids of `?ids=`, as a comma-separated list or a JSON array."""
    text = params.get("ids", "")
    names = [str(item) for item in read_json(params, "ids")] if text.startswith("[") else text.split(",")
    if not names:
        raise bad_parameter("Param ids must not be empty")
    return names


def place_of(
    call: Call, account_of_run: Callable[[str], str | None], account_of_object: Callable[[str], str | None]
) -> Place:
    """Where a call goes.

    Args:
        call: The call.
        account_of_run: The account of a report run; None when there is no such run.
        account_of_object: The account of a campaign, ad set, ad, creative or video; None when there is none.
    """

    def owner(object_id: str) -> str:
        return (account_of_object(object_id) if object_id.isdigit() else None) or ""

    head, rest = (call.path[0] if call.path else ""), call.path[1:]
    if head == "me":
        return Place(ACCOUNTS)
    if not head and call.params.get("ids"):
        return Place(IDS, owner(asked_ids(call.params)[0]))
    if head.startswith("act_"):
        kind = ACCOUNT if not rest else EDGE
        if rest == ("insights",):
            kind = REPORT_START if call.method == "POST" else INSIGHTS
        return Place(kind, head)
    run_account = account_of_run(head)
    if run_account is not None:
        kind = REPORT_ROWS if rest else REPORT_STATUS
        return Place(REPORT_DELETE if call.method == "DELETE" else kind, run_account)
    kind = INSIGHTS if rest == ("insights",) else NODE
    return Place(kind, owner(head))
