"""
A booking's state machine: one module a transition, and what reads bookings.

The transitions:

    requests.py      – → PENDING, or APPROVED where no approval is needed
    decisions.py     PENDING → APPROVED, DENIED
    expiry.py        PENDING → EXPIRED
    cancellation.py  PENDING, APPROVED → CANCELLED
    override.py      DENIED, EXPIRED → APPROVED, by an admin
    transition.py    the conditional update behind them all
    history.py       the history: one row a change
    holds.py         the hold that keeps a coach's time

What they check and say:

    models.py                 bookings, holds, history, replaced links
    lesson_request.py         the form of a request, validated
    request_limits.py         rate limits by network and by coach; confirmation by mail above them
    unconfirmed_requests.py   the table of requests that wait for their family's confirmation
    slots.py                  free slots from the database
    permissions.py            who may change a booking
    form_conflicts.py         optimistic concurrency between a page and what is stored
    cancellation_terms.py     terms of cancelling
    approval_warnings.py      what must be confirmed before a request is approved
    outside_hours.py          lessons outside their coach's hours
    ended_errors.py           errors about bookings that have ended
    sentences.py              names and reasons, as text
    mails.py                  a booking's mails, written to the outbox
    request_notifications.py  a coach's mails about requests: single ones, then a roll-up an hour
    disabled_coach_mail.py    mails of a coach who has left, to the admins instead

What reads and notes:

    queries.py           bookings, looked up
    lists.py             searchable lists for staff, with cursor pagination
    access_scope.py      access scope: whose bookings an account sees
    open_commitments.py  open requests and lessons of a coach or a lesson type
    mail_status.py       delivery status of the mail to a family
    attendance.py        whether a lesson was taught
    notes.py             private notes of staff about a booking
    retention.py         anonymisation of old bookings
"""
