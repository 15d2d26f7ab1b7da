"""Every record of the Graph API, in one place to import from."""

from insights_assets.graph_api.creatives import Creative
from insights_assets.graph_api.entities import ACCOUNT_STATUS, Ad, AdAccount, AdSet, Campaign
from insights_assets.graph_api.errors import MalformedRecordError
from insights_assets.graph_api.insight_rows import Action, InsightRow

__all__ = [
    "ACCOUNT_STATUS",
    "Action",
    "Ad",
    "AdAccount",
    "AdSet",
    "Campaign",
    "Creative",
    "InsightRow",
    "MalformedRecordError",
]
