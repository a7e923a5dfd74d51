"""`keopscore.config.chunks`: how long vectors are cut, which keopsnb decides by the formula.

The switches are kept and read back, and have no effect.
"""

enable_chunk = True
enable_final_chunk = True
mult_var_highdim = False
dimchunk = 64
dimfinalchunk = 64
dim_treshold_chunk = 146
specdims_use_chunk = [99, 100, 102, 120, 133, 138, 139, 140, 141, 142]


def get_enable_chunk() -> bool:
    """Return the switch."""
    return enable_chunk


def set_enable_chunk(val: bool) -> None:
    """Set the switch; no effect."""
    global enable_chunk
    enable_chunk = val


def set_enable_finalchunk(val: bool) -> None:
    """Set the switch; no effect."""
    global enable_final_chunk
    enable_final_chunk = val


def get_dimfinalchunk() -> int:
    """Return the size."""
    return dimfinalchunk


def set_dimfinalchunk(val: int) -> None:
    """Set the size; no effect."""
    global dimfinalchunk
    dimfinalchunk = val


def set_mult_var_highdim(val: bool) -> None:
    """Set the switch; no effect."""
    global mult_var_highdim
    mult_var_highdim = val
