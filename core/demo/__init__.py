"""
Sample data for trying the product, and for benchmarks.

    small_gym.py     the demo gym: four coaches and a week of bookings in every state, by the real commands
    big_gym.py       fifty coaches and two years of bookings, written as rows
    demo_images.py   images, a campaign and shop products for the demo gym
    drawn_photos.py  the drawings that stand in for photos
"""
