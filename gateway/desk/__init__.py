"""The branch's desk: what is planned before a call, and what is to be done because of one.

A room is a PURE module that owns some kinds of records (a shift, a follow-up, a resource …) and
says what becomes of each request about them. `rooms.ROOMS` lists them all; `Desk` carries between
them and the gateway's round. To add a kind of thing: write a room, and name it there.
"""
