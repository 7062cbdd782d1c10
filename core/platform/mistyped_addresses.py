"""Suggestions for mistyped mail domains, by edit distance: a hint to look once more, never a refusal."""

# Where most families have their mailbox; a domain one edit away from one of these is likely meant to be it.
DOMAINS = ("gmail.com", "hotmail.com", "yahoo.com", "outlook.com", "icloud.com", "aol.com", "comcast.net", "live.com")
# Real domains one letter away from those: whoever has an address there is not asked whether she has mistyped it.
REAL_NEIGHBOURS = {"ymail.com", "email.com", "mail.com", "gmx.com", "me.com", "mac.com", "fmail.com", "hotmail.co.uk"}
# Registered by others than the owner of the right domain, or by nobody: families have asked for lessons with each.
COMMON_MISTAKES = {
    "gmial.com": "gmail.com",
    "gmai.com": "gmail.com",
    "gnail.com": "gmail.com",
    "googlemail.con": "googlemail.com",
    "hotmial.com": "hotmail.com",
    "hotmal.com": "hotmail.com",
    "yaho.com": "yahoo.com",
    "outlok.com": "outlook.com",
    "iclould.com": "icloud.com",
}
# Top-level domains with a slip of the finger.
ENDINGS = {
    "con": "com",
    "cmo": "com",
    "ocm": "com",
    "comm": "com",
    "vom": "com",
    "xom": "com",
    "nte": "net",
    "ogr": "org",
}


def likely_meant(address: str) -> str | None:
    """The suggested correction of an address; None where it looks right."""
    local, _, domain = address.strip().rpartition("@")
    meant = _domain_meant(domain.lower())
    return f"{local}@{meant}" if local and meant and meant != domain.lower() else None


def _domain_meant(domain: str) -> str | None:
    """By the lists first, then by the ending, then by edit distance."""
    if domain in DOMAINS or domain in REAL_NEIGHBOURS:
        return None
    if domain in COMMON_MISTAKES:
        return COMMON_MISTAKES[domain]
    name, _, ending = domain.rpartition(".")
    if name and ending in ENDINGS:
        ended = f"{name}.{ENDINGS[ending]}"
        return _domain_meant(ended) or ended
    return next((right for right in DOMAINS if _is_one_slip_away(domain, right)), None)


def _is_one_slip_away(typed: str, right: str) -> bool:
    """Whether the edit distance (Damerau-Levenshtein) is one: a letter missing, added, wrong, or two transposed."""
    if typed[:1] != right[:1] or abs(len(typed) - len(right)) > 1:
        return False
    slips = {right[:at] + right[at + 1 :] for at in range(len(right))}
    slips |= {right[:at] + right[at + 1] + right[at] + right[at + 2 :] for at in range(len(right) - 1)}
    if typed in slips or right in {typed[:at] + typed[at + 1 :] for at in range(len(typed))}:
        return True
    return len(typed) == len(right) and sum(a != b for a, b in zip(typed, right, strict=True)) == 1
