"""Modules of pykeops that have no counterpart of the same name in keopsnb itself."""
