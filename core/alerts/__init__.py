"""
Alerting: rules about metrics fire, open incidents and notify admins, and resolve.

    rules.py              catalogue of metrics, and the type of an alert rule
    default_rules.py      the rules that a gym begins with
    rule_changes.py       an admin's overrides of them, and custom rules: add, change, mute, delete
    rule_validation.py    validation of a rule
    quiet_hours.py        quiet hours: parse, format, check
    state_machine.py      a rule's state machine, pure: state, reading and time in, state out
    models.py             tables: overrides, standings, incidents, changes, the evaluator's clock
    incidents.py          a state change with its incident and its notifications, in one transaction; acknowledge, resolve
    incident_grouping.py  correlation: which open incident a rule joins, and which rule leads it
    notifications.py      the content of a notification, and whether it is still due
    console_links.py      deep links from an incident into the console
    lists.py              queries: open and past incidents, standings
    sentences.py          values, limits, rules and changes in words
    liveness.py           heartbeats of services, and the evaluation's lease

Measuring is analytics' part (`analytics.evaluator`): here nothing knows where a number comes from.
"""
