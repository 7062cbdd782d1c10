"""
What knows nothing of a gym: the database and its transactions, settings, and small tools for text, files and the network.

The database:

    db.py               engines and transactions, on SQLite and PostgreSQL
    write_queue.py      FIFO queue of writers
    commit_outcome.py   COMMIT, with a connection lost over it resolved
    postgresql.py       PostgreSQL's timeouts
    database_in_use.py  readers-writer file lock on a SQLite database
    database_files.py   checkpoint of SQLite's write-ahead log
    orm.py              the declarative base, constraint names, the column type of an instant
    leases.py           claim and lease of rows, exponential backoff
    duty_rows.py        the table of periodic duties
    coalescing.py       coalescing runner

Settings and services:

    settings.py         settings from the environment or `.env`
    setting_values.py   validators of settings
    services.py         the services container
    clock.py            the system clock
    actor.py            who makes a change: account, role and channel, as one value
    signed_tokens.py    signed tokens, keyed hashes, random secrets
    storage.py          object storage: a folder or an S3 bucket
    disk.py             free and used disk space
    deadline.py         one limit on a whole conversation over the network
    outgoing_socket.py  TCP connect with a deadline
    failpoints.py       fault injection for tests

Text and forms:

    forms.py               form validation, and its messages
    text_cleaning.py       Unicode text normalisation
    contacts.py            e-mail addresses and phone numbers
    mistyped_addresses.py  suggestions for mistyped mail domains
    countries.py           the country of a time zone
    number_parsing.py      strict parsing of whole numbers
    csv_export.py          CSV export with a guard against formula injection
    html_fragments.py      text to HTML
    theme.py               design tokens
"""
