"""Writers in processes of their own, on an object store that has no locks: no update is lost, none counted twice."""

import os
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from multiprocessing import get_context

import polars as pl
import pytest

from insights_assets.lake.store import Lake
from insights_assets.lake.sync_log import append
from insights_assets.lake.updating import update
from insights_assets.lake.writing import store
from insights_assets.tables.alerts import ALERTS
from insights_assets.tables.entities import ADS
from insights_assets.tables.operations import CHECK_RESULTS, QUARANTINE, SYNC_LOG
from insights_assets_tests.object_store import BUCKET, s3_server, variables
from insights_assets_tests.tables.rows import OBSERVED, WEEK, frame_of, valid_row

pytestmark = pytest.mark.slow
WRITERS, ROUNDS, ROWS = 3, 6, 5


def write(root, writer, account):
    """What runs do: an account's rows, the claim, the verdict, an alert; every round once."""
    lake = Lake(root)
    for n in range(ROUNDS):
        name = f"{writer}-{n}"
        rows = [valid_row(ADS, account_id=account, ad_id=str(i), name=name) for i in range(ROWS)]
        store(lake, ADS, frame_of(ADS, *rows), [(account, WEEK)], OBSERVED)
        at = OBSERVED + timedelta(hours=writer, minutes=n)
        append(lake, ADS, [(account, WEEK)], run_id=name, now=at, duration_s=0.1)
        verdict = valid_row(CHECK_RESULTS, account_id=account, table_name="ads", check_name=f"of writer {writer}")
        where = {"check_name": [verdict["check_name"]]}
        lake.replace(CHECK_RESULTS, frame_of(CHECK_RESULTS, verdict), [(account, WEEK)], where=where)
        alert = frame_of(ALERTS, valid_row(ALERTS, alert_id=f"{writer:08x}{n:08x}"))
        update(lake, ALERTS, lambda before, alert=alert: pl.concat([before, alert]))
    return os.getpid()


@pytest.mark.parametrize("accounts", [["act_1", "act_2", "act_3"], ["act_1"] * WRITERS], ids=["own", "same"])
def test_every_update_is_there_once(accounts, monkeypatch):
    with s3_server() as endpoint:
        for name, value in variables(endpoint).items():
            monkeypatch.setenv(name, value)
        root = f"s3://{BUCKET}/lake"
        lake = Lake(root)
        lake.ensure([ADS, SYNC_LOG, CHECK_RESULTS, QUARANTINE, ALERTS])
        with ProcessPoolExecutor(WRITERS, mp_context=get_context("spawn")) as pool:
            done = pool.map(write, [root] * WRITERS, range(WRITERS), accounts)
            assert len(set(done)) == WRITERS
        rows = lake.read(ADS)
        for account in set(accounts):
            # The rows of one write, whole: never a mixture of two, never both.
            of_account = rows.filter(account_id=account)
            assert of_account["ad_id"].to_list() == [str(i) for i in range(ROWS)]
            assert of_account["name"].n_unique() == 1
            assert of_account["name"][0].endswith(f"-{ROUNDS - 1}")
        assert lake.read(SYNC_LOG)["run_id"].sort().to_list() == sorted(
            f"{w}-{n}" for w in range(WRITERS) for n in range(ROUNDS)
        )
        assert lake.read(CHECK_RESULTS)["check_name"].sort().to_list() == [f"of writer {w}" for w in range(WRITERS)]
        assert lake.read(ALERTS)["alert_id"].to_list() == sorted(
            f"{w:08x}{n:08x}" for w in range(WRITERS) for n in range(ROUNDS)
        )
