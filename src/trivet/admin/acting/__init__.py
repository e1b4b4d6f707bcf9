"""What is done with rows of a list: which were chosen, the actions, and those that go on alone."""
