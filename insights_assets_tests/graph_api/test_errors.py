import json
import pickle

import pytest

from insights_assets.graph_api import error_docs
from insights_assets.graph_api.errors import RULES, GraphApiError, MalformedRecordError, classify, rule_for
from insights_assets.graph_api.redaction import register_secret

TAXONOMY = [
    (190, None, "token_invalid", "stop"),
    (190, 463, "token_invalid", "stop"),
    (190, 460, "token_invalid", "stop"),
    (190, 458, "token_invalid", "stop"),
    (190, 999, "token_invalid", "stop"),
    (102, None, "token_invalid", "stop"),
    (10, None, "permission", "stop"),
    (200, None, "permission", "stop"),
    (275, None, "permission", "stop"),
    (299, 7, "permission", "stop"),
    (803, None, "permission", "stop"),
    (368, None, "permission", "stop"),
    (4, None, "rate_limited", "wait"),
    (17, None, "rate_limited", "wait"),
    (17, 2446079, "rate_limited", "wait"),
    (32, None, "rate_limited", "wait"),
    (341, None, "rate_limited", "wait"),
    (613, None, "rate_limited", "wait"),
    (613, 1487742, "rate_limited", "wait"),
    *((code, 2446079, "rate_limited", "wait") for code in (*range(80000, 80007), 80008, 80014)),
    (1, None, "network", "retry"),
    (1, 99, "network", "retry"),
    (1, 2853001, "permission", "stop"),
    (2, None, "network", "retry"),
    (2, 1504044, "network", "retry"),
    (2, 1504038, "data", "split"),
    (100, 1487534, "data", "split"),
    (100, 33, "permission", "stop"),
    (100, 3018, "data", "stop"),
    (80004, None, "rate_limited", "wait"),
    (100, None, "data", "stop"),
    (100, 2446289, "data", "stop"),
    (100, 2446211, "data", "stop"),
    (100, 1443048, "data", "stop"),
    (100, 1504018, "network", "retry"),
    (None, 1504018, "network", "retry"),
    (104, None, "network", "retry"),
    (960, None, "network", "retry"),
    (2601, 1815107, "network", "retry"),
    (2635, None, "api_version", "stop"),
    (3018, None, "data", "stop"),
]


@pytest.mark.parametrize(("code", "subcode", "error_type", "action"), TAXONOMY)
def test_a_code_has_its_type_action_and_advice(code, subcode, error_type, action):
    error = classify(400, {"error": {"code": code, "error_subcode": subcode, "message": "Ein Fehler"}})
    assert (error.error_type, error.action) == (error_type, action)
    assert error.retryable == (action in ("retry", "wait"))
    assert error.advice.endswith(".")
    assert (error.code, error.subcode) == (code, subcode)


def test_every_rule_is_reachable_and_says_what_to_do():
    for rule in RULES:
        assert rule_for(rule.code, rule.subcode, rule.kind) == rule
        assert rule.advice
        assert rule.meaning


def test_the_page_of_errors_is_up_to_date():
    # Otherwise: python -m insights_assets.graph_api.error_docs
    assert error_docs.PATH.read_text(encoding="utf-8") == error_docs.as_markdown()


def test_every_documented_status_is_a_failure_and_every_limit_comes_as_400():
    for rule in RULES:
        assert set(rule.statuses) <= {400, 403, 500}
        if rule.action == "wait":
            assert rule.statuses == (400,)


@pytest.mark.parametrize(
    ("code", "subcode", "scope", "wait_s"),
    [
        (4, None, "app", None),
        (17, None, "app", None),
        (17, 2446079, "account", 600),
        (80004, 2446079, "account", 600),
        (80000, None, "account", None),
        (341, None, "account", 600),
        (613, 1487742, "account", 60),
        (613, None, "account", None),
    ],
)
def test_a_limit_is_of_the_app_or_of_one_account(code, subcode, scope, wait_s):
    error = classify(400, {"error": {"code": code, "error_subcode": subcode}})
    assert (error.scope, error.retry_after_s) == (scope, wait_s)


