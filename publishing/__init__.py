"""What is made of the sources when the documentation site is built."""
