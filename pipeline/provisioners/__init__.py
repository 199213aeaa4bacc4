"""The only door to AWS: one folder per backend behind one protocol (`protocol.py`).

Law of the room: every SDK error is translated at its own door into `TemporaryServiceError` or `PermanentServiceError`;
nobody above knows botocore. Backends do not import each other; what they share is in `aws/`.
"""
