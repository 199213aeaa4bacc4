"""What has to change: match, diff, order, guard, review.

Law of the room: pure. No clock, file, network or environment; the same state gives the same plan.
"""
