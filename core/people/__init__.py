"""Staff: `accounts`, `passwords`, `sessions`, `sign_in` (by password or mailed link). Parents have no account."""
