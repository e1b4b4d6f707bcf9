"""Conditions of a list: as a text in its address, as what rows must fit, as people read them."""
