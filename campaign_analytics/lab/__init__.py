"""Serve a notebook on this machine: to work in, by JupyterLab, or to look at and use, by Voila.

Everything that JupyterLab, Voila, IPython and matplotlib write goes below the environment that runs them, so removing
that folder removes every trace. Nothing is asked of the outside: no news, no update check, no icons.
"""
