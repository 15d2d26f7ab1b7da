"""A simulator of Meta's Graph and Marketing API: a seeded world, and a real HTTP server that tells of it."""

from insights_assets.sandbox.app import DEFAULT_TOKEN, SCENARIOS, create_app
from insights_assets.sandbox.fault_catalog import CATALOG
from insights_assets.sandbox.faults import Fault
from insights_assets.sandbox.planting import fault
from insights_assets.sandbox.server import Sandbox, running_sandbox, serve
from insights_assets.sandbox.usage import Budget
from insights_assets.sandbox.world import World

__all__ = [
    "CATALOG",
    "DEFAULT_TOKEN",
    "SCENARIOS",
    "Budget",
    "Fault",
    "Sandbox",
    "World",
    "create_app",
    "fault",
    "running_sandbox",
    "serve",
]
