"""
The console, staff only: Streamlit pages and the staff's JSON API over core, one ASGI application in one process.

    app.py       Streamlit's entry script: the session, the navigation, the page
    web/         the ASGI application: routes, sign-in, cookies, the JSON API, uploads
    widgets/     parts that every page shares: session, flash messages, drafts, change polling, error boundary
    bookings/    requests, bookings and their mail, as parts of pages
    photos/      upload, preview and cropping of photos, as parts of pages
    monitoring/  parts of the monitoring pages: range, cached queries, panels, traces
    alerts/      incidents, alert rules, and the console's watchdog
    app_pages/   the pages, one file each
    guide/       the guide's chapters, a Markdown file each
"""
