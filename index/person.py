"""People and chats under keyed hashes: nobody who has the data but not the key can tell who it is."""

from __future__ import annotations

import hmac
import ipaddress
import os
import secrets
import tempfile
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from index.settings import Settings

HASH_LENGTH = 64
"""Digits of a hash."""


def secret_key(settings: Settings) -> bytes:
    """The key of the hashes: the operator's, or a random one made once in `settings.data`.

    The file is readable by its owner only.
    """
    if settings.secret is not None:
        return settings.secret.get_secret_value().encode()
    path = settings.data / "secret"
    if not path.exists():
        settings.data.mkdir(parents=True, exist_ok=True)
        # Written aside (mode 0600) and linked into place: whoever comes second reads the first
        # one's key, never half of it.
        handle, name = tempfile.mkstemp(dir=settings.data, prefix=".secret-")
        try:
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_hex(32))
            with suppress(FileExistsError):
                os.link(name, path)
        finally:
            Path(name).unlink()
    return path.read_text().strip().encode()


def hashed(key: bytes, name: str) -> str:
    """What stands for `name`: HASH_LENGTH hexadecimal digits.

    Names say whose they are: `telegram:<id>` of a person or chat, `address:<ip>` of a client
    (see `client_name`).
    """
    return hmac.new(key, name.encode(), sha256).hexdigest()


def client_name(address: str) -> str:
    """The name of the client at the IP `address`; one with IPv6 has a /64 to itself, which counts once."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return f"address:{address}"  # a Unix socket, a test client
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return f"address:{ip.ipv4_mapped}"
        return f"address:{ipaddress.ip_network((ip, 64), strict=False)}"
    return f"address:{ip}"
