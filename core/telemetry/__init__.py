"""
What the house notices about itself, and never at a booking's cost.

    tables store       what is kept, and where: a SQLite file of its own, or a schema of its own on PostgreSQL
"""
