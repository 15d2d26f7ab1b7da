"""An account whose token is dead fails its own run only, says why in `sync_log`, and shows no token anywhere."""

from datetime import UTC, date, datetime, timedelta

import dagster as dg
import polars as pl
import pytest

from insights_assets.assets.accounts import accounts
from insights_assets.assets.entities import campaigns
from insights_assets.assets.insights import insights_daily, insights_weekly_campaign
from insights_assets.partitions import range_tags, weeks_covering
from insights_assets.sandbox import Fault, World
from insights_assets.sandbox.faults import FaultBox
from insights_assets_tests.assets.pipeline import Pipeline, pipeline

NOW = datetime(2026, 3, 30, 3, tzinfo=UTC)
WEEKS = weeks_covering(date(2026, 3, 2), date(2026, 3, 15))
TOKEN = "EAAB-a-token-nobody-may-see"


@pytest.fixture
def world():
    return World(accounts=2, ads_per_account=(3, 4))


def events_text(made: Pipeline) -> str:
    """Everything Dagster keeps of every run."""
    return "\n".join(str(entry) for run in made.instance.get_runs() for entry in made.instance.all_logs(run.run_id))


def test_a_dead_token_fails_its_own_account_only(tmp_path, world):
    with pipeline(tmp_path, world, NOW, scenario="badtoken") as made:
        healthy, dead = made.accounts
        good = made.run([insights_daily], healthy, WEEKS)
        bad = made.run([insights_daily], dead, WEEKS, raise_on_error=False)
        assert good.success
        assert not bad.success
        assert made.rows("insights_daily", healthy).height
        assert made.rows("insights_daily", dead).is_empty()
        log = made.rows("sync_log")
        assert log.filter(account_id=healthy)["status"].to_list() == ["ok"] * len(WEEKS)
        failed = log.filter(account_id=dead)
        assert failed["week"].to_list() == WEEKS
        assert set(failed.select("status", "error_type", "error_code").rows()) == {("failed", "token_invalid", 190)}
        failure = bad.failure_data_for_node("raw__insights_daily").user_failure_data
        assert failure.description == failed["message"][0]
        assert failure.metadata["error_type"].value == "token_invalid"
        assert "\n" not in failure.description


def run_of_all(made: Pipeline, assets, *, raise_on_error=True):
    """One run over every account, as a backfill from the UI makes them."""
    order = made.instance.get_dynamic_partitions("account")
    job = made.defs.resolve_implicit_global_asset_job_def().get_subset(asset_selection={a.key for a in assets})
    tags = range_tags(order, WEEKS)
    return job.execute_in_process(instance=made.instance, tags=tags, raise_on_error=raise_on_error)


def test_in_a_run_over_several_accounts_the_others_land_and_the_dead_ones_check_is_red(tmp_path, world):
    with pipeline(tmp_path, world, NOW) as made:
        healthy, dead = made.accounts
        run_of_all(made, [campaigns, insights_daily])
        known = made.rows("insights_daily", dead)
        body = {"error": {"message": "Session expired", "code": 190, "type": "OAuthException"}}
        made.sandbox.app.fault_box = FaultBox([Fault(dead, times=999, status=400, body=body)])
        made.now = NOW + timedelta(days=1)
        result = run_of_all(made, [campaigns, insights_daily])
        # What is stored of the dead one stays; the healthy one is read again.
        assert made.rows("insights_daily", dead).equals(known)
        assert set(made.rows("insights_daily", healthy)["observed_at"]) == {made.now}
        verdicts = {(e.asset_key.path[-1], e.check_name): e.passed for e in result.get_asset_check_evaluations()}
        assert not verdicts["insights_daily", "synced"]
        assert not verdicts["campaigns", "synced"]
        assert verdicts["insights_daily", "schema"]
        red = made.rows("check_results").filter(check_name="synced", passed=False)
        assert set(red["account_id"]) == {dead}
        assert red.height == 2 * len(WEEKS)
        assert "Session expired" in red["reason"][0] or "token" in red["reason"][0].lower()
        newest = made.rows("sync_log").filter(pl.col("finished_at") == made.now)
        assert set(newest.select("account_id", "status").unique().rows()) == {(healthy, "ok"), (dead, "failed")}
        # Read again, it turns green, partition by partition.
        made.sandbox.app.fault_box = FaultBox([])
        made.now = NOW + timedelta(days=2)
        run_of_all(made, [campaigns, insights_daily])
        assert made.rows("check_results").filter(check_name="synced", passed=False).is_empty()


