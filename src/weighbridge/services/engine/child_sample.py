"""The next token from the logits of the last one."""

from __future__ import annotations

import ctypes
from math import isnan
from typing import Any

import llama_cpp.llama_cpp as C
import numpy as np


class Sampler:
    """At temperature 0 the likeliest token, of equals the one with the lowest number; else what llama.cpp draws.

    llama.cpp's greedy sampler takes the same token, but copies the whole vocabulary into records first; looking at
    the logits where they lie takes a tenth of the time (bench/options.py).
    """

    def __init__(self, context: Any, n_vocab: int, temperature: float, seed: int) -> None:
        self._context = context
        self._n_vocab = n_vocab
        self._temperature, self._seed = temperature, seed
        self._address = 0
        self._logits = np.empty(0, np.float32)
        self._chain: Any = None
        self.fresh()

    def fresh(self) -> None:
        """To be called before every answer, so that the seed means the same for each."""
        self.close()
        self._chain = C.llama_sampler_chain_init(C.llama_sampler_chain_default_params())
        if self._temperature == 0:
            C.llama_sampler_chain_add(self._chain, C.llama_sampler_init_greedy())
        else:
            C.llama_sampler_chain_add(self._chain, C.llama_sampler_init_temp(self._temperature))
            C.llama_sampler_chain_add(self._chain, C.llama_sampler_init_dist(self._seed))

    def next(self) -> int:
        """The token that follows what was computed last."""
        if self._temperature == 0:
            token = self._likeliest()
            if token is not None:
                return token
        return int(C.llama_sampler_sample(self._chain, self._context, -1))

    def _likeliest(self) -> int | None:
        """None where the logits are no numbers: numpy orders those otherwise than llama.cpp."""
        address = ctypes.addressof(C.llama_get_logits_ith(self._context, -1).contents)
        if address != self._address:
            self._logits = np.ctypeslib.as_array((ctypes.c_float * self._n_vocab).from_address(address))
            self._address = address
        token = int(self._logits.argmax())
        return None if isnan(self._logits[token]) else token

    def close(self) -> None:
        """Frees the native chain."""
        if self._chain is not None:
            C.llama_sampler_free(self._chain)
            self._chain = None
