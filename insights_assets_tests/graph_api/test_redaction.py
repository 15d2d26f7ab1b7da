import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights_assets.graph_api.redaction import RedactingFilter, redact, register_secret


@pytest.mark.parametrize(
    "text",
    [
        "https://graph.test/me?access_token=TOPSECRET&limit=1",
        "limit=1&appsecret_proof=TOPSECRET",
        "Authorization: Bearer TOPSECRET",
        "{'authorization': 'bearer TOPSECRET'}",
        '{"access_token": "TOPSECRET", "limit": 1}',
        "{'access_token': 'TOPSECRET'}",
        "next=https%3A%2F%2Fx%3Faccess_token%3DTOPSECRET",
        "ACCESS_TOKEN=TOPSECRET",
    ],
)
def test_known_shapes_are_masked(text):
    assert "TOPSECRET" not in redact(text)
    assert "[redacted]" in redact(text)


def test_ordinary_text_stays():
    text = "GET act_1/insights limit=500 after=QVFI; the bearer of bad news"
    assert redact("act_1 limit=500") == "act_1 limit=500"
    assert "limit=500 after=QVFI" in redact(text)


def test_redacting_twice_changes_nothing():
    once = redact("access_token=abc&x=1 Bearer abc")
    assert redact(once) == once


@given(
    st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=8),
    st.text(max_size=20),
    st.text(max_size=20),
)
def test_a_registered_value_never_shows(secret, before, after):
    register_secret("SECRET:" + secret)
    assert "SECRET:" + secret not in redact(before + "SECRET:" + secret + after)


def test_empty_and_short_values_are_not_registered():
    register_secret(None)
    register_secret("")
    register_secret("abc")
    assert redact("abc and more") == "abc and more"


def test_the_filter_masks_message_arguments_and_traceback(caplog):
    register_secret("value-in-a-traceback")
    logger = logging.getLogger("graph_api_redaction_test")
    filter_ = RedactingFilter()
    logger.addFilter(filter_)
    try:
        with caplog.at_level(logging.INFO):
            logger.info("asked %s with %d", "http://x?access_token=HIDDEN1", 3)
            try:
                raise ValueError("value-in-a-traceback")  # noqa: TRY301
            except ValueError:
                logger.exception("Bearer HIDDEN2")
    finally:
        logger.removeFilter(filter_)
    assert "asked http://x?access_token=[redacted] with 3" in caplog.text
    for secret in ("HIDDEN1", "HIDDEN2", "value-in-a-traceback"):
        assert secret not in caplog.text
