"""
What the public site shows beside coaches and lessons: campaigns by date, and the shop.

    models.py                      campaigns and products
    campaign_and_product_forms.py  the forms of a campaign and a product, validated
    campaigns.py                   today's campaign; save, delete
    products.py                    the shop's products in order; save, move, delete

Every change increments the gym's `content_version`, which invalidates the cached public pages.
"""
