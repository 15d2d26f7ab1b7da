"""A client of Meta's Graph API that says what failed, loses no page and shows no token."""

from insights_assets.graph_api.client import GraphClient
from insights_assets.graph_api.currency import minor_units, to_major
from insights_assets.graph_api.errors import ErrorRule, GraphApiError, MalformedRecordError, classify
from insights_assets.graph_api.records import Action, Ad, AdAccount, AdSet, Campaign, Creative, InsightRow
from insights_assets.graph_api.redaction import RedactingFilter, redact, register_secret
from insights_assets.graph_api.transport import DEFAULT_BASE_URL, DEFAULT_VERSION, Transport

__all__ = [
    "DEFAULT_BASE_URL",
    "DEFAULT_VERSION",
    "Action",
    "Ad",
    "AdAccount",
    "AdSet",
    "Campaign",
    "Creative",
    "ErrorRule",
    "GraphApiError",
    "GraphClient",
    "InsightRow",
    "MalformedRecordError",
    "RedactingFilter",
    "Transport",
    "classify",
    "minor_units",
    "redact",
    "register_secret",
    "to_major",
]
