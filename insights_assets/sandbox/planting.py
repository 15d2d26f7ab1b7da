"""Plants faults of the catalog: by name, for some accounts, placed by a seed."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from insights_assets.sandbox.errors import GraphError
from insights_assets.sandbox.fault_catalog import CATALOG
from insights_assets.sandbox.fault_kinds import FaultKind
from insights_assets.sandbox.request_places import PLACES, Call, Place


def chance(*names: object) -> float:
    """A number in [0, 1) that depends on the names alone, the same in every process."""
    digest = blake2b(":".join(map(str, names)).encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


def pick(count: int, *names: object) -> int:
    """One of `count` positions, by the names alone."""
    return int(chance(*names) * count)


@dataclass(frozen=True)
class PlantedFault:
    """A fault of the catalog in its place; made by `fault`.

    Attributes:
        kind: The row of the catalog.
        seed: Decides which requests meet it, where it is not all of them.
        accounts: Ids of the accounts that meet it; None for every request.
        times: How often the same thing meets it; 0 for always.
        share: Share of distinct requests that meet it.
        places: Kinds of request that meet it.
        path: A regular expression searched in the path.
        options: The kind's options.
    """

    kind: FaultKind
    seed: int
    accounts: frozenset[str] | None
    times: int
    share: float
    places: frozenset[str]
    path: str
    options: Mapping[str, Any]

    def concerns(self, call: Call, place: Place) -> bool:
        """Whether a call can meet it."""
        if place.kind not in self.places or (self.accounts is not None and place.account_id not in self.accounts):
            return False
        if self.path and not re.search(self.path, "/".join(call.path)):
            return False
        # The size of a page is what a client changes when a page is too large, so it must not move the fault.
        same = call.key(without=frozenset({"limit"}))
        return self.share >= 1 or chance(self.seed, self.kind.name, same) < self.share

    def scope_key(self, call: Call, place: Place) -> str:
        """What is "the same thing again" for a call."""
        return {
            "request": call.key(),
            "path": f"{call.method} {'/'.join(call.path)}",
            "account": place.account_id,
            "server": "",
        }[self.kind.scope]


def fault(
    name: str,
    *,
    account: str | Iterable[str] | None = None,
    times: int | None = None,
    share: float = 1.0,
    places: Iterable[str] | None = None,
    path: str = "",
    seed: int = 7,
    **options: Any,
) -> PlantedFault:
    """Plants a fault of the catalog.

    Args:
        name: A name of `fault_catalog.CATALOG`.
        account: Id of the account that meets it, or several; every request when None.
        times: How often the same thing meets it, 0 for always; the catalog's number when None.
        share: Share of distinct requests that meet it, picked by the seed.
        places: Kinds of request (`request_places.PLACES`) that meet it; the catalog's when None.
        path: A regular expression searched in the path without its version.
        seed: Moves what is picked.
        **options: Options of the kind.

    Raises:
        ValueError: No such fault, place or option; the message says which there are.
    """
    kind = CATALOG.get(name)
    if kind is None:
        raise ValueError(f"no fault {name!r}; there are {', '.join(CATALOG)}")
    unknown = set(options) - set(kind.options)
    if unknown:
        raise ValueError(
            f"{name} has no option {', '.join(sorted(unknown))}; it has {', '.join(kind.options) or 'none'}"
        )
    where = frozenset(kind.places if places is None else places)
    if where - set(PLACES):
        raise ValueError(f"no place {', '.join(sorted(where - set(PLACES)))}; there are {', '.join(PLACES)}")
    names = None if account is None else frozenset([account] if isinstance(account, str) else account)
    return PlantedFault(
        kind=kind,
        seed=seed,
        accounts=names,
        times=kind.times if times is None else times,
        share=share,
        places=where,
        path=path,
        options={**kind.options, **options},
    )


def planted_error(one: PlantedFault) -> GraphError:
    """The error that a planted fault answers with."""
    error = one.kind.error
    return GraphError(
        one.kind.message.format(**one.options),
        error["code"],
        subcode=error.get("error_subcode"),
        kind=error["type"],
        status=one.kind.status,
        transient=error.get("is_transient"),
    )
