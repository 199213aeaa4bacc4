"""What every AWS backend shares: clients, rates, the refusal of writes, errors, the record of writes. Decides nothing."""
