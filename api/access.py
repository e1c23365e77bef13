"""Who may do what the admin token allows."""

from __future__ import annotations

import hmac
from hashlib import sha256

from pydantic import SecretStr
from starlette.requests import HTTPConnection

from api import problem
from api.gate import Gate

WRONG_TOKENS = "10/minute;100/day"
"""How often one client may be wrong."""


class Access:
    """Compares what is shown with the admin token, in constant time, and not endlessly often."""

    def __init__(self, gate: Gate, token: SecretStr) -> None:
        self._gate = gate
        self._token = _digest(token.get_secret_value().strip())

    async def check(self, client: HTTPConnection, shown: str) -> None:
        """Raises ProblemError "unauthorized" where `shown` is not the token, "rate_limited" where `client`
        was wrong too often, even if it is right now."""
        await self._gate.limit(client, WRONG_TOKENS, "admin", count=False)
        if not hmac.compare_digest(_digest(shown), self._token):
            await self._gate.limit(client, WRONG_TOKENS, "admin")
            raise problem.unauthorized()


def _digest(token: str) -> bytes:
    # Of one length: the time that comparing takes does not tell how long the token is.
    return sha256(token.encode()).digest()
