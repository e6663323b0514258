"""Quantizations as file names spell them: a hint for choosing. What a file holds is said by its header alone."""

from __future__ import annotations

import re

ORDER = (
    "F32", "BF16", "F16", "Q8_K_XL", "Q8_0",
    "Q6_K_XL", "Q6_K_L", "Q6_K",
    "Q5_1", "Q5_K_XL", "Q5_K_L", "Q5_K_M", "Q5_K", "Q5_0", "Q5_K_S",
    "Q4_1", "Q4_K_XL", "Q4_K_L", "Q4_K_M", "Q4_K", "Q4_K_S", "Q4_0", "IQ4_NL", "IQ4_XS", "NVFP4", "MXFP4_MOE", "MXFP4",
    "Q3_K_XL", "Q3_K_L", "Q3_K_M", "Q3_K", "IQ3_M", "IQ3_S", "Q3_K_S", "IQ3_XS", "IQ3_XXS",
    "Q2_K_XL", "Q2_K_L", "Q2_K", "Q2_K_S", "IQ2_M", "IQ2_S", "IQ2_XS", "IQ2_XXS",
    "IQ1_M", "IQ1_S", "TQ2_0", "TQ1_0", "Q1_0",
)  # fmt: skip
"""From many bits a weight to few, by the sizes that llama.cpp states for them."""

USUAL = "Q4_K_M"
LAST_GOOD = "IQ3_XXS"
"""Below this one answers get clearly worse."""

GONE = ("Q4_0_4_4", "Q4_0_4_8", "Q4_0_8_8", "Q4_2", "Q4_3")
"""Layouts that llama.cpp once wrote and does not read any more."""

_SPELLED = {"FP32": "F32", "FP16": "F16"}
_NAMES = sorted((*ORDER, *GONE, *_SPELLED), key=len, reverse=True)
_LABEL = re.compile(
    rf"(?<![A-Z0-9])(?P<dynamic>UD-)?(?P<name>{'|'.join(_NAMES)})(?![A-Z0-9])", re.IGNORECASE | re.ASCII
)


def label_of(path: str) -> str:
    """The last quantization in a path, in capitals, with its prefix UD-; empty where there is none."""
    found = list(_LABEL.finditer(path))
    if not found:
        return ""
    name = found[-1]["name"].upper()
    return ("UD-" if found[-1]["dynamic"] else "") + _SPELLED.get(name, name)


def place_of(label: str) -> int | None:
    """Where a label stands in `ORDER`, from 0; None where it does not."""
    name = label.removeprefix("UD-")
    return ORDER.index(name) if name in ORDER else None
