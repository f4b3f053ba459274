"""Figures: how fast documents load and run, beside an older implementation and beside `json.loads`."""
