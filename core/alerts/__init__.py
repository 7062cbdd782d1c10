"""
Admins are told when the system does badly, once, and again when it is over.

    rules        what can be measured, and what a rule about it says
    defaults     the rules that a gym begins with
    choices      what an admin has changed about them, and the rules that were added
    checks quiet what cannot work as a rule; hours of the day in which nothing is said
    machine      from one state to the next, with the time and the number as arguments
    models       where each rule stands, its incidents, and every change: rows of the gym's own database
    incidents    a change, its incident and its notices, in one transaction; acknowledge, resolve
    causes addresses  which open incident a rule belongs to; where it leads in the console
    lists words  what is open, what was; numbers and incidents as people say them
    pulse        when the parts of the house were last alive, for whoever does not trust the rest

Measuring is analytics' part (`analytics.evaluator`): here nothing knows where a number comes from.
"""
