"""
Operations: the sweep, periodic duties, backups, diagnosis, logging, and the command line.

    timetable.py        every pass and periodic duty, with its interval
    sweep.py            one pass over everything that is due
    duties.py           periodic duties, claimed as rows
    clock_jumps.py      sanity check of the system clock before each pass
    tidy_files.py       checkpoint of the write-ahead log; anonymization of copies
    names_in_copies.py  anonymization and retention of database copies and mail files
    audit_view.py       queries on the audit log, for the console
    doctor.py           diagnosis of an installation
    logs.py             structured logging, redacted
    processes.py        process supervisor of `spirit up`
    backup/             backup and restore
    cli/                the command line `spirit`
"""
