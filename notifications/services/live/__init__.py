"""The inbox, live: what happens in a person's inbox reaches their open pages within a second.

`bell` rings after the commit, `sources` hear it in every web process, `hub` reads the rows and tells the open streams.
The row is the truth and the ring only a hint, so a lost ring loses nothing.
"""
