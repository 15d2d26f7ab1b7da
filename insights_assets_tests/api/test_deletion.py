"""Deleting by request: who may, what is asked of the command, what the log keeps."""

from datetime import date

import pytest

from insights_assets.api.erasing import Erased
from insights_assets_tests.api.served import key, make_app, running, settings_of

PATH = "/accounts/act_1/weeks"
DAYS = {"since": "2026-02-09", "until": "2026-02-15"}


@pytest.fixture
def world(tmp_path, lake):
    app = make_app(settings_of(tmp_path, lake.root))
    app.state.asked = []
    app.state.answer = Erased(0, "Deletion 1: 12 rows are gone.\n")

    def erase(*asked):
        app.state.asked.append(asked)
        return app.state.answer

    app.state.erase = erase
    with running(app) as client:
        yield client, app


def test_an_admin_deletes_and_the_log_says_who(world):
    client, app = world
    admin = key(app, "admin")
    done = client.delete(PATH, headers=admin, params=DAYS)
    assert (done.status_code, done.json()["told"]) == (200, "Deletion 1: 12 rows are gone.")
    ((account, since, until, by, dry_run),) = app.state.asked
    assert (account, since, until, dry_run) == ("act_1", date(2026, 2, 9), date(2026, 2, 15), False)
    assert by.startswith("key:")
    lines = [(line["action"], line["details"]["outcome"], line["actor"]) for line in app.state.audit.newest()]
    assert lines == [("delete", "done", by), ("delete", "asked", by)]
    assert client.delete(PATH, headers=admin, params={**DAYS, "dry_run": "true"}).json()["dry_run"] is True


@pytest.mark.parametrize("parameters", [{}, {"since": "2026-02-09"}, {**DAYS, "until": "soon"}, {**DAYS, "all": "1"}])
def test_nothing_goes_unless_both_days_are_named(world, parameters):
    client, app = world
    assert client.delete(PATH, headers=key(app, "admin"), params=parameters).status_code == 422
    assert app.state.asked == []


def test_others_delete_nothing(world):
    client, app = world
    for role, accounts, status in (("viewer", None, 403), ("manager", None, 403), ("admin", ["act_2"], 404)):
        assert client.delete(PATH, headers=key(app, role, accounts), params=DAYS).status_code == status
    assert app.state.asked == []


@pytest.mark.parametrize(("code", "status"), [(2, 422), (3, 409)])
def test_a_refusal_is_a_problem_in_the_commands_words(world, code, status):
    client, app = world
    app.state.answer = Erased(code, "Error: A backfill works on act_1; delete when it has ended.\n")
    refused = client.delete(PATH, headers=key(app, "admin"), params=DAYS)
    assert (refused.status_code, refused.json()["detail"][:22]) == (status, "A backfill works on ac")
