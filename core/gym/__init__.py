"""
The gym's own row: texts, rules, switches; and what forms about all of its rows share.

    models.py       the gym's row
    texts.py        its texts and its terms of cancelling, changed by admins
    rules.py        its limits and retention times, changed by admins
    form_merge.py   three-way merge of a form that somebody else saved meanwhile
    saved_views.py  saved views of the console's pages
"""
