"""
Parts that every page of the console shares.

    session.py              the signed-in member of staff, looked up in every run; this process's services
    acting.py               commands from a page, with permissions checked again at the click
    flash.py                flash messages
    form_drafts.py          form drafts, for optimistic concurrency between two editors
    widget_state.py         widget values that survive a change of page
    change_polling.py       polls for changes and reruns an open page
    error_boundary.py       error boundary around a page
    run_recorder.py         one row of the request log for each run of a page
    badge.py                the number of waiting requests
    sound.py                a notification sound for new requests
    pager.py                cursor pagination
    markdown.py             escapes Markdown in user input
    api_key_usage.py        when an API key was last used
    sign_in_session_row.py  one active session, with a button that ends it
"""