def test_a_run_whose_accounts_all_fail_fails(tmp_path, world):
    body = {"error": {"message": "Session expired", "code": 190, "type": "OAuthException"}}
    with pipeline(tmp_path, world, NOW) as made:
        made.sandbox.app.fault_box = FaultBox([Fault("act_", times=999, status=400, body=body)])
        assert not run_of_all(made, [insights_daily], raise_on_error=False).success
        assert set(made.rows("sync_log")["account_id"]) == set(made.accounts)


def test_no_token_is_shown_even_when_the_server_repeats_it(tmp_path, world):
    body = {"error": {"message": f"Bad access_token={TOKEN} or Bearer {TOKEN}", "code": 190, "type": "OAuthException"}}
    fault = Fault(r"act_\d+/insights", times=99, status=400, body=body)
    with pipeline(tmp_path, world, NOW, faults=[fault]) as made:
        result = made.run([insights_daily], made.accounts[0], WEEKS, raise_on_error=False)
        assert not result.success
        message = made.rows("sync_log")["message"][0]
        assert "[redacted]" in message
        text = events_text(made) + str(made.rows("sync_log").to_dicts())
    assert "token_invalid" in text
    assert TOKEN not in text
    assert "sandbox-token" not in text


def test_an_account_that_is_not_registered_is_a_sentence(tmp_path, world):
    with pipeline(tmp_path, world, NOW) as made:
        made.instance.add_dynamic_partitions("account", ["act_999"])
        result = made.run([insights_daily], "act_999", WEEKS[:1], raise_on_error=False)
        assert not result.success
        (line,) = made.rows("sync_log").to_dicts()
        assert line["status"] == "failed"
        assert line["message"].startswith("Unknown account act_999: `insights accounts list`")


def test_discovery_registers_every_account_and_its_partition(tmp_path, world):
    with pipeline(tmp_path, world, NOW) as made, dg.DagsterInstance.ephemeral() as fresh:
        made.instance = fresh
        assert fresh.get_dynamic_partitions("account") == []
        assert made.run([accounts]).success
        rows = made.rows("accounts").sort("account_id")
        wanted = sorted((a.id, a.market.currency, a.market.zone) for a in world.accounts)
        assert rows.select("account_id", "currency", "timezone_name").rows() == wanted
        assert sorted(fresh.get_dynamic_partitions("account")) == rows["account_id"].to_list()
        made.run([accounts])
        assert made.rows("accounts").height == len(wanted)


def test_discovery_with_a_dead_token_leaves_the_registry_as_it_was(tmp_path, world):
    body = {"error": {"message": "Session expired", "code": 190, "type": "OAuthException"}}
    with pipeline(tmp_path, world, NOW) as made:
        known = made.rows("accounts")
        made.sandbox.app.fault_box = FaultBox([Fault("me/adaccounts", times=99, status=400, body=body)])
        assert not made.run([accounts], raise_on_error=False).success
        assert made.rows("accounts").equals(known)


def test_a_blocked_account_yields_at_once_and_its_other_steps_ask_nothing(tmp_path, world):
    """Meta says 90 minutes, more than a run may wait: one call finds out, `retry_after` says when to resume."""
    body = {"error": {"message": "Too many calls", "code": 17, "error_subcode": 2446079, "is_transient": False}}
    usage = {"x-business-use-case-usage": '{"1": [{"call_count": 100, "estimated_time_to_regain_access": 90}]}'}
    with pipeline(tmp_path, world, NOW) as made:
        blocked, healthy = made.accounts
        made.sandbox.app.fault_box = FaultBox([Fault(blocked, times=99, status=400, body=body, headers=usage)])
        for asset in (campaigns, insights_daily, insights_weekly_campaign):
            assert not made.run([asset], blocked, WEEKS, raise_on_error=False).success
        assert sum(blocked in path for _, path, _ in made.sandbox.requests) == 1
        log = made.rows("sync_log", blocked)
        assert log["step"].n_unique() == 3
        assert set(log.select("error_type", "error_code", "error_subcode").rows()) == {("rate_limited", 17, 2446079)}
        assert set(log["retry_after"].dt.round("1m")) == {NOW + timedelta(minutes=90)}
        assert made.run([campaigns], healthy, WEEKS).success
        # The block is over when its time has come, by the clock of the run.
        made.sandbox.app.fault_box = FaultBox([])
        made.now = NOW + timedelta(minutes=91)
        assert made.run([campaigns], blocked, WEEKS).success
