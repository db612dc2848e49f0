"""Wrong inputs by command; each file adds its rows to `cases.CASES`, which tests/test_wrong_inputs.py runs."""
