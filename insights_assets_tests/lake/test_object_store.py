"""A lake in an object store: the same reads, writes and views over the S3 protocol, and what a failing store leaves."""

from itertools import count

import polars as pl
import pytest
from deltalake import write_deltalake

from insights_assets.lake.backup import save
from insights_assets.lake.catalog import QueryError, open_catalog, select
from insights_assets.lake.changes import changed_accounts, file_statistics, read_files
from insights_assets.lake.cleaning import vacuum
from insights_assets.lake.compaction import compact
from insights_assets.lake.failures import told
from insights_assets.lake.inspection import inspect, strays
from insights_assets.lake.migration import migrate
from insights_assets.lake.store import Lake, LakeError
from insights_assets.lake.updating import update
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets.tables.anomalies import ANOMALIES_AD
from insights_assets.tables.entities import ADS, CAMPAIGNS
from insights_assets.tables.insights import INSIGHTS_DAILY
from insights_assets_tests.object_store import BUCKET, SECRET, FaultyProxy, s3_server, variables
from insights_assets_tests.tables.rows import WEEK, frame_of, valid_row

PARTITION = ("act_1", WEEK)
PLACES = count()
FAULTS = ("slow down", "error", "reset", "reset after")
# The worst one first: the commit is there and nobody was told. The others are the slow part.
PASSING = [
    ("reset after", "_delta_log"),
    *(
        pytest.param(fault, path, marks=pytest.mark.slow)
        for fault in FAULTS
        for path in ("_delta_log", ".parquet")
        if (fault, path) != ("reset after", "_delta_log")
    ),
]


@pytest.fixture(scope="module")
def endpoint():
    with s3_server() as url:
        yield url


@pytest.fixture
def lake(endpoint, monkeypatch):
    for name, value in variables(endpoint).items():
        monkeypatch.setenv(name, value)
    return Lake(f"s3://{BUCKET}/{next(PLACES)}", sleep=lambda _: None)


@pytest.fixture
def proxy(endpoint):
    """Fails as a test says."""
    return FaultyProxy(endpoint)


@pytest.fixture
def behind(lake, proxy):
    """The lake behind the proxy, named in its options: polars keeps the store that it once opened by environment."""
    with proxy.serving() as url:
        yield Lake(lake.root, {**variables(url)}, sleep=lambda _: None)


def times(number, fault, *, method="", path=""):
    """A chooser: the first requests of that method and path meet the fault (-1: all)."""
    left = [number]

    def choose(asked, where):
        if method not in asked or path not in where or left[0] == 0:
            return None
        left[0] -= 1
        return fault

    return choose


def ads(*names, account_id="act_1"):
    return frame_of(ADS, *(valid_row(ADS, account_id=account_id, ad_id=n, name=n) for n in names))


def test_what_is_written_is_read(lake):
    lake.replace(ADS, ads("a", "b"), [PARTITION])
    lake.replace(ADS, ads("c"), [PARTITION])
    lake.replace(ADS, ads("d", account_id="act_2"), [("act_2", WEEK)])
    assert lake.read(ADS)["ad_id"].to_list() == ["c", "d"]
    assert lake.read(ADS, accounts=["act_2"], since=WEEK)["ad_id"].to_list() == ["d"]
    assert lake.accounts_of(ADS) == {"act_1", "act_2"}
    assert lake.count(CAMPAIGNS) == 0


def test_views_read_it_without_an_extension_and_nothing_else(lake):
    lake.replace(ADS, ads("a", "b"), [PARTITION])
    lake.replace(ADS, ads("c", account_id="act_2"), [("act_2", WEEK)])
    lake.replace(INSIGHTS_DAILY, frame_of(INSIGHTS_DAILY, valid_row(INSIGHTS_DAILY)), [PARTITION])
    with open_catalog(lake, views=["ads", "campaigns", "insights_daily"]) as connection:
        found = select(connection, "SELECT ad_id FROM ads WHERE account_id = 'act_1' ORDER BY 1")
        assert found["ad_id"].to_list() == ["a", "b"]
        for condition in (
            "ad_id = 'c'",
            "name IN ('c', 'd') AND account_id > 'act_1'",
            "ad_id >= 'c' AND name LIKE 'c%'",
        ):
            assert select(connection, f"FROM ads WHERE {condition}")["ad_id"].to_list() == ["c"]
        assert select(connection, f"FROM lake.{INSIGHTS_DAILY.name}").schema == INSIGHTS_DAILY.schema
        assert select(connection, "FROM campaigns").is_empty()
        assert select(connection.cursor(), "SELECT count(*) FROM ads").item() == 3
        for source in (f"'s3://{BUCKET}/x.parquet'", "read_csv('/etc/passwd')"):
            with pytest.raises(QueryError, match="disabled by configuration"):
                select(connection, f"FROM {source}")
    with open_catalog(lake, views=["ads"], accounts=["act_2"]) as connection:
        assert select(connection, "SELECT ad_id FROM ads").to_series().to_list() == ["c"]


