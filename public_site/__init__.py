"""
The public site: HTTP in, core's commands out. Anonymous: no staff session exists here, and no cookie at all.

    app.py              the ASGI application factory
    routes.py           every route, each with its access policy
    policy.py           access policies: CSRF check, content type, bearer token, rate limit
    rate_limits.py      rate limits by network address, in memory
    errors.py           exception handlers: an error page, or a problem document under /api
    transact.py         reads and transactions, run from the event loop
    page_cache.py       page cache: versioned entries, ETag and conditional GET
    templating.py       Jinja2 templates, and fingerprinted static files
    forms.py            parser of posted forms
    coaches.py          home, the list of coaches, one coach
    free_times_page.py  the free times of a week
    lesson_form.py      the booking form
    form_replays.py     idempotent replay of a form that was sent before
    bookings.py         create, show and cancel a booking; its calendar file
    confirmations.py    e-mail confirmation of a request that holds no time yet
    approval_page.py    the coach's approval link
    rehearsals.py       the approval link of a practice request
    unsubscribe.py      one-click unsubscribe for coaches (RFC 8058)
    calendar_feed.py    a coach's iCalendar feed
    shop.py             the shop
    media.py            renditions of photos
    api.py              the JSON API
    schemas.py          models of the API's bodies and answers
    openapi.py          the API's OpenAPI document
    cron.py             the sweep as an HTTP endpoint, for hosts with cron and no worker
    health.py           liveness and readiness
    metrics.py          Prometheus metrics
    browser_beacon.py   browser errors and web vitals
"""
