"""
Online backup of the gym into one file, and restore.

    making.py     back_up: a snapshot, made on the gym's own disk, then moved to where it was asked for
    archive.py    the file: a zip of backup.json, spirit.db and, if it was made here, the secret key
    restoring.py  restore: SQLite, checked under its final name before it is reported as restored
    renewal.py    what a restore ends and holds, on both databases; and the ids that are never given out again
    checking.py   integrity check of a database: pages, foreign keys, guards, schema, row counts

Whoever has the file has everything: links in mails that were sent go on working after a restore.
"""

from core.ops.backup.making import back_up
from core.ops.backup.renewal import renew
from core.ops.backup.restoring import after_restore, restore

__all__ = ["after_restore", "back_up", "renew", "restore"]
