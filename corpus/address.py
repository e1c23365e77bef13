"""Which network addresses are public, so that a page to collect is no way into the operator's network."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable

Resolve = Callable[[str, int], list[str]]
"""Maps a host and a port to the addresses the host has; OSError where it has none."""

_NEVER = tuple(
    ipaddress.ip_network(network)
    for network in (
        "100.64.0.0/10",  # carrier-grade NAT
        "192.0.0.0/24",  # protocol assignments
        "192.88.99.0/24",  # 6to4 relays
        "168.63.129.16/32",  # a cloud's own service for its machines, at a public address
        "2001::/32",  # Teredo: holds an IPv4 address of somebody's choice
        "2002::/16",  # 6to4: likewise
        "64:ff9b:1::/48",  # NAT64 of a local network
        "fec0::/10",  # site-local
    )
)
"""Not public, whatever the version of `ipaddress` says of them."""
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""What a network with IPv6 only makes of IPv4 addresses: as public as the last 32 bits."""


def resolve(host: str, port: int) -> list[str]:
    """The addresses of `host` by this machine's resolver; OSError where there are none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(item[4][0]) for item in found))


def is_public(address: str) -> bool:
    """Whether `address` (IPv4 or IPv6, as text) can be reached by everybody.

    Private, loopback, link-local, shared, multicast, reserved and documentation addresses are not, nor
    is IPv6 that only wraps an IPv4 address. False for what is no address.
    """
    try:
        # An address with a zone ("fe80::1%eth0") is one of a network card.
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None or ip.scope_id is not None:
            return False
        if ip in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
    if ip.is_multicast or ip.is_reserved or ip.is_unspecified or not ip.is_global:
        return False
    return not any(ip in network for network in _NEVER if network.version == ip.version)


def is_loopback(address: str) -> bool:
    """Whether `address` is of this machine itself."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
