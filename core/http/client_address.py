"""Where a request came from, for counting."""

from ipaddress import IPv6Address, ip_address


def network_of(host: str) -> str:
    """The address; for IPv6 the network, since a household has billions of addresses; IPv4 in IPv6 is IPv4."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return host
    return str(address.ipv4_mapped or IPv6Address(int(address) >> 64 << 64))
