"""Programs written for pykeops, run on keopsnb.

Most need one change: `keopsnb` in place of `pykeops` in their imports. Programs that are not yours
to change run as they are where the name `pykeops` stands for keopsnb: after `install()`, or
started by `python -m keopsnb.compat`.
"""

from keopsnb.compat.alias import install as install
from keopsnb.compat.alias import uninstall as uninstall
