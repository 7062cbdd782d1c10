"""
The console's pages. Streamlit runs each file by path; its name is the address, `my_page.py` is /page.

    requests.py     pending requests
    today.py        today's and tomorrow's lessons, and what needs attention
    bookings.py     lists of bookings, and one in full
    times.py        a coach's weekly hours, single days and time zone
    preferences.py  a coach's preferences
    my_page.py      a coach's public page
    people.py       staff accounts
    gym.py          the gym's texts, rules and lesson types
    images.py       the image library
    content.py      campaigns and the shop
    outbox.py       the outbox
    log.py          the audit log
    alerts.py       incidents and alert rules
    guide.py        the guide, and practice requests
    account.py      one's own password, sessions and API keys
    monitoring/     the monitor's pages
"""
