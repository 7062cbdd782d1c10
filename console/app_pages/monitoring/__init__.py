"""The monitor's pages, one file a page, for admins."""
