"""Layers on a GPU in the forecast of a session: refused, or with what is free, as the engine's build says."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from weighbridge.domain.intents import ChangeSetting
from weighbridge.domain.model.forecast import Forecast
from weighbridge.domain.model.offload import GpuBuild, GpuDevice
from weighbridge.domain.problems import Refused
from weighbridge.domain.proof.events import Offload
from weighbridge.domain.run import Run
from weighbridge.plain.texts.forecast import forecast_text
from weighbridge.plain.texts.loaded import offloaded
from weighbridge.services.engine.dry_load import dry_load
from weighbridge.session import Session
from weighbridge.session.model import weighing

GIB = 1 << 30
CARD = GpuDevice(name="CUDA0", description="A card", free_bytes=2 * GIB, total_bytes=4 * GIB)


@pytest.fixture
def told(session: Session, monkeypatch: pytest.MonkeyPatch) -> list[GpuBuild]:
    """What the build says, the last one first to be asked; the session may ask engines."""
    builds: list[GpuBuild] = []

    async def build() -> GpuBuild:
        return builds[-1]

    monkeypatch.setattr(weighing, "gpu_build", build)
    weighing.forget()
    monkeypatch.setattr(session, "deps", replace(session.deps, dry_load=partial(dry_load, time_limit_s=300.0)))
    return builds


async def weighed(session: Session, layers: str) -> Forecast:
    await session.choose_model("bundled")
    session.apply(ChangeSetting(field="n_gpu_layers", value=layers))
    run: Run = await session.weigh()
    assert run.forecast is not None
    return run.forecast


async def test_a_build_without_is_refused_with_the_way_out(session: Session, told: list[GpuBuild]) -> None:
    told.append(GpuBuild(supported=False, system="Darwin", processor="arm64"))
    made = await weighed(session, "-1")
    assert made.verdict == "refused" and "GGML_METAL" in made.refusal and "n_gpu_layers to 0" in made.refusal
    session.apply(ChangeSetting(field="n_gpu_layers", value="0"))
    again = await session.weigh()
    assert again.forecast is not None and again.forecast.verdict != "refused" and again.forecast.gpu is None


async def test_what_is_free_there_is_shown_beside_the_need(session: Session, told: list[GpuBuild]) -> None:
    told.append(GpuBuild(supported=True, devices=(CARD,)))
    made = await weighed(session, "10")
    assert made.gpu is not None and made.gpu.free_bytes == 2 * GIB and made.gpu.fits is True
    assert "10 of 31 layers" in forecast_text(made) and "2,048 MiB" in forecast_text(made)
    told.append(GpuBuild(supported=True, devices=(CARD.model_copy(update={"free_bytes": 1}),)))
    made = await weighed(session, "11")
    assert made.gpu is not None and made.gpu.fits is False and "DOES NOT FIT" in forecast_text(made)


async def test_a_build_that_sees_no_gpu_is_refused_too(session: Session, told: list[GpuBuild]) -> None:
    told.append(GpuBuild(supported=True))
    assert (await weighed(session, "1")).verdict == "refused"


async def test_unknown_free_memory_stays_unknown(session: Session, told: list[GpuBuild]) -> None:
    told.append(GpuBuild(problem="it did not answer"))
    made = await weighed(session, "5")
    assert made.verdict != "refused" and made.gpu is not None and made.gpu.fits is None
    assert "free not known" in forecast_text(made) and "never compared" in made.caveat


def test_what_was_used_is_said() -> None:
    assert offloaded(Offload(layers=5, of=31, buffers={"CUDA0": 1})) == "5 of 31 layers on CUDA0"
    assert offloaded(Offload(layers=0, of=31, buffers={})) == "no layer went to a GPU"


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (GpuBuild(supported=False, system="Linux", processor="x86_64"), "cannot put layers on a GPU"),
        (GpuBuild(supported=True), "finds none on this machine"),
    ],
)
async def test_no_child_is_started_for_layers_that_no_gpu_takes(
    session: Session, told: list[GpuBuild], build: GpuBuild, said: str
) -> None:
    told.append(build)
    await weighed(session, "-1")
    with pytest.raises(Refused, match=said) as refused:
        await session.check_can_run()
    assert refused.value.exit_code == 3 and "to 0" in refused.value.hint
    session.apply(ChangeSetting(field="n_gpu_layers", value="0"))
    await session.check_can_run()


async def test_more_layers_than_the_model_has_are_named(session: Session, told: list[GpuBuild]) -> None:
    told.append(GpuBuild(supported=True, devices=(CARD,)))
    assert "999 were wished, and the model has 31" in forecast_text(await weighed(session, "999"))
    assert "wished" not in forecast_text(await weighed(session, "31"))
