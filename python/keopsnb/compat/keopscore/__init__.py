"""`keopscore`, pykeops' code generator: its switches, which have no effect here."""

from typing import TYPE_CHECKING, Any

from keopsnb.compat.alias import PYKEOPS_VERSION
from keopsnb.compat.keopscore import config as config
from keopsnb.compat.package import check_health as check_health
from keopsnb.compat.package import clean_pykeops, get_build_folder
from keopsnb.compat.package import set_build_folder as set_build_folder

__version__ = PYKEOPS_VERSION

# No effect: common sub-formulas are always computed once.
auto_factorize = False
# No effect: kernels hold no such statements.
debug_ops = False
debug_ops_at_exec = False
# No effect: kernels choose their own blocks.
cuda_block_size = 192
verbose = True

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name == "build_folder":
            return get_build_folder()
        if name == "show_cuda_status":
            return config.cuda_config.get_use_cuda()
        raise AttributeError(f"module 'keopscore' has no attribute {name!r}")


def clean_keops(recompile_jit_binary: bool = True) -> None:
    """Remove all compiled kernels.

    Args:
        recompile_jit_binary: no effect: there is none.
    """
    clean_pykeops(recompile_jit_binary)
