"""
Requests, bookings and their mail, as parts of the console's pages.

    request_card.py     a pending request with its answers
    booking_detail.py   one booking in full: facts, history, mails, actions
    booking_link.py     a button that opens a booking's detail from any page
    booking_filters.py  search and filters above a list
    coach_picker.py     which coach a page is about
    week_chart.py       a week's lessons as a chart and a list
    family_mail.py      delivery status of mail to a family, and how to repair it
    mail_log.py         the status of one outbox message, as a sentence
    needs_attention.py  an admin's to-do list: undeliverable staff mail, coaches without mail, bookings of disabled coaches
    rehearsal.py        a practice request
"""
