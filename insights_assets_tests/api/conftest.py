import pytest

from insights_assets_tests.api.fleet_of_two import build
from insights_assets_tests.api.served import Starter, key, make_app, running, settings_of


@pytest.fixture(scope="package")
def lake(tmp_path_factory):
    """Only read."""
    return build(tmp_path_factory.mktemp("lake"))


@pytest.fixture(scope="module")
def starter():
    return Starter()


@pytest.fixture(scope="module")
def app(lake, starter, tmp_path_factory):
    return make_app(settings_of(tmp_path_factory.mktemp("home"), lake.root), starter=starter)


@pytest.fixture(scope="module")
def client(app):
    with running(app) as client:
        yield client


@pytest.fixture(scope="module")
def viewer(app):
    return key(app)


@pytest.fixture(scope="module")
def manager(app):
    return key(app, "manager")


@pytest.fixture(scope="module")
def admin(app):
    return key(app, "admin")


@pytest.fixture(scope="module")
def ask(client, viewer):
    """GET as a viewer of all accounts; the JSON of an answer that is good."""

    def get(path, headers=viewer, **parameters):
        response = client.get(path, headers=headers, params=parameters)
        assert response.status_code == 200, response.text
        return response.json()

    return get
