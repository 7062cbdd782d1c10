"""
The console, staff only: a thin skin over core, in one process of its own.

    server options       the ASGI application: our routes beside Streamlit's; every option of Streamlit, set in code
    gate cookies         nobody gets a page or a websocket without a live session
    sign_in api          sign-in by password or mailed link; JSON for the staff's own programs
    app session watch    Streamlit's entry; who is signed in, asked anew in each run; what has changed meanwhile
    badge                how many wait for an answer
    said whose           what a button brought about; which coach a page is about
    inert                what somebody typed is never Markdown
    app_pages/           one file a page
"""
