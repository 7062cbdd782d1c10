"""
Sample data for trying the product, and for benchmarks.

    small.py     the demo gym: four coaches and a week of bookings in every state, by the real commands
    big.py       fifty coaches and two years of bookings, written as rows
    pictures.py  images, a campaign and shop products for the demo gym
    photos.py    the drawings that stand in for photos
"""
