"""What carries messages between processes, one module each; nothing loads before it is used."""
