"""The ledger: every technical claim of the article, and the experiment that decides it.

`claims.toml` states each claim once. A learner predicts (`predict`), runs (`experiment`) and
reads the page (`ledger`); the journal in the work folder remembers all three.
"""
