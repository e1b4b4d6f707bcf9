"""Tests of the example: `pytest` in the folder above."""
