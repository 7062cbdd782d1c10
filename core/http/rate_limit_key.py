"""Client address or network of a request, as the key of rate limits."""

from ipaddress import IPv6Address, ip_address


def network_of(host: str) -> str:
    """Rate-limit key of an address: IPv4 as it is, IPv6 by network, since a household has billions; mapped IPv4 is IPv4."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return host
    return str(address.ipv4_mapped or IPv6Address(int(address) >> 64 << 64))
