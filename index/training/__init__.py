"""How `index/model/` was made. Run `python -m index.training DATA`; never imported at run time."""
