"""Other frameworks' module names on Trivet's parts, for programs that were written for them."""
