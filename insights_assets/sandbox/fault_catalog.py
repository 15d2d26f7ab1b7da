"""Every fault that the simulator can play, by name: what it answers, where, and how often.

Codes and subcodes are those of Meta's error reference and of what users of other connectors reported.
API page: https://developers.facebook.com/docs/marketing-api/error-reference
"""

from collections.abc import Mapping
from typing import Any, Final

from insights_assets.sandbox import request_places as at
from insights_assets.sandbox.fault_kinds import (
    ASKING,
    EVERYWHERE,
    FOREVER,
    INSIGHTS,
    LISTS,
    OF_ONE_ACCOUNT,
    Effect,
    FaultKind,
)  # fmt: skip


def _transient(name: str, about: str, effect: Effect, **more: Any) -> FaultKind:
    return FaultKind(
        name, f"{about}; the same request succeeds the next time.", effect, share=0.3, in_storm=True, **more
    )


def _error(code: int, subcode: int | None = None, *, transient: bool | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "OAuthException", "code": code}
    if subcode is not None:
        found["error_subcode"] = subcode
    return found if transient is None else {**found, "is_transient": transient}


def _for_good(name: str, about: str, code: int, subcode: int | None, message: str, status: int = 400) -> FaultKind:
    return FaultKind(
        name, f"{about}: every call about one account fails, the others work.", "error", OF_ONE_ACCOUNT, status,
        _error(code, subcode), message, times=FOREVER, scope="account", one_account=True,
    )  # fmt: skip


_HICCUPS: Final = (
    _transient("http_500", "HTTP 500 with a page that is not JSON", "html", status=500),
    _transient("http_503", "HTTP 503 with a page that is not JSON", "html", status=503),
    _transient(
        "timeout", "No answer for `hang_s` seconds, then the connection closes", "hang", options={"hang_s": 75.0}
    ),
    _transient("connection_reset", "The connection closes before any answer", "reset"),
    _transient("truncated", "HTTP 200 whose body ends before its Content-Length", "truncate"),
    _transient("not_json", "HTTP 200 with a page that is not JSON", "html"),
    _transient("broken_data", "HTTP 200 whose `data` holds things that are not objects", "body",
               options={"body": '{"data":["oops",17,null],"paging":{}}'}),
    _transient("broken_paging", "HTTP 200 whose `paging` is not an object", "body", places=LISTS,
               options={"body": '{"data":[],"paging":["oops"]}'}),
    _transient("unknown_error", "Code 1 / 99", "error", status=500, error=_error(1, 99),
               message="An unknown error occurred"),
    _transient("unavailable", "Code 2", "error", status=500, error=_error(2, transient=True),
               message="(#2) Service temporarily unavailable"),
    _transient("reset_inside", "Code 104", "error", status=500, error=_error(104),
               message="Connection reset by peer"),
    _transient("request_timed_out", "Subcode 1504018", "error", places=ASKING, status=400, error=_error(2, 1504018),
               message="Your request timed out. Please try again"),
    _transient("batch_timeout", "Code 960 on `?ids=`", "error", places=frozenset({at.IDS}), status=400,
               error=_error(960), message="Request aborted. This could happen if a dependent request failed"),
)  # fmt: skip


def _limit(name: str, code: int, subcode: int | None, limit: str, message: str, **more: Any) -> FaultKind:
    label = f"{code} / {subcode}" if subcode else str(code)
    about = f"{label}, HTTP 400, with the wait in the headers; for `block_s` seconds all calls are refused."
    error = _error(code, subcode, transient=more.pop("transient", None))
    options = {"block_s": 0.0, "regain_min": 1, "after": 0, "tells": True, **more.pop("options", {})}
    return FaultKind(
        name, about, "lock", status=400, error=error, message=message, limit=limit, options=options,
        **{"places": OF_ONE_ACCOUNT, "scope": "account", "one_account": True, **more},
    )  # fmt: skip


