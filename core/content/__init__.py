"""
What the public site shows beside coaches and lessons: campaigns by date, and the shop.

    models      a campaign, a product
    facts       what is typed about them, read and checked
    campaigns   the one that runs today, until when; save, delete
    products    those on show, in their order; save, move, delete

Every change moves the gym's `content_version`, under which public pages are kept.
"""
