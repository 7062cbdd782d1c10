"""
The console, staff only: a thin skin over core, in one process of its own.

    server options       the ASGI application: our routes beside Streamlit's; every option of Streamlit, set in code
    gate cookies         nobody gets a page or a websocket without a live session
    sign_in api          sign-in by password or mailed link; JSON for the staff's own programs
    schemas openapi      models of that JSON, and its description
    app session watch    Streamlit's entry; who is signed in, asked anew in each run; what has changed meanwhile
    badge                how many wait for an answer
    boundary             a page that fails says so, with a reference, and the rest works on
    narrowing story      search and filters above a list; one booking's whole story
    request_card         a request with its answers; `week_picture` the week
    remembered           what was chosen stays chosen
    sound                a sound when a request comes
    acting downloads     the one way to change something, and to offer a file: who it is for is asked again
    pager                a list a page at a time
    said whose           what a button brought about; which coach a page is about
    inert                what somebody typed is never Markdown
    app_pages/           one file a page
"""
