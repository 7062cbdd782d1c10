"""
Reads what the monitor kept, and never writes a booking.

    archive            hot rows into Parquet, tiles, retention
"""
