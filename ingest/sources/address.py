"""Web addresses: which are accepted in a list, and where a redirect may lead."""

import ipaddress
import socket

import httpx2

from ingest.errors import SourceMissing, UnreadableDocument

_WEB = ("http", "https")


def parse_addresses(text: str, place: str) -> list[str]:
    """Read a list of addresses, one a line; empty lines and lines from `#` on are left out.

    Returns:
        The addresses without fragment, sorted, each once.

    Raises:
        SourceMissing: A line is no address, as when a server sends an error page for the list, or
            there is none. `place` names the list in the message.
    """
    found: set[str] = set()
    for number, line in enumerate(text.splitlines(), start=1):
        # A comment begins a line or follows a blank; inside an address `#` begins a fragment.
        address = line.split(" #")[0].strip().removeprefix("\ufeff")
        if address and not address.startswith("#"):
            found.add(check_address(address, f"{place}, line {number}"))
    if not found:
        raise SourceMissing(f"{place} names no address; write one a line")
    return sorted(found)


def check_address(address: str, place: str) -> str:
    """Check an address and take off its fragment.

    Raises:
        SourceMissing: It is not of http or https, or holds a password.
    """
    try:
        url = httpx2.URL(address)
    except httpx2.InvalidURL as error:
        raise SourceMissing(f"{place}: {address!r} is no address: {error}") from error
    if url.scheme not in _WEB or not url.host:
        raise SourceMissing(f"{place}: {address!r} is not an http or https address")
    if url.userinfo:
        raise SourceMissing(
            f"{place}: the address on {url.host} holds a password, which would be shown; take it out"
        )
    return address.partition("#")[0]


def host_of(address: str) -> str:
    """Name the host of an address."""
    return httpx2.URL(address).host


def check_target(target: httpx2.URL, named_hosts: frozenset[str]) -> None:
    """Check where a request goes, before it is sent.

    A host that the operator did not write down must not have a private address: a redirect or a
    list from the outside world could otherwise have an internal server read into the index. The
    name is looked up here and once more when it is asked; a name server that answers differently
    the second time is not caught.

    Raises:
        UnreadableDocument: It goes to another scheme or into a private network.
        SourceMissing: The host is not found.
    """
    if target.scheme not in _WEB:
        raise UnreadableDocument(
            f"redirects to a {target.scheme!r} address; only http and https are followed"
        )
    if target.host in named_hosts:
        return
    try:
        found = socket.getaddrinfo(target.host, target.port or target.scheme, type=socket.SOCK_STREAM)
    except OSError as error:
        raise SourceMissing(f"host {target.host!r} is not found: {error}") from error
    for *_, address in found:
        if not _is_public(str(address[0])):
            raise UnreadableDocument(
                f"leads to {target.host}, which is in a private network; write that address down yourself if it is meant"
            )


def _is_public(address: str) -> bool:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return (mapped or parsed).is_global and not parsed.is_multicast
