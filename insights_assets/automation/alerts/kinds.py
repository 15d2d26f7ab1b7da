"""The kinds of alert as data: what each means, what opens and ends it, what to do; `docs/alerts.md` shows the table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One kind of alert.

    Attributes:
        name: as in the column `kind`.
        subject: what one alert of it is about.
        meaning: what is the matter.
        opens: the condition, thresholds by their names in the settings.
        severity: how bad, by what.
        ends: when it resolves by itself.
        advice: what to do.
        findings: anomaly types that open it, for those that come from findings.
    """

    name: str
    subject: str
    meaning: str
    opens: str
    severity: str
    ends: str
    advice: str
    findings: tuple[str, ...] = ()


_FINDING_ENDS = "the newest judged week of its level has no such finding with status new"
_FINDING_SEVERITY = "the finding's"
_FINDING_OPENS = "a new finding of the newest judged week, at least as severe as `finding_severity`"

_ALL = (
    Kind(
        "spend_anomaly",
        "a campaign, ad set or ad and the type of finding",
        "Spend left its own baseline, in either direction, or delivery stopped.",
        _FINDING_OPENS,
        _FINDING_SEVERITY,
        _FINDING_ENDS,
        "Look for a changed budget or bid, a new ad set, a rejected ad or a card that was declined; acknowledge the "
        "finding when it was intended.",
        ("spend_spike", "spend_drop", "zero_spend", "zero_impressions", "delivery_gap"),
    ),
    Kind(
        "cost_spike",
        "a campaign, ad set or ad and the type of finding",
        "Results became much more expensive, fewer or worth less, or spend brings none any more.",
        _FINDING_OPENS,
        _FINDING_SEVERITY,
        _FINDING_ENDS,
        "Read likely_triggers of the finding first; with zero results test the pixel or form before the ad.",
        ("cpr_spike", "zero_results", "results_drop", "roas_drop", "level_shift"),
    ),
    Kind(
        "ctr_drop",
        "a campaign, ad set or ad",
        "The click rate fell below its own baseline by more than its noise.",
        _FINDING_OPENS,
        _FINDING_SEVERITY,
        _FINDING_ENDS,
        "Refresh the creative, or widen the audience when frequency rose with it.",
        ("ctr_drop",),
    ),
    Kind(
        "roas_below_target",
        "an account",
        "Purchase campaigns bring back less than the account's target.",
        "value of purchases / spend (both summed over the campaigns whose primary family is purchase and over the last "
        "`roas_weeks` complete weeks) is below `target_roas`; spend is at least `roas_min_spend`; and on target so few "
        "purchases would come with a chance of at most `roas_chance`. Campaigns whose purchases Meta gives no value "
        "for are left out. `target_roas` is 0 (off) until it is set",
        "critical below half of the target, high below three quarters, else medium",
        "the ratio of the newest complete weeks no longer meets the condition",
        "See worst_campaigns in the evidence. Weeks that are not settled lack late conversions: the evidence says "
        "unsettled; wait where the ratio is only just below.",
    ),
    Kind(
        "high_frequency",
        "an ad set",
        "The same people saw the ads of an ad set again and again within one week.",
        "frequency of the newest complete week, as Meta serves it, is at least `frequency`, with at least "
        "`frequency_min_impressions` impressions",
        "critical from twice the threshold, high from 1.4 times, else medium",
        "the newest complete week is below it",
        "Widen the audience, rotate creatives or cut the budget.",
    ),
    Kind(
        "audience_exhausted",
        "a campaign, ad set or ad",
        "Hardly anybody new is reached although the money goes on.",
        _FINDING_OPENS,
        _FINDING_SEVERITY,
        _FINDING_ENDS,
        "Widen the audience or exclude those who have converted; a new creative alone reaches the same people.",
        ("reach_saturation",),
    ),
    Kind(
        "budget_depleted",
        "a campaign or ad set",
        "A lifetime budget is used up while the entity is still active.",
        "spend of all weeks in the lake is at least `budget_share` of the lifetime budget. Spend before the first week "
        "in the lake is not counted, so it may come late, never early",
        "high when nothing is left, else medium",
        "the budget was raised or the entity is no longer active",
        "Raise the budget, or let it end on purpose and acknowledge.",
        ("budget_depleted",),
    ),
    Kind(
        "burnout_critical",
        "an ad",
        "The ad will most likely cost more than 1.2 times its 4-week median within two weeks.",
        "risk level critical in the newest judged week, at either horizon",
        "high",
        "the newest judged week says less",
        "Prepare a replacement; see top_drivers.",
    ),
    Kind(
        "check_failed",
        "a table and its check, in an account",
        "An asset check is red: rows were refused, or numbers do not agree.",
        "any partition of the account whose newest verdict failed; for a check without partitions its newest run",
        "high when it blocks what is downstream (ERROR), low for a warning (WARN)",
        "every partition passes",
        "Read `check_results` and `quarantine` of the account, mend the cause, run the weeks again.",
    ),
    Kind(
        "sync_failed",
        "an account and the type of error",
        "The account cannot be read.",
        "a step failed `sync_failures` times running on the same week in the last 7 days; once is enough for "
        "token_invalid, permission and api_version, which no repetition heals",
        "critical for token_invalid, permission and api_version, else high",
        "the account was synced and no step is in that state any more",
        "Do what the message says (docs/errors.md); blocked accounts resume by themselves.",
    ),
    Kind(
        "slow_sync",
        "an account",
        "Reading the account takes much longer than it used to.",
        "the newest run of the raw steps took at least `slow_sync_factor` times the median of at least 4 earlier runs "
        "over as many weeks in the last 14 days, and at least `slow_sync_min_s` seconds",
        "medium from twice the factor, else low",
        "a newer run is fast again",
        "Look at `requests` and `attempts` in `sync_log`: more ads, smaller pages, or a limit that slows down.",
    ),
    Kind(
        "rate_limit_storm",
        "the instance",
        "Meta blocks many requests at once.",
        "at least `rate_limit_blocks` steps were blocked in the last hour",
        "critical when ten or more accounts are, else high",
        "an hour has fewer",
        "Fewer workers or accounts at once, or a higher tier for the app; a storm over one business's accounts is "
        "that business's limit.",
    ),
    Kind(
        "error_share",
        "the instance",
        "Too large a part of the work fails.",
        "more than `error_share` of the steps (one each for an account and week) that ended in the last 24 hours "
        "failed, of at least `error_min_steps`",
        "high from four times the threshold, else medium",
        "the share is below it",
        "`insights status` names the failures; the same error everywhere is a token, a version or the network.",
    ),
    Kind(
        "run_failed",
        "a job and its account",
        "A Dagster run failed for a reason that neither `sync_log` nor a check tells: killed, out of memory, a bug.",
        "the run-failure sensor saw it",
        "high",
        "a later run of the job on the account succeeded, or 3 days went by without another failure",
        "Open the run in the UI; run it again, and with fewer weeks when memory was short.",
    ),
)
KINDS: dict[str, Kind] = {kind.name: kind for kind in _ALL}
OF_FINDINGS: dict[str, str] = {finding: kind.name for kind in _ALL for finding in kind.findings}
