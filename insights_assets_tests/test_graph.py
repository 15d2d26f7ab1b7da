"""The graph as Dagster sees it: every asset documented, grouped and owned, edges forward, every table checked."""

import dagster as dg
import pytest

from insights_assets.automation import reports
from insights_assets.definitions import PARTITIONED_ASSETS, build_defs
from insights_assets.partitions import account_weeks
from insights_assets.settings import load_settings
from insights_assets.tables.registry import TABLES
from insights_assets.timetable import REPORTS

LAYERS = ("registry", "raw", "ops", "core", "features", "findings", "predictions", "advice")


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    settings = load_settings({"INSIGHTS_HOME": str(tmp_path_factory.mktemp("home"))})
    defs = build_defs(settings)
    dg.Definitions.validate_loadable(defs)
    return defs.resolve_asset_graph()


@pytest.fixture(scope="module")
def nodes(graph):
    """Every asset that is a table; reports are files."""
    made = [graph.get(k) for k in graph.get_all_asset_keys() if graph.get(k).is_materializable]
    return [node for node in made if node.group_name != reports.GROUP]


def test_every_table_but_the_records_is_an_asset(nodes):
    names = {n.key.path[-1] for n in nodes}
    assert names == {t.name for t in TABLES.values() if t.layer != "ops"}


def test_reports_read_tables_that_are_made_and_are_read_by_nothing(graph, nodes):
    keys = {n.key for n in nodes}
    found = [graph.get(a.key) for a in reports.REPORT_ASSETS.values()]
    assert {n.key.path[-1] for n in found} == set(REPORTS)
    for node in found:
        assert node.description
        assert node.owners
        assert node.parent_keys <= keys
        assert not node.child_keys


def test_keys_are_layer_and_table(nodes):
    for node in nodes:
        layer, name = node.key.path
        assert TABLES[name].layer == layer


def test_every_asset_says_what_it_is_and_whose(nodes):
    for node in nodes:
        table = TABLES[node.key.path[-1]]
        assert node.group_name == table.layer
        assert node.owners
        assert "deltalake" in node.kinds
        assert node.kinds & {"python", "polars"}
        assert node.description.startswith(table.description)
        assert len(node.description) > len(table.description) + 20


def test_every_asset_shows_its_columns(nodes):
    for node in nodes:
        table = TABLES[node.key.path[-1]]
        columns = node.metadata["dagster/column_schema"].columns
        assert [c.name for c in columns] == list(table.schema)
        assert all(c.description for c in columns)
        assert [c.constraints.nullable for c in columns] == [nullable for *_, nullable in table.documentation()]
        assert node.metadata["primary_key"] == list(table.key)


def test_edges_go_forward_through_the_layers(nodes):
    for node in nodes:
        for parent in node.parent_keys:
            assert LAYERS.index(parent.path[0]) <= LAYERS.index(node.key.path[0]), (parent, node.key)


def test_no_asset_reads_a_table_that_nothing_makes(graph, nodes):
    keys = {n.key for n in nodes}
    for parent in {parent for node in nodes for parent in node.parent_keys} - keys:
        # A record that the write of another asset keeps: external, documented like any table.
        record, table = graph.get(parent), TABLES[parent.path[-1]]
        assert record.parent_keys <= keys
        assert table.layer == record.group_name == "ops"
        assert record.description.startswith(table.description)
        assert [c.name for c in record.metadata["dagster/column_schema"].columns] == list(table.schema)


def test_partitioned_tables_are_partitioned_by_account_and_week(nodes):
    for node in nodes:
        expected = account_weeks if TABLES[node.key.path[-1]].partitioned else None
        assert node.partitions_def == expected
        if expected:
            assert node.backfill_policy == dg.BackfillPolicy.single_run()


def test_every_partitioned_table_has_a_blocking_partitioned_check(graph, nodes):
    for node in nodes:
        if not TABLES[node.key.path[-1]].partitioned:
            continue
        specs = [graph.get_check_spec(k) for k in node.check_keys]
        (schema,) = [s for s in specs if s.name == "schema"]
        assert schema.blocking
        assert schema.partitions_def == account_weeks
        assert schema.description
    assert len(PARTITIONED_ASSETS) == sum(TABLES[n.key.path[-1]].partitioned for n in nodes)
