"""
The rules of the house. Knows no web, no Streamlit, no Huey and no DuckDB; told the time, handed the outside world.

    settings setting_values bootstrap    what the machine is told; what every entry point is built from
    countries                the country of a time zone
    db write_queue orm       transactions, the one queue of writers, the tables' base
    commit postgresql        COMMIT whose answer is lost; limits for a server that falls silent
    in_use database_files    who has a SQLite database open; its log, kept small
    backup/                  a copy of the gym in one file, and the way back
    copies tidy_files        names leave what the gym copies by itself
    clock errors tokens      the time, what can go wrong, signed links
    text contacts numbers    what people type, cleaned; addresses and phone numbers; numbers in addresses
    gym gym_texts gym_rules  the one row of texts, rules and switches; they are changed
    saved_views              views of the monitor that somebody keeps
    forms                    what people and programs send, validated; one sentence a kind of mistake
    edits                    a form that was open while somebody else saved it: three-way merge
    audit logbook            what the staff did, kept for ever; the log that shows it
    people/                  staff accounts, passwords, sessions, sign-in links
    schedule/                hours, overrides, lesson types; which times are free
    bookings/                request, decide, cancel, expire; history
    content/                 campaigns by date, the shop
    images/                  photos: intake, recipes, renditions, storage, delivery
    rehearsals/              a request made for practice, which is no booking
    mail/                    outbox, delivery, messages, calendar parts, transports
    http/                    what site and console say alike over HTTP; imported by no rule
    telemetry/               what the house notices about itself; a store of its own
    timetable duties         what happens by itself, and how often
    leases                   claim and lease: rows that workers take in turn
    sweep pump               one pass over everything that is due; work that many ask for and few do
    migrations/              the schema and its guards
    cli processes doctor logs    the command line and the person who runs it
    demo demo_big demo_pictures demo_photos    a demo gym, and photos drawn for it
    spreadsheet              lists as CSV files in which no cell is ever run as a formula
    words markup look        dates and money as people say them; text as HTML; the colours of all surfaces

Who may import whom: core ← analytics ← tasks ← public_site, console. `public_site` and `console` never meet.
"""
