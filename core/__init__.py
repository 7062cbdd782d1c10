"""
The gym's rules: data, commands and queries. Knows no web, no Streamlit, no Huey and no DuckDB; time and services are arguments.

Who may import whom, each knowing only those below it (import-linter checks it):

    ops/          what an operator does: the command line, backups, the sweep, periodic duties, processes
    demo/         sample data: a small gym, a big one, drawn photos
    bootstrap.py  composition root: the services that every entry point starts with
    migrations/   the database's schema, and its guards
    http/         what site and console share over HTTP; for the fronts, never for a rule
    mail/         mails composed, and sent by SMTP, into a folder or to a webhook
    content/      campaigns by date, the shop
    rehearsals/   practice requests, which are no bookings
    alerts/       alert rules, incidents, notices
    staff/        invitations, roles, disabled accounts, sign-in links
    bookings/     a booking's state machine: request, decide, expire, cancel; free slots; lists
    outbox/       the outbox: messages, claims, retries
    schedule/     coaches, lesson types, hours, availability
    images/       photos: intake, renditions, delivery
    gym/          the gym's row of texts and rules; saved views; three-way merge of forms
    people/       accounts, sessions, passwords, API keys, authorization
    telemetry/    what processes record about themselves, in a store of its own; knows no rule and no table of the gym
    audit.py      the audit log
    platform/     what knows nothing of a gym: database, settings, clock, tokens, storage, forms, text
    errors.py     the exception hierarchy
    wording.py    times, durations and money formatted for people

Outside: core ← analytics ← tasks ← public_site, console. `public_site` and `console` never meet.
"""
