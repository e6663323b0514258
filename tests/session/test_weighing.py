"""The forecast of a session: at once by the formula, better by the engine, remembered, honest about its reasons."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pytest

from weighbridge.domain import intents as want
from weighbridge.domain.machine import MachineFacts
from weighbridge.domain.model.allocation import Allocation, Allocations
from weighbridge.domain.model.choice import ModelChoice
from weighbridge.domain.model.forecast import Forecast
from weighbridge.domain.problems import HubProblem
from weighbridge.services.engine.dry_load import DryModel, DryRefused, NoDryLoad, dry_load
from weighbridge.services.engine.mode_memory import remember
from weighbridge.services.hub.hub import FetchedHeader
from weighbridge.services.machine import machine_facts
from weighbridge.services.model_file import inspect_file
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Deps, Session
from weighbridge.session.model import fetching, weighing

MIB = 1 << 20


@dataclass
class Scale:
    """Stands in for the engine: one MiB more than the formula, for each context that is asked."""

    refusal: str = ""
    by_engine: bool = False
    more: int = MIB
    asked: list[DryModel] = field(default_factory=list)
    available: int | None = 20 << 30

    async def __call__(self, model: DryModel, time_limit_s: float = 1.0) -> Allocations:
        self.asked.append(model)
        if self.refusal:
            raise (DryRefused if self.by_engine else NoDryLoad)(self.refusal)
        return Allocations(
            repacks=model.mode == "default",
            known=tuple(self._need(model, n_ctx) for n_ctx in sorted({model.settings.n_ctx, 8_192})),
        )

    def _need(self, model: DryModel, n_ctx: int) -> Allocation:
        need = model.estimate(n_ctx)
        return replace(need, compute_bytes=need.compute_bytes + self.more)

    async def weigh_again(self, session: Session) -> None:
        """As a later process does, which remembers nothing."""
        weighing.forget()
        await session.weigh()


@pytest.fixture
def scale(monkeypatch: pytest.MonkeyPatch) -> Scale:
    monkeypatch.setattr(weighing, "_ANSWERS", type(weighing._ANSWERS)())
    monkeypatch.setattr(weighing, "_REFUSALS", type(weighing._REFUSALS)())
    return Scale()


@pytest.fixture
async def weighed(store: RunStore, deps: Deps, scale: Scale) -> AsyncIterator[Session]:
    """A session with the bundled model, whose engine and machine are those of `scale`."""

    def machine(folder: Path) -> MachineFacts:
        return machine_facts(folder).model_copy(update={"available_bytes": scale.available})

    made = Session.create(store, replace(deps, dry_load=scale, machine=machine))
    await made.choose_model("bundled")
    yield made
    await made.close()


def the_forecast(session: Session) -> Forecast:
    assert session.run.forecast is not None
    return session.run.forecast


async def test_the_engine_answers_better_than_the_formula(weighed: Session, scale: Scale) -> None:
    first = the_forecast(weighed)
    assert first.method == "formula" and not scale.asked
    await weighed.weigh()
    made = the_forecast(weighed)
    assert made.method == "engine" and made.total_bytes == first.total_bytes + MIB
    assert (made.verdict, made.max_ctx, made.caveat) == ("fits", 8_192, "")


async def test_the_engine_is_given_the_header_and_nothing_behind_it(weighed: Session, scale: Scale) -> None:
    await weighed.weigh()
    model, asked = weighed.run.model, scale.asked[0]
    assert model is not None
    header = inspect_file(Path(model.path))[1]
    assert Path(model.path).read_bytes().startswith(asked.header) and len(asked.header) == header.data_offset
    assert (asked.file_size, asked.n_ctx_train, asked.settings) == (header.file_size, 8_192, weighed.run.settings)


async def test_an_answer_is_remembered_with_what_it_depends_on(weighed: Session, scale: Scale) -> None:
    await weighed.weigh()
    methods = {}
    changes = (("kv_type", "q8_0"), ("kv_type", "f16"), ("flash_attn", "on"), ("flash_attn", "off"))
    for name, value in (*changes, ("n_ubatch", "128"), ("n_ubatch", "512"), ("n_batch", "64"), ("n_batch", "512")):
        weighed.apply(want.ChangeSetting(field=name, value=value))
        methods[name, value] = the_forecast(weighed).method
    weighed.apply(want.ChangeSetting(field="n_ctx", value="1024"))
    methods["n_ctx", "1024"] = the_forecast(weighed).method
    remembered = {("kv_type", "f16"), ("flash_attn", "off"), ("n_ubatch", "512"), ("n_batch", "512")}
    assert methods == {key: "engine" if key in remembered else "formula" for key in methods}
    assert len(scale.asked) == 1
    await weighed.weigh()
    await weighed.weigh()
    assert len(scale.asked) == 2, "once for each context"


async def test_what_is_changed_while_the_engine_answers_stays_changed(
    weighed: Session, scale: Scale, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = the_forecast(weighed)

    async def slow(model: DryModel, time_limit_s: float = 1.0) -> Allocations:
        weighed.apply(want.ChangePrompt(value="Another one"))
        weighed.apply(want.ChangeSetting(field="n_ctx", value="1024"))
        return await scale(model)

    weighed.deps = replace(weighed.deps, dry_load=slow)
    await weighed.weigh()
    assert (weighed.run.prompt, weighed.run.settings.n_ctx) == ("Another one", 1_024)
    made = the_forecast(weighed)
    assert (made.n_ctx, made.method) == (1_024, "formula") and made.kv_bytes < before.kv_bytes


async def test_the_available_memory_is_read_anew(weighed: Session, scale: Scale) -> None:
    await weighed.weigh()
    need = the_forecast(weighed).total_bytes
    scale.available = need - 1
    weighed.apply(want.ChangeSetting(field="seed", value="7"))
    made = the_forecast(weighed)
    assert (made.method, made.verdict, made.available_bytes) == ("engine", "does_not_fit", need - 1)
    assert made.max_ctx is None, "no shorter context was asked for"


async def test_without_an_answer_the_formula_says_why(weighed: Session, scale: Scale) -> None:
    scale.refusal = "the engine did not answer within 10 s"
    await weighed.weigh()
    made = the_forecast(weighed)
    assert made.method == "formula" and made.caveat == "the engine did not answer within 10 s"
    assert (made.verdict, made.refusal) == ("fits", ""), "nobody refused the file"
    scale.refusal = ""
    await weighed.weigh()
    assert the_forecast(weighed).method == "engine" and not the_forecast(weighed).caveat


async def test_a_file_that_the_engine_refuses_is_said_to_fit_by_nobody(weighed: Session, scale: Scale) -> None:
    scale.refusal, scale.by_engine = "The engine cannot load the file: invalid n_rot.", True
    await weighed.weigh()
    made = the_forecast(weighed)
    assert (made.verdict, made.refusal, made.max_ctx) == ("refused", scale.refusal, None)
    weighed.apply(want.ChangeSetting(field="seed", value="7"))
    await weighed.weigh()
    assert the_forecast(weighed).verdict == "refused" and len(scale.asked) == 1, "what was said once is remembered"
    scale.refusal = ""
    weighed.apply(want.ChangeSetting(field="n_ctx", value="1024"))
    await weighed.weigh()
    assert the_forecast(weighed).verdict == "fits", "a refusal is one of a context"


async def test_safe_mode_makes_no_copy_of_the_weights(weighed: Session, scale: Scale) -> None:
    await weighed.weigh()
    copied = the_forecast(weighed)
    assert copied.total_max_bytes > copied.total_bytes + 90 * MIB
    remember(weighed.deps.home, "safe")
    await weighed.weigh()
    made = the_forecast(weighed)
    assert [model.mode for model in scale.asked] == ["default", "safe"]
    assert (made.repack_bytes, made.total_max_bytes) == (0, made.total_bytes)


async def test_an_override_holds_for_the_need_it_was_given_for(weighed: Session, scale: Scale) -> None:
    scale.available = 200 * MIB
    await weighed.weigh()
    weighed.apply(want.AcceptMemoryRisk(reason="the other programs will be closed"))
    scale.more += MIB
    await scale.weigh_again(weighed)
    assert weighed.run.memory_override is not None, "a process is never twice of one size"
    scale.more += 20 * MIB
    await scale.weigh_again(weighed)
    assert weighed.run.memory_override is None
    weighed.apply(want.AcceptMemoryRisk(reason="again"))
    weighed.apply(want.ChangeSetting(field="n_batch", value="256"))
    assert weighed.run.memory_override is None


def _on_the_hub(session: Session) -> ModelChoice:
    model = session.run.model
    assert model is not None
    return model.model_copy(update={"kind": "hub", "path": "", "repo": "a/b", "revision": "0" * 40})


async def test_a_file_that_is_not_here_is_weighed_by_its_header(
    weighed: Session, scale: Scale, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = _on_the_hub(weighed)
    assert weighed.run.model is not None
    header = inspect_file(Path(weighed.run.model.path))[1]
    fetched = FetchedHeader(header, b"GGUF...", 1_800_000)
    monkeypatch.setattr(fetching, "header_of_hub", lambda wanted, deps: fetched)
    weighed.keep(weighed.run.model_copy(update={"model": model}))
    await weighed.weigh()
    made = the_forecast(weighed)
    assert scale.asked[0].header == b"GGUF..." and made.method == "engine"
    assert (made.fetched_bytes, made.disk_needed_bytes) == (1_800_000, header.file_size)
    assert made.disk_free_bytes is not None


async def test_a_header_that_cannot_be_fetched_again_gives_no_forecast(
    weighed: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline(wanted: ModelChoice, deps: Deps) -> FetchedHeader:
        raise HubProblem("offline", "no network", "connect")

    monkeypatch.setattr(fetching, "header_of_hub", offline)
    weighed.keep(weighed.run.model_copy(update={"model": _on_the_hub(weighed)}))
    weighed.apply(want.ChangeSetting(field="n_ctx", value="1024"))
    assert weighed.run.forecast is None and weighed.run.settings.n_ctx == 1_024
    with pytest.raises(HubProblem):
        await weighed.weigh()


async def test_the_real_engine_in_a_session(store: RunStore, deps: Deps, scale: Scale) -> None:
    session = Session.create(store, replace(deps, dry_load=partial(dry_load, time_limit_s=300.0)))
    try:
        await session.choose_model("bundled")
        formula = the_forecast(session)
        await session.weigh()
        made = the_forecast(session)
        assert made.method == "engine" and made.total_bytes == pytest.approx(formula.total_bytes, rel=0.03)
    finally:
        await session.close()
