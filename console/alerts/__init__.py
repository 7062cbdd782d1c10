"""
What the page Alerts is made of, and the banner above every page of an admin.

    incidents    those that are open, with two buttons, and those that were
    rules        each with its number beside its limit, and muted there
    rule_page    one of them, or one that is added: changed, set back, deleted, with what it will do in words
    rule_fields  its fields; routes: which routes there are to choose from
    try_out      what it would have done in the last day or week
    dead_man     says which part of the house is silent, and needs none of them
"""
