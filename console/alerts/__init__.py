"""
Parts of the page Alerts, the banner of silent processes, and the console's watchdog.

    incidents.py     open and past incidents; acknowledge and resolve
    rule_list.py     the list of alert rules; mute
    rule_editor.py   one rule: edit, reset, delete, add
    rule_fields.py   a rule's form fields
    routes.py        the routes that a rule's filter can choose from
    rule_preview.py  backtest of a rule on the last day or week
    dead_man.py      dead man's switch: a banner that names silent processes
    watchdog.py      evaluates the rules when the worker does not
"""
