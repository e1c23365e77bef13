"""Who is logged in at the desk: a signed cookie that ends by itself, or when its bearer logs out.

Every worker process knows every session: nothing of it is kept in memory.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import time
from pathlib import Path

from filelock import FileLock
from itsdangerous import BadSignature, Signer, TimestampSigner

from corpus.aside import replace_file

SECONDS = 8 * 3600
"""How long a session lasts: a working day."""
_LONGEST = 200
"""Characters of a cookie or form token that are looked at."""
_log = logging.getLogger("tanya.api")


class Sessions:
    """The sessions of the holders of one admin token. Safe to use from threads and processes."""

    def __init__(self, token: str, key: bytes, folder: Path) -> None:
        """`key` is this service's own secret; `folder` keeps the sessions that were logged out.

        A new token ends every session: the key of their signatures is made of both.
        """
        signing = hmac.digest(key, b"desk:" + token.encode(), hashlib.sha256)
        how = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
        self._cookies = TimestampSigner(signing, b"session", **how)  # type: ignore[arg-type]
        self._forms = Signer(signing, b"form", **how)  # type: ignore[arg-type]
        self._ended = folder / "desk.ended"

    def open(self) -> str:
        """The cookie of a new session."""
        return self._cookies.sign(secrets.token_urlsafe(16)).decode()

    def read(self, cookie: str | None) -> str | None:
        """The session that `cookie` proves; None where it proves none, or an ended one."""
        if not cookie or len(cookie) > _LONGEST:
            return None
        try:
            session = self._cookies.unsign(cookie, max_age=SECONDS).decode()
        except BadSignature:  # also one that is too old
            return None
        return None if session in self._read_ended() else session

    def close(self, session: str) -> None:
        """End `session`: who has copied its cookie cannot use it any more."""
        now = time.time()
        try:
            self._ended.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{self._ended}.lock", timeout=5):
                ended = {name: until for name, until in self._read_ended().items() if until > now}
                ended[session] = now + SECONDS
                lines = [f"{name} {until:.0f}\n" for name, until in ended.items()]
                replace_file(self._ended, "".join(lines))
        except (OSError, TimeoutError) as error:
            # The browser forgets its cookie all the same.
            _log.warning("%s cannot be written (%s): a copied cookie lives on.", self._ended, error)

    def form_token(self, session: str) -> str:
        """What the forms of `session` carry: another site cannot know it."""
        return self._forms.get_signature(session.encode()).decode()

    def sent_by(self, session: str, token: str) -> bool:
        """Whether a form with `token` is one of `session`."""
        if len(token) > _LONGEST or not token.isascii():
            return False
        return self._forms.verify_signature(session.encode(), token)

    def _read_ended(self) -> dict[str, float]:
        try:
            lines = self._ended.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return {}
        pairs = [line.split(" ") for line in lines]
        return {pair[0]: float(pair[1]) for pair in pairs if len(pair) == 2}
