"""
Telemetry: what a process records about itself, in a store of its own, never at a booking's cost.

    recording.py           this process's recorder, and events that are recorded after their commit
    recorder.py            takes events in memory and hands them to the writer thread
    queues.py              bounded in-memory queues, one a table, drained by the writer
    writer.py              one flush in one transaction: retry, circuit, quarantine of refused rows
    log_rows.py            the recorded rows: a NamedTuple for each table of facts
    tables.py              the store's tables
    store.py               where they are: a SQLite file, or the schema `telemetry` on PostgreSQL
    request_context.py     context variable of the request, page run or task at hand; its breadcrumbs
    traffic_categories.py  category of a request: family, staff, program, probe, robot …
    jobs.py                tasks of the queue and passes of the worker's threads, as rows
    running_processes.py   registry of the tasks that run in this process now
    sql_statements.py      instrumentation of SQLAlchemy: counts, slow and repeated statements
    log_handler.py         root log handler: error events and breadcrumbs
    error_capture.py       a captured error: bounded, scrubbed, serialised
    scrubbing.py           redaction rules for secrets and personal data, in logs and telemetry
    fingerprints.py        fingerprint of an error, by which it is grouped
    error_groups.py        upsert of error groups, their counts, and their regressions
    error_queries.py       queries on error groups; resolve, ignore, reopen
    error_changes.py       new errors and regressions, for alerts
    browser_errors.py      reports of visitors' browsers, validated: script errors and web vitals
    process_life.py        graceful-stop marker and event-loop lag
    processes.py           heartbeats of processes; detection of killed ones
    host_metrics.py        memory and CPU of the process, disk and load of the host
    prometheus_totals.py   cumulative counters and histograms over all processes
    prometheus_text.py     the same in Prometheus' text format
    pseudonyms.py          keyed hashes that count people without naming them
    release.py             which release runs here
"""
