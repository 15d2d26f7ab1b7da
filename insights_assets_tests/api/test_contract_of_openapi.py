"""Requests drawn from the OpenAPI document itself: none is an error of the server, all are answered as documented."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance

from insights_assets_tests.api.served import key

EXAMPLES = 6
PATIENCE_S = 120
"""Deleting starts a process; schemathesis gives up after 10 s, which a busy machine takes to import what it needs."""
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance]


@pytest.mark.slow
def test_no_request_that_the_document_allows_breaks_the_server(app, client):
    headers = key(app, "admin", requests_per_minute=10**6)
    document = schemathesis.openapi.from_dict(client.get("/openapi.json").json())
    document.config.base_url = str(client.base_url)
    asked = 0
    for result in document.get_all_operations():
        operation = result.ok()
        if operation.path.endswith("/events") or operation.path == "/health":
            continue

        @seed(7)
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def probe(case):
            nonlocal asked
            asked += 1
            response = case.call(base_url=str(client.base_url), headers=headers, timeout=PATIENCE_S)
            case.validate_response(response, checks=CHECKS)

        probe()
    assert asked > EXAMPLES * 25


def test_every_operation_is_described_and_has_an_example(app):
    document = app.openapi()
    names = []
    for path, methods in document["paths"].items():
        for operation in methods.values():
            names.append(operation["operationId"])
            assert operation["summary"], path
            good = next(operation["responses"][s] for s in ("200", "201", "202") if s in operation["responses"])
            content = good.get("content", {})
            if "application/json" in content and path != "/health":
                assert content["application/json"].get("example"), path
            for parameter in operation.get("parameters", []):
                assert parameter.get("description") or parameter["schema"].get("description"), parameter["name"]
    assert len(names) == len(set(names))
