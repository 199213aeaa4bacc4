"""An AWS organization on this machine, for the demo and the tests.

Law of the room: nothing outside `app` imports it; it imitates what AWS documents, and is never bent so that a test passes.
"""
