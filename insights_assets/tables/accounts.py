"""Ad accounts: the registry. The token itself is never here, only where to find it."""

import polars as pl

from insights_assets.tables.columns import Instant, account_id, observed_at, one_of
from insights_assets.tables.model import Table, TableModel, column


class Accounts(TableModel):
    """One ad account that this instance looks after."""

    account_id: pl.String = account_id()
    name: pl.String = column("The account's name")
    business_id: pl.String = column("Business that owns the account; rate limits are shared within it", nullable=True)
    currency: pl.String = column("ISO 4217 code of every amount of this account", str_matches=r"^[A-Z]{3}$")
    timezone_name: pl.String = column("IANA time zone that cuts this account's days and weeks")
    status: pl.String = column(
        "Meta's account status (ACTIVE, DISABLED, ...), or DISABLED_HERE when switched off by us"
    )
    source: pl.String = one_of(
        "How it came here: discovered, added, from a file, of a legacy single-account user, or the sandbox's",
        ("discovered", "added", "file", "legacy", "sandbox"),
    )
    user_id: pl.String = column("Legacy single-account user that the account belongs to", nullable=True)
    token_env: pl.String = column("Environment variable that holds this account's token", nullable=True)
    token_path: pl.String = column("File that holds this account's token", nullable=True)
    observed_at: Instant = observed_at()


ACCOUNTS = Table("accounts", "registry", Accounts, ("account_id",), partitioned=False)
