"""What every AWS backend shares: clients, rates, the refusal of writes, errors, the record of writes; and the inside of accounts.

Decides nothing.
"""
