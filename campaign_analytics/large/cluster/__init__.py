"""Markets on Spark: what the driver prepares, what workers make of their offers, and what becomes of it."""
