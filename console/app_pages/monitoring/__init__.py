"""
The monitor's pages, for admins.

    overview.py         health, key figures, and latency over time
    web_requests.py     latency and error rate by route; single requests
    database.py         database time, slow and repeated statements
    jobs_and_mail.py    task durations and outcomes, mail delivery
    errors.py           error groups
    booking_figures.py  the booking funnel, answer times, fill rate, attendance
    explorer.py         ad-hoc queries: a measure, a split, a filter, a chart
"""
