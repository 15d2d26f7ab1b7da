"""What several proofs of recovery compare with."""

import pytest

from insights_assets.lake.store import Lake
from insights_assets_tests.recovery.commands import DATES, run, sandbox
from insights_assets_tests.recovery.contents import contents


@pytest.fixture(scope="package")
def expected(tmp_path_factory):
    home = tmp_path_factory.mktemp("clean")
    with sandbox() as server:
        assert run(home, server.url, "accounts", "discover")[0] == 0
        code, said = run(home, server.url, "backfill", *DATES)
        assert code == 0, said
    return contents(Lake(str(home / "lake")))
