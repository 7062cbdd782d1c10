"""
What the pages of the monitor share.

    frame     who may see it; range, comparison and refreshing; one instant for all panels
    criticals critical errors of the last hour, within two seconds
    asked     questions whose answers are kept for some seconds
    panel     a part of a page that fails or is slow alone; charts, tables, exports
    on_behalf whose requests are counted: families', staff's, programs', probes' …
    opened    what is open on a page, by address and session
    story     one request with all that it caused
"""
