"""
Coaches, lesson types, and when a coach teaches.

    models.py           coaches with their preferences, lesson types, weekly hours, date overrides
    availability.py     interval arithmetic: which starts are free
    refusal_reasons.py  why a start is not offered
    queries.py          coaches and lessons, looked up
    bookable.py         whether a coach or a lesson can still be booked
    hours.py            weekly hours and single days, changed
    hours_parsing.py    parser of hours as people write them
    preferences.py      notice, horizon, approval and mails, changed
    time_zones.py       time zones of coaches, changed
    coach_page.py       a coach's public page and lessons, changed
    lessons.py          lesson types, made and changed
    new_coach.py        a new coach's row and slug
"""