def test_the_commit_log_tells_what_changed(lake):
    lake.replace(ADS, ads("a"), [PARTITION])
    before = lake.delta(ADS).version()
    lake.replace(ADS, ads("b", account_id="act_2"), [("act_2", WEEK)])
    snapshot = lake.delta(ADS)
    assert changed_accounts(lake, ADS, snapshot, before) == {"act_2"}
    assert read_files(lake, ADS, file_statistics(snapshot))["ad_id"].sort().to_list() == ["a", "b"]


def test_it_is_cared_for_and_copied(lake, tmp_path):
    for n in range(4):
        lake.append(ADS, ads(str(n)))
    assert compact(lake, ADS, from_files=4).files_after == 1
    found = inspect(lake, ADS, accounts=9, draw="")
    assert (found.rows, found.files, found.problems) == (4, 1, ())
    assert strays(lake, [ADS]) == []
    assert strays(lake, [CAMPAIGNS]) == ["raw/ads"]
    assert save(lake, [ADS], tmp_path).tables == 1
    assert Lake(str(tmp_path)).read(ADS)["ad_id"].to_list() == list("0123")
    assert vacuum(lake, ADS, keep_h=24) == []
    assert len(vacuum(lake, ADS, keep_h=0)) == 4
    assert lake.read(ADS).height == 4


def test_an_earlier_table_is_brought_to_today(lake):
    rows = frame_of(ANOMALIES_AD, valid_row(ANOMALIES_AD)).drop("granularity", "date")
    write_deltalake(lake.uri(ANOMALIES_AD), rows, partition_by=["account_id"])
    with pytest.raises(LakeError, match="insights maintain --migrate"):
        lake.read(ANOMALIES_AD)
    assert migrate(lake, ANOMALIES_AD) is not None
    assert lake.read(ANOMALIES_AD)["granularity"].to_list() == ["week"]


@pytest.mark.parametrize(("fault", "path"), PASSING)
def test_a_write_through_passing_faults_lands_once(behind, proxy, fault, path):
    behind.replace(ADS, ads("a"), [PARTITION])
    proxy.choose = times(2, fault, method="PUT", path=path)
    behind.replace(ADS, ads("b", "c"), [PARTITION])
    proxy.choose = times(2, fault, method="PUT", path=path)
    behind.append(ADS, ads("d", account_id="act_2"))
    proxy.choose = times(2, fault, method="PUT", path=path)
    update(behind, ACCOUNTS, lambda rows: pl.concat([rows, frame_of(ACCOUNTS, valid_row(ACCOUNTS))]).unique())
    assert proxy.failed >= 6
    proxy.choose = times(0, None)
    assert behind.read(ADS)["ad_id"].to_list() == ["b", "c", "d"]
    assert behind.read(ACCOUNTS).height == 1


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_reading_through_passing_faults_reads_all(behind, proxy, fault):
    behind.replace(ADS, ads("a", "b"), [PARTITION])
    files = file_statistics(behind.delta(ADS))
    proxy.choose = times(2, fault, path="_delta_log")
    assert behind.delta(ADS).count() == 2
    proxy.choose = times(2, fault, path=".parquet")
    assert behind.read(ADS).height == 2
    proxy.choose = times(2, fault, path=".parquet")
    assert read_files(behind, ADS, files).height == 2
    with open_catalog(behind, views=["ads"]) as connection:
        proxy.choose = times(2, fault, path=".parquet")
        assert select(connection, "SELECT count(DISTINCT name) FROM ads").item() == 2
    assert proxy.failed == 8


@pytest.mark.slow
def test_a_store_that_stays_down_is_one_sentence_and_leaves_the_table_whole(behind, proxy):
    behind.replace(ADS, ads("a"), [PARTITION])
    proxy.choose = times(-1, "slow down", method="PUT", path=".json")
    with pytest.raises(
        LakeError, match=r"^Table ads at s3\S+ cannot be written: .* SlowDown, Please reduce.*\.$"
    ) as error:
        behind.replace(ADS, ads("b"), [PARTITION])
    assert SECRET not in str(error.value)
    proxy.choose = times(0, None)
    assert behind.read(ADS)["ad_id"].to_list() == ["a"]
    with open_catalog(behind, views=["ads"]) as connection:
        proxy.choose = times(-1, "reset", path=".parquet")
        with pytest.raises(LakeError, match=r"^Table ads at s3\S+ cannot be read: [^\n]*\.$"):
            behind.read(ADS)
        with pytest.raises(QueryError) as refused:
            select(connection, "FROM ads")
        assert SECRET not in str(refused.value)
    proxy.choose = times(-1, "reset")
    with pytest.raises(LakeError, match="does not answer"):
        behind.read(ADS)


@pytest.mark.usefixtures("lake")
def test_a_bucket_that_is_not_there_is_named_as_such():
    with pytest.raises(LakeError, match="the object store answers NoSuchBucket, The specified bucket does not exist"):
        Lake("s3://another-bucket/lake").read(ADS)


def test_what_storage_says_is_one_line_without_signatures():
    said = told(OSError("\x1b[31m↳\x1b[0m GET https://host/a?sig=abc failed\n   ↳ timed out"))
    assert said == "GET https://host/a failed timed out"
    assert len(told(OSError("x" * 999))) == 300
