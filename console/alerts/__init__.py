"""
What the page Alerts is made of, and the banner above every page of an admin.

    incidents    those that are open, with two buttons, and those that were
    rules        each with its number beside its limit; changed, muted and set back there
    dead_man     says which part of the house is silent, and needs none of them
"""
