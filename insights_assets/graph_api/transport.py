"""One HTTP connection to the Graph API: authentication, retries and waiting for limits.

API page: https://developers.facebook.com/docs/graph-api/guides/secure-requests
"""

import hashlib
import hmac
import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from insights_assets.graph_api.bodies import sound_body
from insights_assets.graph_api.errors import GraphApiError
from insights_assets.graph_api.redaction import guard_http_logs, redact, register_secret
from insights_assets.graph_api.usage import Usage, read_usage

logger = logging.getLogger(__name__)

DEFAULT_TIMEOUT: Final = httpx.Timeout(60, connect=10)
DEFAULT_BASE_URL: Final = "https://graph.facebook.com"
DEFAULT_VERSION: Final = "v26.0"

# Faults of the request itself: sending it again cannot help.
_OUR_FAULT: Final = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)


@dataclass(frozen=True, slots=True)
class Backoff:
    """A full-jitter ladder: before try n+1 wait a random time below ``min(cap, base * 2**(n-1))``, all in seconds."""

    base_s: float
    cap_s: float

    def pause(self, attempt: int, rng: random.Random) -> float:
        """Seconds to wait after the given attempt, counted from 1."""
        return rng.uniform(0, min(self.cap_s, self.base_s * 2 ** min(attempt - 1, 30)))


TRANSIENT: Final = Backoff(base_s=0.5, cap_s=30)
# A limit without a header lasts minutes, so its ladder is slower than that of a hiccup.
LIMITED: Final = Backoff(base_s=4, cap_s=300)
# What to tell the caller when a limit outlasted every try and no header said how long it lasts.
UNKNOWN_LIMIT_S: Final = 300.0


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
        max_wait_s: Longest total wait of one request for a rate limit, in seconds.
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
        self.usage = Usage()
        self._rng = rng or random.Random()
        self._headers = {"Authorization": f"Bearer {token}"}
        self._proof: dict[str, str] = {}
        if app_secret:
            proof = hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
            register_secret(proof)
            self._proof = {"appsecret_proof": proof}
        self.host = urlsplit(self.base_url).netloc
        self._owns_client = client is None
        self._client = client or httpx.Client(timeout=timeout)

    def __repr__(self) -> str:
        """Where it points to; never the token."""
        return f"Transport({self.base_url}/{self.version})"

    def close(self) -> None:
        """Closes the HTTP client unless it was handed in."""
        if self._owns_client:
            self._client.close()

    def get(self, path: str, params: Mapping[str, str] | None = None, *, shrinkable: bool = False) -> dict[str, Any]:
        """Reads a node or a page of an edge.

        Args:
            path: Path below the version, such as ``act_1/campaigns``.
            params: Query parameters; complex values already as JSON text.
            shrinkable: The caller can ask for a smaller page, so an error that may be cured by it is not retried here.

        Returns:
            The JSON object.

        Raises:
            GraphApiError: See its ``error_type``.
        """
        return self._persist("GET", path, params or {}, shrinkable=shrinkable)

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
        return self._persist("POST", path, data or {}, shrinkable=False)

    def _persist(self, method: str, path: str, values: Mapping[str, str], *, shrinkable: bool) -> dict[str, Any]:
        attempt, waited_s = 0, 0.0
        while True:
            attempt += 1
            answer = self._send(method, path.strip("/"), values)
            if not isinstance(answer, GraphApiError):
                return answer
            answer.attempts = attempt
            if answer.error_type == "rate_limited" and answer.retry_after_s is None and attempt >= self.max_attempts:
                answer.retry_after_s = UNKNOWN_LIMIT_S
            if not answer.retryable or attempt >= self.max_attempts or (shrinkable and answer.shrink):
                raise answer
            pause_s = self._pause(answer, attempt)
            if answer.error_type == "rate_limited":
                waited_s += pause_s
                if waited_s > self.max_wait_s:
                    answer.retry_after_s = pause_s
                    raise answer
            logger.info("%s; attempt %d, waiting %.1f s", answer, attempt, pause_s)
            self.sleep(pause_s)

    def _pause(self, error: GraphApiError, attempt: int) -> float:
        if error.error_type != "rate_limited":
            return TRANSIENT.pause(attempt, self._rng)
        if error.retry_after_s is not None:
            # A little late rather than early: a call inside the block can prolong it.
            return error.retry_after_s + self._rng.uniform(0, 1)
        return LIMITED.pause(attempt, self._rng)

    def _send(self, method: str, path: str, values: Mapping[str, str]) -> dict[str, Any] | GraphApiError:
        """One try. Errors are returned, not raised: no exception of the HTTP library is left as their context."""
        self.requests += 1
        place = "query" if method == "GET" else "form"
        sent = {**values, **self._proof}
        attempted = f"{method} {self.base_url}/{self.version}/{path}"
        try:
            response = self._client.request(
                method,
                f"{self.base_url}/{self.version}/{path}",
                params=sent if place == "query" else None,
                data=sent if place == "form" else None,
                headers=self._headers,
            )
        except (httpx.RequestError, httpx.InvalidURL) as failure:
            return self._unreachable(failure, attempted)
        self.usage = read_usage(response.headers)
        answer = sound_body(response)
        if isinstance(answer, GraphApiError):
            answer.attempted = redact(attempted)
            if answer.error_type == "rate_limited" and self.usage.wait_s is not None:
                answer.retry_after_s = self.usage.wait_s
        return answer

    def _unreachable(self, failure: Exception, attempted: str) -> GraphApiError:
        ours = isinstance(failure, (*_OUR_FAULT, httpx.InvalidURL))
        reason = str(failure) or type(failure).__name__
        return GraphApiError(
            f"no usable answer from {self.base_url}: {reason}",
            error_type="network",
            action="stop" if ours else "retry",
            attempted=attempted,
            advice=f"Check that {self.base_url} is the right address and can be reached from here.",
        )
