"""What the engine made of the settings, where that is not what was wished or what a person expects."""

from __future__ import annotations

from collections.abc import Iterator

from weighbridge.domain.model.forecast import beyond_trained
from weighbridge.domain.proof.events import Loaded, Offload
from weighbridge.domain.proof.recipe import NO_TEMPLATE
from weighbridge.domain.proof.settings import RuntimeSettings
from weighbridge.domain.serving.sent import NOT_SENT, not_sent
from weighbridge.domain.serving.target import Target
from weighbridge.plain.texts.figures import setting


def loaded_line(event: Loaded, wished: RuntimeSettings | None) -> str:
    """That the model is loaded, and the context where the engine made another than the wished one."""
    line = f"loaded in {event.load_s:.2f} s: {event.description}"
    if wished is not None and wished.n_ctx != event.n_ctx:
        line += f", with a context of {event.n_ctx:,} tokens in place of {wished.n_ctx:,}"
    if event.offload is not None:
        line += f"; {offloaded(event.offload)}"
    return line


def offloaded(share: Offload) -> str:
    """What came of layers that were wished on a GPU."""
    if not share.layers:
        return "no layer went to a GPU"
    return f"{share.layers} of {share.of} layers on {', '.join(share.buffers) or 'a GPU'}"


def warnings(event: Loaded) -> Iterator[str]:
    """Sentences on what makes answers worse than the model's best."""
    if said := beyond_trained(event.n_ctx, event.n_ctx_train):
        yield said
    if event.chat_template_sha256 is None:
        yield f"{NO_TEMPLATE[0].upper()}{NO_TEMPLATE[1:]}."


def settings_rows(
    wished: RuntimeSettings, loaded: Loaded | None, target: Target | None = None
) -> list[tuple[str, str]]:
    """Name and text of each setting; `loaded` None: the engine made nothing of them. `target`: what it is not sent
    is said to be its own."""
    texts = {name: setting(value) for name, value in wished.model_dump().items()}
    if wished.ubatch != wished.n_ubatch:
        texts["n_ubatch"] = f"{wished.ubatch}, as n_batch is"
    if loaded is not None and loaded.offload is not None:
        texts["n_gpu_layers"] += f"; {offloaded(loaded.offload)}"
    if loaded is not None and loaded.n_ctx != wished.n_ctx:
        texts["n_ctx"] += f"; the engine made it {loaded.n_ctx:,} tokens"
    if loaded is not None and beyond_trained(loaded.n_ctx, loaded.n_ctx_train):
        texts["n_ctx"] += f"; the model was trained for {loaded.n_ctx_train:,} tokens"
    if loaded is not None and loaded.chat_template_sha256 is None:
        texts["chat template"] = NO_TEMPLATE
    own = not_sent(target)
    if not own:
        return list(texts.items())
    sent = [(name, text) for name, text in texts.items() if name not in own]
    return [*sent, (NOT_SENT.partition(":")[0], f"{', '.join(own)}: the server decides")]
