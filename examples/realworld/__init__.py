"""RealWorld, also known as Conduit: the back end of a site where people write and read articles."""
