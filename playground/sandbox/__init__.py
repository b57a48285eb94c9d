"""A stand-in for Segmind's servers: same routes, same answers, own books, faults on request.

Run it with ``python -m playground.sandbox``. It imports nothing else of the project; README.md lists
its routes and faults.
"""
