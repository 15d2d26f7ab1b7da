"""Which server and which token an account is read with: live, or the sandbox over real HTTP.

Belongs here: modes, token references, and what the clients of a process share (limits, what reports taught).
Does not belong here: requests (`graph_api/`), the simulator (`sandbox/`).
"""

import atexit
import hashlib
import os
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

from insights_assets.graph_api.client import GraphClient
from insights_assets.graph_api.limiter import Limiter
from insights_assets.graph_api.redaction import register_secret
from insights_assets.graph_api.report_memory import ReportMemory
from insights_assets.graph_api.shared_limits import BlockFile
from insights_assets.sandbox.scenarios import SCENARIOS
from insights_assets.sandbox.server import running_sandbox
from insights_assets.settings import SANDBOX_TOKEN, Settings, SettingsError

_embedded: dict[tuple[int, str], str] = {}


class Gateway:
    """Opens a client for an account of the registry, by the mode of the settings; one a process.

    Its clients share the limits of their token and what earlier reports taught. Processes of the machine tell each
    other of a blocked app through a file in `INSIGHTS_HOME/limits`.
    """

    def __init__(self, settings: Settings, environment: Mapping[str, str] | None = None, **options: Any) -> None:
        """Keep what clients are made with; `options` go to each of them (another clock, say)."""
        self._settings = settings
        self._options = options
        self._limiters: dict[str, Limiter] = {}
        self._memories: dict[str, ReportMemory] = {}
        self._environment = os.environ if environment is None else environment
        register_secret(settings.token)
        register_secret(settings.app_secret)

    def client(self, account: Mapping[str, Any] | None = None, *, now: datetime | None = None) -> GraphClient:
        """Connect for one account's row of the registry, or with the general token (discovery) when None.

        `now` is the instant that counts as now where the caller has a clock of its own: blocks end on that time line.

        Raises:
            SettingsError: live mode and no token to be found; the sentence says where it was looked for.
        """
        if self._uses_sandbox(account):
            url = self._settings.sandbox_url or embedded_sandbox(self._settings)
            return self._connect(url, SANDBOX_TOKEN, None, now)
        return self._connect(self._settings.graph_url, self._token(account), self._settings.app_secret, now)

    def can_read(self, account: Mapping[str, Any]) -> bool:
        """Whether a token for an account is at hand; the API is not asked."""
        try:
            return self._uses_sandbox(account) or bool(self._token(account))
        except SettingsError:
            return False

    def _uses_sandbox(self, account: Mapping[str, Any] | None) -> bool:
        if self._settings.mode == "hybrid":
            return account is not None and account["source"] == "sandbox"
        return self._settings.mode == "sandbox"

    def _connect(self, url: str, token: str, app_secret: str | None, now: datetime | None) -> GraphClient:
        usual: dict[str, Any] = {
            "max_wait_s": self._settings.rate_limit_max_wait_s,
            "limiter": self._limiter(url, token),
            "memory": self._memories.setdefault(url, ReportMemory()),
            "instant": _time_line(now or self._settings.now()),
        }
        return GraphClient.connect(
            base_url=url,
            version=self._settings.graph_version,
            token=token,
            app_secret=app_secret,
            **(usual | self._options),
        )

    def _limiter(self, url: str, token: str) -> Limiter:
        # The name of the file must tell tokens apart without telling one.
        name = hashlib.sha256(f"{url} {token}".encode()).hexdigest()[:16]
        if name not in self._limiters:
            self._limiters[name] = Limiter(BlockFile(self._settings.home / "limits" / f"{name}.json"))
        return self._limiters[name]

    def _token(self, account: Mapping[str, Any] | None) -> str:
        if account is not None and (name := account["token_env"]):
            token = self._environment.get(name)
            if not token:
                raise SettingsError(f"Account {account['account_id']} takes its token from {name}, which is not set.")
            return token
        if account is not None and (path := account["token_path"]):
            return _token_file(Path(path))
        if not self._settings.token:
            raise SettingsError("No token: set META_ACCESS_TOKEN, or use INSIGHTS_MODE=sandbox to work without one.")
        return self._settings.token


def _time_line(now: datetime) -> Callable[[], float]:
    """Seconds since the epoch that begin at `now`, which may stand for another time than the machine's."""
    ahead_s = now.timestamp() - time.monotonic()
    return lambda: ahead_s + time.monotonic()


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
