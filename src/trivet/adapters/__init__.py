"""The faces of an application: the socket, ASGI and RSGI, with one request gate before all."""
