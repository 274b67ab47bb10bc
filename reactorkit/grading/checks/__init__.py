"""The checks of each exercise: a module an exercise, a function a check, named in the catalogue.

A check gets a stage, acts through its clients, and expects through them too; what it does not see
it raises as Unmet, with the likely cause. It never looks at the submission's text.
"""
