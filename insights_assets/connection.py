"""Which server and which token an account is read with: live, or the sandbox over real HTTP.

Belongs here: modes and token references. Does not belong here: requests (`graph_api/`), the simulator (`sandbox/`).
"""

import atexit
import os
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from insights_assets.graph_api.client import GraphClient
from insights_assets.graph_api.redaction import register_secret
from insights_assets.sandbox.scenarios import SCENARIOS
from insights_assets.sandbox.server import running_sandbox
from insights_assets.settings import SANDBOX_TOKEN, Settings, SettingsError

_embedded: dict[tuple[int, str], str] = {}


class Gateway:
    """Opens a client for an account of the registry, by the mode of the settings."""

    def __init__(self, settings: Settings, environment: Mapping[str, str] | None = None) -> None:
        self._settings = settings
        self._environment = os.environ if environment is None else environment
        register_secret(settings.token)
        register_secret(settings.app_secret)

    def client(self, account: Mapping[str, Any] | None = None) -> GraphClient:
        """Connect for one account's row of the registry, or with the general token (discovery) when None.

        Raises:
            SettingsError: live mode and no token to be found; the sentence says where it was looked for.
        """
        if self._uses_sandbox(account):
            url = self._settings.sandbox_url or embedded_sandbox(self._settings)
            return self._connect(url, SANDBOX_TOKEN, None)
        return self._connect(self._settings.graph_url, self._token(account), self._settings.app_secret)

    def _uses_sandbox(self, account: Mapping[str, Any] | None) -> bool:
        if self._settings.mode == "hybrid":
            return account is not None and account["source"] == "sandbox"
        return self._settings.mode == "sandbox"

    def _connect(self, url: str, token: str, app_secret: str | None) -> GraphClient:
        return GraphClient.connect(
            base_url=url,
            version=self._settings.graph_version,
            token=token,
            app_secret=app_secret,
            max_wait_s=self._settings.rate_limit_max_wait_s,
        )

    def _token(self, account: Mapping[str, Any] | None) -> str:
        name = account and account["token_env"]
        path = account and account["token_path"]
        if name:
            token = self._environment.get(name)
            if not token:
                raise SettingsError(f"Account {account['account_id']} takes its token from {name}, which is not set.")  # type: ignore[index]
            return token
        if path:
            return _token_file(Path(path))
        if not self._settings.token:
            raise SettingsError("No token: set META_ACCESS_TOKEN, or use INSIGHTS_MODE=sandbox to work without one.")
        return self._settings.token


def _token_file(path: Path) -> str:
    try:
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"The token file {path} cannot be read ({type(error).__name__}).") from error
    if not token:
        raise SettingsError(f"The token file {path} is empty; put the token alone into it.")
    return token


def embedded_sandbox(settings: Settings) -> str:
    """Start the simulator in this process, once, and return its URL; every process serves the same world.

    Raises:
        SettingsError: no such scenario.
    """
    seed, scenario = settings.sandbox_seed, settings.sandbox_scenario
    if scenario not in SCENARIOS:
        raise SettingsError(f"INSIGHTS_SANDBOX_SCENARIO is {scenario!r}; allowed are {', '.join(SCENARIOS)}.")
    if (seed, scenario) not in _embedded:
        stack = ExitStack()
        atexit.register(stack.close)
        server = stack.enter_context(running_sandbox(seed=seed, scenario=scenario, now=settings.now))
        _embedded[seed, scenario] = server.url
    return _embedded[seed, scenario]
