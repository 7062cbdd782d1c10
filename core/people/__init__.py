"""Staff: `accounts`, `passwords`, `sessions`, `sign_in` (by password or mailed link), and what admins do with `staff`."""
