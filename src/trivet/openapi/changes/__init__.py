"""What changed between two OpenAPI documents, and what of it breaks clients.

Direction decides. What clients send may be widened, never narrowed; what they are answered may be
narrowed, never widened. A webhook or callback is sent by the server: there it is the other way
round. `compare` in `comparing` is the door.
"""
