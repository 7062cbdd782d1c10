"""
Mail: from a row of the outbox to a message on a server. What each kind of mail is: core/outbox/kinds.py.

From row to message, in this order:

    delivery.py             the delivery loop: claim, check, compose, send, record
    context_reader.py       reads a mail's context from the database
    mail_context.py         mail context: everything that one mail may say
    validity.py             whether a mail is still true
    facts.py                template facts, and the table of the functions that gather them
    to_parent.py            facts of mails to a parent
    to_coach.py             facts of mails to a coach about one booking
    to_coach_digests.py     facts of mails to a coach about several
    to_coach_rehearsals.py  facts of mails to a coach about a rehearsal
    to_staff.py             facts of sign-in mails and invitations
    to_admin.py             facts of alerts
    links.py                addresses that a mail leads to, signed or masked
    compose.py              the message: headers, text, HTML, calendar parts
    rendering.py            Jinja templates into subject, text and HTML
    calendar.py             iCalendar entries, files and feeds
    smtp_addresses.py       mail addresses as servers write them
    address_headers.py      mailbox headers that fold safely
    reply_to.py             the Reply-To header

Transports:

    transports.py     folder or SMTP, chosen by an address
    smtp.py           SMTP client with deadlines
    smtp_refusals.py  SMTP replies, classified into failures
    webhook.py        HTTP client of the alert webhook

Mails about several things, and mails that did not arrive:

    digest.py         what a digest lists
    daily_summary.py  when a coach's daily summary is due
    resend.py         a mail sent once more
    family_mail.py    repair of mail to a family: address corrected, sent again, called instead
    undelivered.py    lists of mail that could not be delivered
    outbox_admin.py   what admins do to the outbox by hand, with the audit log
"""
