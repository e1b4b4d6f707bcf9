"""Clients in other programs, written from an OpenAPI document: one description, several writers.

`reading` makes a frozen description of a document; `python` and `typescript` write it down. Nothing
here knows an application: the document may come from anywhere.
"""
