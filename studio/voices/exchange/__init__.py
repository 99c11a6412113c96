"""Voices as files, in and out: our own formats and those of the tools that people come from. No pickle is ever run.

`formats` is the table and knows a file by its bytes; a module for each family reads and writes; `exchange.Exchange`
puts what was read into a library and says of every voice what became of it.
"""
