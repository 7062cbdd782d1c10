"""
Reads what the monitor kept, and never writes a booking.

    archive            hot rows into Parquet files and tiles, step by step
    manifest           which files there are; parquet, compaction, retention: how they are written, merged and removed
    tiles              histograms that merge
    window             the stretch of time a page looks at, its steps in local days
    latency            how long things take, by route and over time; monitor: where the data lies
    requests overview health today    one request; totals; how each part does; the gym's own numbers beside them
    database jobs mails     statements; tasks and measures; the outbox
    bookings gym_tables     the gym's own rows: requests, answers, lessons, how full hours are
    explorer                questions from a fixed catalogue
    charts chart_times markers     tables become pictures; releases on them
    answers export     answers kept for some seconds; tables as files
    log                what is hot and what lies in files, as one; hot, duck: where it comes from, what asks
    queries/           the SQL
"""