@pytest.mark.parametrize(
    ("code", "subcode", "alert"),
    [
        (190, 463, "token_invalid"),
        (200, None, "permission"),
        (80004, None, "rate_limited"),
        (2635, None, "api_version"),
        (2, 1504038, "data"),
        (2, None, "none"),
        (613, 1487742, "none"),
        (5555, None, "none"),
    ],
)
def test_an_error_says_which_alert_opens(code, subcode, alert):
    assert classify(400, {"error": {"code": code, "error_subcode": subcode}}).alert == alert


def test_the_exception_type_tells_a_forbidden_object_from_a_wrong_parameter():
    def of(kind):
        return classify(400, {"error": {"code": 100, "type": kind, "message": "x"}}).error_type

    assert (of("GraphMethodException"), of("OAuthException"), of(None)) == ("permission", "data", "data")


@pytest.mark.parametrize(
    ("code", "subcode", "action"),
    [(100, None, "retry"), (100, 2446289, "stop"), (190, None, "stop"), (17, 2446079, "wait"), (200, None, "stop")],
)
def test_transient_is_believed_only_where_the_code_says_little(code, subcode, action):
    assert classify(400, {"error": {"code": code, "error_subcode": subcode, "is_transient": True}}).action == action


@pytest.mark.parametrize("code", [80007, 80009, 300, 199, 800008, 5])
def test_neighbours_of_known_codes_are_unknown(code):
    error = classify(400, {"error": {"code": code, "message": "x"}})
    assert (error.error_type, error.retryable) == ("unknown", False)


def test_the_message_never_decides():
    text = "User request limit reached, please reduce the amount of data, Error validating access token"
    assert classify(400, {"error": {"code": 100, "message": text}}).error_type == "data"


@pytest.mark.parametrize(
    ("status", "body", "error_type", "retryable"),
    [
        (500, "<html>Sorry</html>", "network", True),
        (503, b"", "network", True),
        (502, {"error": "a text"}, "network", True),
        (429, "", "rate_limited", True),
        (401, "", "token_invalid", False),
        (403, "", "permission", False),
        (404, "nothing here", "unknown", False),
        (400, {"error": {"code": 5555, "is_transient": True}}, "network", True),
        (400, {"error": {"code": True}}, "unknown", False),
        (400, '{"error": {"code": "190", "message": "x"}}', "token_invalid", False),
        (400, [], "unknown", False),
        (None, None, "unknown", False),
    ],
)
def test_bodies_without_a_known_code(status, body, error_type, retryable):
    error = classify(status, body)
    assert (error.error_type, error.retryable) == (error_type, retryable)


def test_the_sentence_says_what_where_and_what_to_do():
    error = classify(400, {"error": {"code": 190, "error_subcode": 463, "message": "Session has expired."}})
    error.attempted = "GET http://graph.test/v26.0/act_1/ads"
    error.attempts = 2
    sentence = str(error)
    assert sentence.startswith("GET http://graph.test/v26.0/act_1/ads failed: Session has expired (code 190/463")
    assert "2 attempts" in sentence
    assert sentence.endswith(error.advice)


def test_an_error_hides_credentials_and_survives_pickling():
    register_secret("plain-secret-value")
    body = {"error": {"code": 190, "message": "Malformed access token plain-secret-value access_token=abc123"}}
    error = classify(400, json.dumps(body))
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301
    for shown in (str(error), repr(error), error.message, str(error.args), str(copy), repr(copy)):
        assert "plain-secret-value" not in shown
        assert "abc123" not in shown
    assert (copy.error_type, copy.code, str(copy)) == (error.error_type, 190, str(error))


def test_a_malformed_record_error_survives_pickling():
    error = MalformedRecordError("Ad", "id", "is missing")
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert isinstance(copy, GraphApiError)
    assert (copy.record, copy.field, copy.error_type) == ("Ad", "id", "data")
