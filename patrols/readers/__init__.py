"""Readers of files of patrols besides zones and teams: public holidays, fixed duties."""