_TOO_MANY: Final = "There have been too many calls from this ad-account. Wait a bit and try again."
_BUSINESS: Final = {
    80000: "ads_insights", 80001: "pages", 80002: "instagram", 80003: "custom_audience", 80004: "ads_management",
    80005: "leadgen", 80006: "messenger", 80008: "whatsapp_business_management", 80014: "catalog_batch",
}  # fmt: skip
_LIMITS: Final = (
    _limit("app_limit", 4, None, "app", "(#4) Application request limit reached", places=EVERYWHERE, scope="server",
           one_account=False, in_storm=True),
    _limit("user_limit", 17, None, "account", "(#17) User request limit reached"),
    _limit("page_limit", 32, None, "app", "(#32) Page request limit reached"),
    _limit("custom_limit", 613, None, "app", "(#613) Calls to this api have exceeded the rate limit."),
    _limit("burst", 613, 1487742, "account", "(#613) Calls to this api have exceeded the rate limit.",
           in_storm=True, options={"regain_min": 0}),
    _limit("blocked", 341, None, "app", "(#341) Feed action request limit reached", options={"regain_min": 0}),
    *(_limit(f"buc_{code}", code, None, kind, f"(#{code}) {_TOO_MANY}", in_storm=code in {80000, 80004})
      for code, kind in _BUSINESS.items()),
    _limit("buc_account_calls", 80004, 2446079, "ads_management", f"(#80004) {_TOO_MANY}", in_storm=True),
    _limit("account_block", 17, 2446079, "account", "Ad Account Has Too Many API Calls", transient=False,
           options={"block_s": 300.0}),
)  # fmt: skip

_READS: Final = (
    FaultKind("poll_race", "A run that was just made is not there yet: 100 / 33 for its first `times` polls.", "error",
              frozenset({at.REPORT_STATUS}), 400, {**_error(100, 33), "type": "GraphMethodException"},
              "Unsupported get request. Object with ID does not exist, cannot be loaded due to missing permissions",
              times=2, scope="path", in_storm=True),
    FaultKind("unreadable", "A completed run cannot be read yet: 2601 / 1815107 for its first `times` reads.", "error",
              frozenset({at.REPORT_ROWS}), 400, _error(2601, 1815107, transient=True),
              "Error accessing adreport job", times=2, scope="path", in_storm=True),
    FaultKind("summary_race", "Code 100 'Cannot include ... in summary param' for a run's first `times` reads.",
              "error", frozenset({at.REPORT_ROWS}), 400, _error(100),
              "(#100) Cannot include spend, impressions in summary param because they weren't there while creating "
              "the report run.", times=1, scope="path", in_storm=True),
)  # fmt: skip

_IDENTITY: Final = (
    _for_good("token_invalid", "190", 190, None, "Invalid OAuth access token - Cannot parse access token"),
    _for_good("token_expired", "190 / 463", 190, 463, "Error validating access token: Session has expired"),
    _for_good("token_password", "190 / 460", 190, 460,
              "Error validating access token: The session has been invalidated because the user changed the password"),
    _for_good("token_app_removed", "190 / 458", 190, 458,
              "Error validating access token: The user has not authorized application"),
    _for_good("session_over", "102", 102, None, "Session key invalid or no longer valid"),
    _for_good("permission_10", "10", 10, None, "(#10) Application does not have permission for this action", 403),
    _for_good("permission_200", "200", 200, None, "(#200) Ad account owner has NOT grant ads_read permission", 403),
    _for_good("permission_803", "803", 803, None, "(#803) Some of the aliases you requested do not exist"),
    _for_good("permission_100_33", "100 / 33", 100, 33, "Unsupported get request. Object does not exist, cannot be "
              "loaded due to missing permissions, or does not support this operation"),
    _for_good("restricted", "368", 368, None, "The action attempted has been deemed abusive or is disallowed"),
    _for_good("config_conflict", "100 / 2446289", 100, 2446289, "The report's settings conflict"),
    _for_good("delegate_page", "1 / 2853001 with a localized text", 1, 2853001,
              "El perfil no está vinculado a la página delegada"),
    FaultKind("version_expired", "2635, for one account or all; with `version`, for that version and older ones only.",
              "error", EVERYWHERE, 400, _error(2635),
              "(#2635) You are calling a deprecated version of the Ads API. Please update to the latest version",
              times=FOREVER, scope="account", one_account=True, options={"version": ""}),
)  # fmt: skip

