"""The pages of development, each a function from what is kept to HTML."""
