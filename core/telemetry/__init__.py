"""
What the house notices about itself, and never at a booking's cost.

    recording          this process's recorder, if it has one; events that wait for their commit
    recorder           from memory to the store, at next to no cost: one thread a process looks after it
    rows               what is recorded: a NamedTuple for each table of facts, whose fields are its columns
    lanes writer       rows on their way; one transaction, and what happens when it fails
    work               the request, page run or task at hand: one id, its statements, its trail
    jobs statements    tasks and passes of the worker; the database as each piece of work meets it
    watching catching  what the loggers say and nobody catches, and how much of it is kept
    scrubbing          what is hidden before anything leaves memory; the logs' rules as well
    fingerprints       which errors are the same mistake
    error_groups       errors by group, written exactly by many processes
    errors             groups as the console shows them; resolve, ignore, open again
    error_changes      errors that were never met before, or came back
    life               signs of life: stopped in good order, an event loop that hangs
    browsers           what visitors' browsers tell; nothing of it is believed unseen
    totals exposition  sums of all processes, and the text that a Prometheus reads
    who machine release    people as keyed hashes; memory, processor, disk; which release this is
    tables store       what is kept, and where: a SQLite file of its own, or a schema of its own on PostgreSQL
"""