_SIZES: Final = (
    FaultKind("reduce_entities", "Code 1 on an entity page that asks for more than `max_rows`; the cursor stays good.",
              "page_size", frozenset({at.EDGE, at.ACCOUNTS}), 500, _error(1),
              "Please reduce the amount of data you're asking for, then retry your request",
              times=FOREVER, share=0.5, options={"max_rows": 25}),
    FaultKind("reduce_insights", "100 / 1487534 on insights, at once or by a run, of over `max_cells` rows x fields.",
              "data_size", ASKING, 400, _error(100, 1487534),
              "Please reduce the amount of data you're asking for, then retry your request",
              times=FOREVER, options={"max_cells": 12_000}),
    FaultKind("old_start", "100 / 3018 when a range begins before `months` months ago in the account's zone.",
              "old_start", ASKING, 400, _error(100, 3018),
              "(#3018) The start date of the time range cannot be beyond 37 months from the current date",
              times=FOREVER, options={"months": 37}),
    FaultKind("unreportable_field", "100 for the whole request when it names the one field that cannot be reported.",
              "field", ASKING, 400, _error(100), "(#100) {field} is not valid for fields param. please check "
              "https://developers.facebook.com/docs/marketing-api/reference/ads-insights/ for all valid values",
              times=FOREVER, one_account=True, options={"field": "conversion_rate_ranking"}),
    FaultKind("owner_field", "200 for the whole request when it names `owner`, which needs business_management.",
              "field", frozenset({at.ACCOUNTS, at.ACCOUNT, at.EDGE}), 403, _error(200),
              "(#200) Requires business_management permission to manage the object", times=FOREVER,
              options={"field": "owner"}),
    FaultKind("poisoned_creative", "100 / 2446211 when object_story_spec is asked of one creative, on a page, by ids "
              "or alone; without the field it can be read.", "creative", frozenset({at.EDGE, at.IDS, at.NODE}), 400,
              _error(100, 2446211), "The object story spec of the creative is invalid", times=FOREVER,
              one_account=True, options={"field": "object_story_spec", "creative_id": ""}),
)  # fmt: skip

_SAME_TEXT: Final = "The report could not be generated. Please try again with a smaller date range or fewer fields"
_STARTS: Final = frozenset({at.REPORT_START})


def _job(name: str, about: str, effect: Effect = "job", **more: Any) -> FaultKind:
    return FaultKind(name, about, effect, _STARTS, **{"share": 0.5, "in_storm": True, **more})


_JOBS: Final = (
    _job("job_too_large", "Job Failed 2 / 1504038 for every run of more than `max_rows` rows.", "job_size",
         error=_error(2, 1504038), message=_SAME_TEXT, times=FOREVER, share=1.0, in_storm=False,
         options={"max_rows": 500}),
    _job("job_failed", "Job Failed 2 / 1504044, with the user text of 1504038; the next run of it succeeds.",
         error=_error(2, 1504044), message=_SAME_TEXT, options={"ends": "Job Failed"}),
    _job("job_skipped", "Job Skipped; the next run of it succeeds.", options={"ends": "Job Skipped"}),
    _job("job_never_starts", "A run stays at Job Not Started; the next run of it succeeds.", in_storm=False,
         options={"ends": "Job Not Started", "percent": 0}),
    _job("job_stuck", "A run stays at `percent` of Job Running; the next run of it succeeds.", in_storm=False,
         options={"ends": "Job Running", "percent": 37}),
    _job("job_lingers", "A run says 100 percent and Job Running for `polls` polls before it is completed.",
         options={"polls": 3}),
)  # fmt: skip

_ROWS: Final = (
    FaultKind("duplicate_rows", "A page of insights begins with the last row of the page before; the first page has a "
              "row twice.", "duplicate_rows", frozenset({at.INSIGHTS, at.REPORT_ROWS}), times=FOREVER, share=0.5),
    FaultKind("missing_key", "About one in `every` rows of an account's insights lacks the id of its level, always the "
              "same ones.", "missing_key", INSIGHTS, times=FOREVER, one_account=True, options={"every": 40}),
    FaultKind("sync_empty", "Insights at once are empty, HTTP 200, although there is spend; a run gives the rows.",
              "empty", frozenset({at.INSIGHTS}), times=FOREVER, one_account=True),
)  # fmt: skip


def _of_world(name: str, about: str, **options: Any) -> FaultKind:
    return FaultKind(name, f"{about} Labelled.", "world", OF_ONE_ACCOUNT, times=FOREVER, one_account=True,
                     options={"week": None, **options})  # fmt: skip


_WORLD: Final = (
    _of_world("zero_rows", "One week has no ad rows although the account's own total has spend.", weeks_ago=3),
    _of_world("parent_mismatch", "One campaign's weekly spend is `factor` times the sum of its ads'.", factor=1.25,
              weeks_ago=3),
    _of_world("late_restatement", "The `metric` of one week becomes `factor` times itself once a day is `from_age` "
              "days old.", factor=0.9, metric="spend", from_age=35, weeks_ago=6),
    _of_world("unknown_action_type", "Purchases come under one more `action_type` that nobody knows.",
              action_type="offsite_conversion.fb_pixel_purchase_v2", columns="purchases"),
    _of_world("zone_change", "The account's zone becomes `zone` from the Monday of `week` on.", zone="Asia/Tokyo",
              weeks_ago=1),
)  # fmt: skip

CATALOG: Final[Mapping[str, FaultKind]] = {
    kind.name: kind
    for kind in (*_HICCUPS, *_LIMITS, *_IDENTITY, *_READS, *_SIZES, *_JOBS, *_ROWS, *_WORLD)
}  # fmt: skip
