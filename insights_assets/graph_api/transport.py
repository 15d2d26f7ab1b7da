"""One HTTP connection to the Graph API: authentication, retries and waiting for limits.

API page: https://developers.facebook.com/docs/graph-api/guides/secure-requests
"""

import hashlib
import hmac
import logging
import random
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from insights_assets.graph_api.backoff import TRANSIENT, Backoff
from insights_assets.graph_api.bodies import sound_body, unreachable
from insights_assets.graph_api.errors import GraphApiError
from insights_assets.graph_api.limiter import Limiter, Turn
from insights_assets.graph_api.redaction import guard_http_logs, redact, register_secret
from insights_assets.graph_api.usage import Usage, read_usage

logger = logging.getLogger(__name__)

DEFAULT_TIMEOUT: Final = httpx.Timeout(60, connect=10)
DEFAULT_BASE_URL: Final = "https://graph.facebook.com"
DEFAULT_VERSION: Final = "v26.0"


class Transport:
    """Sends requests until they give a sound JSON object or there is no point in going on.

    The token travels in a header only. With an app secret every request carries its proof.

    Args:
        base_url: Scheme and host, without the version.
        version: API version, such as ``v26.0``.
        token: Access token.
        app_secret: App secret; adds ``appsecret_proof``.
        client: An HTTP client to use; its owner closes it. None makes one that ``close`` closes.
        timeout: Timeouts of one request, in seconds.
        max_attempts: Tries of one request, the first included.
        max_wait_s: Longest wait for one rate limit, in seconds; a longer one fails at once with its length.
        limiter: The limits of the token, shared with other transports; None makes one for this transport alone.
        instant: Seconds on the time line of the limiter; ``clock`` when None.
        sleep: Waits the given seconds.
        rng: Source of the jitter.
        clock: Monotonic seconds.

    Raises:
        GraphApiError: token_invalid when the token is empty or cannot be a header.
    """

    def __init__(
        self,
        base_url: str,
        version: str,
        token: str,
        app_secret: str | None = None,
        *,
        client: httpx.Client | None = None,
        timeout: httpx.Timeout = DEFAULT_TIMEOUT,
        max_attempts: int = 6,
        max_wait_s: float = 3600,
        limiter: Limiter | None = None,
        instant: Callable[[], float] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        rng: random.Random | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        token = token.strip()
        register_secret(token)
        register_secret(app_secret)
        guard_http_logs()
        if not token or not token.isascii() or not token.isprintable():
            raise GraphApiError(
                "the access token is empty or holds characters that no token has",
                error_type="token_invalid",
                advice="Set META_ACCESS_TOKEN, or the account's own token, to the token alone.",
            )
        self.base_url = base_url.rstrip("/")
        self.version = version.strip("/")
        self.max_attempts = max(1, max_attempts)
        self.max_wait_s = max_wait_s
        self.sleep = sleep
        self.clock = clock
        self.requests = 0
        self.limited_s = 0.0
        self.usage = Usage()
        self.limiter = limiter or Limiter()
        self._instant = instant or clock
        self._rng = rng or random.Random()
        self._headers = {"Authorization": f"Bearer {token}"}
        self._proof: dict[str, str] = {}
        if app_secret:
            proof = hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
            register_secret(proof)
            self._proof = {"appsecret_proof": proof}
        self.host = urlsplit(self.base_url).netloc
        self._owns_client = client is None
        self._client = client or httpx.Client(timeout=timeout, verify=_trusted())

    def __repr__(self) -> str:
        """Where it points to; never the token."""
        return f"Transport({self.base_url}/{self.version})"

    def working_s(self) -> float:
        """Seconds on a clock that stands still while a rate limit is waited for."""
        return self.clock() - self.limited_s

    def rest(self, ladder: Backoff, attempt: int) -> None:
        """Waits as a ladder says after an attempt, counted from 1."""
        self.sleep(ladder.pause(attempt, self._rng))

    def close(self) -> None:
        """Closes the HTTP client unless it was handed in."""
        if self._owns_client:
            self._client.close()

    def get(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        account: str = "",
        needs: str = "",
        shrinkable: bool = False,
    ) -> dict[str, Any]:
        """Reads a node or a page of an edge.

        Args:
            path: Path below the version, such as ``act_1/campaigns``.
            params: Query parameters; complex values already as JSON text.
            account: The account that the call counts for, where the path does not begin with it.
            needs: A key that every sound answer has, such as ``data`` for an edge; without it, it is asked again.
            shrinkable: The caller can ask for a smaller page, so an error that may be cured by it is not retried here.

        Returns:
            The JSON object.

        Raises:
            GraphApiError: See its ``error_type``.
        """
        path = path.strip("/")
        return self._persist(_Call("GET", path, params or {}, account or _account_in(path), needs, shrinkable))

    def post(self, path: str, data: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Sends a form. A repeated one at worst starts a report that nobody reads.

        Args:
            path: Path below the version.
            data: Form fields.

        Returns:
            The JSON object.

        Raises:
            GraphApiError: See its ``error_type``.
        """
        path = path.strip("/")
        return self._persist(_Call("POST", path, data or {}, _account_in(path)))

    def _persist(self, call: "_Call") -> dict[str, Any]:
        attempt = 0
        refusal: GraphApiError | None = None
        while True:
            turn = self._take_turn(call.account, refusal)
            attempt += 1
            answer = self._send(call, turn)
            if not isinstance(answer, GraphApiError):
                return answer
            answer.attempts = attempt
            tries = (answer.ladder and answer.ladder.tries) or self.max_attempts
            if not answer.retryable or attempt >= tries or (call.shrinkable and answer.shrink):
                raise answer
            refusal = answer if answer.error_type == "rate_limited" else None
            if refusal is None:
                pause_s = (answer.ladder or TRANSIENT).pause(attempt, self._rng)
                logger.info("%s; attempt %d, waiting %.1f s", answer, attempt, pause_s)
                self.sleep(pause_s)

    def _take_turn(self, account: str, refusal: GraphApiError | None) -> Turn:
        """Waits until a call may be made.

        Raises:
            GraphApiError: The wait is too long: what this request was refused with, or what an earlier one was.
        """
        turn = self.limiter.turn(account, self._instant(), self.max_wait_s)
        if turn.refusal is not None:
            raise refusal or turn.refusal
        pause_s = max(turn.pace_s, turn.wait_s)
        if turn.wait_s > 0:
            # A little late rather than early: a call inside the block can prolong it.
            pause_s += self._rng.uniform(0, 1)
            logger.info("%s; waiting %.1f s", refusal or f"{account or 'the app'} is at its limit", pause_s)
        if pause_s > 0:
            self.limited_s += pause_s
            self.sleep(pause_s)
        return turn

    def _send(self, call: "_Call", turn: Turn) -> dict[str, Any] | GraphApiError:
        """One try. Errors are returned, not raised: no exception of the HTTP library is left as their context."""
        self.requests += 1
        sent = {**call.values, **self._proof}
        url = f"{self.base_url}/{self.version}/{call.path}"
        attempted = f"{call.method} {url}"
        try:
            response = self._client.request(
                call.method,
                url,
                params=sent if call.method == "GET" else None,
                data=sent if call.method == "POST" else None,
                headers=self._headers,
            )
        except (httpx.RequestError, httpx.InvalidURL) as failure:
            return unreachable(failure, self.base_url, attempted)
        self.usage = read_usage(response.headers)
        answer = sound_body(response, call.needs)
        if not isinstance(answer, GraphApiError):
            self.limiter.answered(call.account, self.usage, self._instant(), turn=turn)
            return answer
        answer.attempted = redact(attempted)
        if answer.error_type == "rate_limited":
            answer.retry_after_s = self.limiter.refused(call.account, answer, self.usage, self._instant())
        else:
            self.limiter.failed(call.account, self.usage, self._instant())
        return answer


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates that are trusted, read once a process: 30 ms, and each of a run's nine raw steps connects."""
    return httpx.create_ssl_context()


def _account_in(path: str) -> str:
    head = path.partition("/")[0]
    return head if head.startswith("act_") else ""


@dataclass(frozen=True, slots=True)
class _Call:
    method: str
    path: str
    values: Mapping[str, str]
    account: str
    needs: str = ""
    shrinkable: bool = False
