"""The application: what is declared is built once into what serves."""
