"""Mail addresses as mail servers write them."""

from email_validator import validate_email


def deliverable(address: str) -> str:
    """One address, with its domain in ASCII ("sam@xn--bcher-kva.example"). Raises ValueError for anything else."""
    checked = validate_email(address, check_deliverability=False, test_environment=True)
    return f"{checked.local_part}@{checked.ascii_domain}"
