"""Signed packs between two networks: patrols go out, check-ins come back (DESIGN §3).

`keys` keeps this machine's key and those it trusts, `container` is the file and its signature, `patrol` what
goes out, `visits` what comes back.
"""
