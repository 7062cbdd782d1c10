"""
Queries on telemetry and on the gym's rows, the archive, and the evaluation of alert rules. Writes no booking.

    archive.py                 hot rows into Parquet files and tiles, in numbered steps
    manifest.py                the archive's files and watermarks
    parquet.py                 atomic write of a Parquet file
    compaction.py              merges small files of days that are over
    retention.py               deletes by age and by byte budget
    shared_archive_storage.py  shared object storage of the files, with each host's folder as its cache
    tiles.py                   mergeable histograms by hour and day
    short_request_ids.py       compression of request ids in files
    request_store.py           archive and hot rows as one, through DuckDB
    recent_rows.py             hot rows as Arrow tables
    duckdb_cursors.py          DuckDB in memory, a cursor for each query
    data_sources.py            where the telemetry store and the archive are
    time_window.py             half-open time window, and its steps in local days
    latency.py                 percentiles of latency by route and over time
    overview.py                throughput, error rate and means of a window
    request_rows.py            single requests, and the trace of one
    error_rate_metrics.py      error rates and burn rates, for alerts
    error_leads.py             what fails most: route and error group
    health.py                  health of each part, in words
    database_load.py           load of the database by statement and by route
    jobs.py                    tasks: latency, outcomes; metrics over time
    mails.py                   delivery of mail, from the outbox
    bookings.py                requests for lessons, answers, lessons, utilization of hours
    gym_counts.py              bookings of a local day, staff at work
    bookable_times.py          whether lessons were on offer
    gym_tables.py              the gym's rows as Arrow tables
    explorer.py                ad-hoc queries from a fixed catalogue
    alert_inputs.py            what the metrics of alert rules are measured on
    alert_metrics.py           one function a metric of the alert rules
    evaluator.py               evaluates the alert rules once a minute
    replay.py                  backtest of an alert rule
    database_outage.py         notification of admins while the database cannot be written
    charts.py                  tables as Altair charts
    chart_times.py             the gym's wall-clock time on a chart's axis
    deploy_markers.py          releases as markers on charts
    table_export.py            tables as CSV and Parquet
    ttl_cache.py               TTL cache with single-flight
    sample_traffic.py          sample traffic for the demo and the benchmarks
    queries/                   the SQL
"""
