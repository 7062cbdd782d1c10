"""
The public site: HTTP in, core's commands out. Anonymous: no staff session exists here, and no cookie at all.

    app routes              the application; every address on one screen, each with its policy
    coaches lessons         home, coaches, a coach, a week of free times, the form
    bookings approvals      the family's own page; the coach's link from the mail
    feeds                   a coach's calendar, behind a secret address
    api schemas openapi     JSON for programs, its models, and their description
    cron health             one sweep for cron, health for monitors
    policy rates errors     who may send what, how often, and what is said otherwise
    transact cache          a read, a command; pages that many people see alike
    templating              Jinja2, and static files under names that change with them
"""
