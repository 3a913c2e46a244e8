"""What happens to a report, as plain values: states, steps, answers, checkpoints, attempts, acknowledgements.

No value here does I/O, knows HTTP, or shows content.
"""
