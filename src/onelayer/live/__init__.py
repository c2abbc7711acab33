"""A page on this machine's loopback address that shows training as it goes, and can end it.

:class:`onelayer.live.watching.Live` is a listener to training. It hands snapshots to a thread of its own, which renders
them (:mod:`onelayer.live.page`) and publishes them to whoever follows (:mod:`onelayer.live.feed`); a server in another
thread (:mod:`onelayer.live.server`) answers requests that know the token of the address. Needs the extra ``live``.
"""
