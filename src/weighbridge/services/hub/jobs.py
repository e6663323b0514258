"""Hugging Face Jobs: hardware with prices, and the life of one job. The only place that calls their API.

Every method blocks and ends within the client's time limits, but for the streams. Fields follow huggingface_hub 2.4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import Field

from weighbridge.domain.base import Record
from weighbridge.domain.problems import HubProblem, OutsideFailed, Problem, Refused
from weighbridge.domain.serving.rental import Hardware, Order, Price
from weighbridge.domain.text import clean_line
from weighbridge.services.hub.client import HubClient, token
from weighbridge.services.hub.problems import said
from weighbridge.services.hub.surroundings import without_secrets

if TYPE_CHECKING:
    from huggingface_hub import HfApi, JobInfo
    from huggingface_hub.hf_api import JobHardwareInfo

T = TypeVar("T")
ID_LABEL = "weighbridge"
"""Holds the id of the order: a job that was started right before a crash is found by it."""
MADE_LABEL, MADE = "weighbridge-made", "yes"
"""What all our jobs share, as the Hub lists by a whole label only."""
LIVE = ("SCHEDULING", "RUNNING")
HARDWARE = "/api/jobs/hardware"
BILLING_PAGE = "https://huggingface.co/settings/billing"
PRICES_PAGE = "https://huggingface.co/docs/hub/jobs-pricing"
_GB = 10**9


class Unclear(OutsideFailed):
    """The Hub was asked to start a job, and nobody knows whether it did: it has to be looked for by its label."""


class JobView(Record):
    """A job as the Hub tells it at one moment. Empty text and null: not told."""

    id: str
    namespace: str
    url: str
    stage: str
    message: str = ""
    exposed: tuple[str, ...] = ()
    flavor: str = ""
    image: str = ""
    command: tuple[str, ...] = ()
    labels: dict[str, str] = Field(default_factory=dict)
    started_at: str = ""
    ended_at: str = ""
    running_s: float | None = None
    seconds_source: str = ""


class Jobs(HubClient):
    """The Jobs of one Hub, in the name of the person's token."""

    def hardware(self, now: str) -> tuple[Hardware, ...]:
        """What can be rented, with its price. `now`: ISO 8601 UTC. HubProblem."""
        found = self.ask("the list of hardware", lambda api: api.list_jobs_hardware())
        return tuple(_hardware(info, f"{without_secrets(self.endpoint)}{HARDWARE}", now) for info in found)

    def is_hub_of(self, order: Order) -> bool:
        """Whether the order was made at this Hub: another one knows nothing of its job. True where it is not known."""
        told = order.hardware.price.source_url if order.hardware.price else ""
        return not told or told == f"{without_secrets(self.endpoint)}{HARDWARE}"

    def account(self) -> str:
        """The name that jobs run under: the token's owner. Refused without a token."""
        who = self._job("the account of the token", lambda api: api.whoami())
        name = who.get("name")
        if not isinstance(name, str) or not name:
            raise HubProblem("nonsense", "the Hub does not say whose token it is", "check HF_ENDPOINT and HF_TOKEN")
        return clean_line(name, 100)

    def start(self, order: Order, namespace: str, labels: Mapping[str, str]) -> JobView:
        """Starts the job that an order describes: from here on it costs money.

        Unclear where the Hub was asked and did not answer; every other problem means that nothing was started.
        """
        secrets = {"HF_TOKEN": self._secret()} if order.with_token else None
        about = f"the start of a job on {order.hardware.name}"

        def run(api: HfApi) -> JobInfo:
            return api.run_job(
                image=order.image,
                command=list(order.command),
                flavor=order.hardware.name,
                timeout=order.time_limit_s,
                attempts=1,
                name=f"weighbridge-{order.id}",
                labels={**labels, ID_LABEL: order.id, MADE_LABEL: MADE},
                secrets=secrets,
                expose=[order.port],
                namespace=namespace,
            )

        try:
            return self._job(about, lambda api: _view(run(api)))
        except HubProblem as problem:
            if _was_refused(problem):
                raise
            raise Unclear(f"{problem}, so it is not known whether the job runs", problem.hint) from problem

    def look(self, job_id: str, namespace: str) -> JobView:
        """A job at this moment. HubProblem; of kind not_found where the Hub knows no such job."""
        about = f"the job {job_id}"
        return self._job(about, lambda api: _view(api.inspect_job(job_id=job_id, namespace=namespace)))

    def labelled(self, namespace: str, order_id: str = "") -> tuple[JobView, ...]:
        """Jobs that weighbridge started: all that live, or those of one order in any stage."""
        label = {ID_LABEL: order_id} if order_id else {MADE_LABEL: MADE}
        status = None if order_id else list(LIVE)

        def found(api: HfApi) -> list[JobView]:
            return [_view(info) for info in api.list_jobs(status=status, labels=label, namespace=namespace)]

        views = self._job("the list of jobs", found)
        return tuple(view for view in views if not order_id or view.labels.get(ID_LABEL) == order_id)

    def cancel(self, job_id: str, namespace: str) -> None:
        """Asks for the end of a job. That it ended is seen by `look` alone."""
        self._job(f"the stop of the job {job_id}", lambda api: api.cancel_job(job_id=job_id, namespace=namespace))

    def log_tail(self, job_id: str, namespace: str, lines: int) -> tuple[str, ...]:
        """The last lines of the log as far as it is there; empty where it cannot be had. Takes up to some seconds."""
        try:
            found = self._streaming().fetch_job_logs(job_id=job_id, namespace=namespace, tail=lines)
            return tuple(log_line(line) for line in found)[-lines:]
        except Exception:  # the log is a help for a person: whatever keeps it away, the job's stage says the rest
            return ()

    def logs(self, job_id: str, namespace: str) -> Iterable[str]:
        """Lines of the log as they come, until the job ends. Raises whatever the Hub's client raises."""
        for line in self._streaming().fetch_job_logs(job_id=job_id, namespace=namespace, follow=True):
            yield log_line(line)

    def metrics(self, job_id: str, namespace: str) -> Iterable[dict[str, Any]]:
        """About one reading a second, as the Hub gives it, until the job ends. Raises as `logs` does."""
        return self._streaming().fetch_job_metrics(job_id=job_id, namespace=namespace, follow=True)

    def _streaming(self) -> HfApi:
        """The client's API without the limits of a question: a stream has its own."""
        self.open()
        return self._api("a job's stream")

    def _secret(self) -> str:
        found = token()
        if found is None:
            raise no_token()
        return found

    def _job(self, about: str, question: Callable[[HfApi], T]) -> T:
        """As `ask`, with the refusals that only Jobs know. Refused without a token: nothing is asked then."""
        self._secret()
        try:
            return self.ask(about, question)
        except HubProblem as problem:
            raise _of_jobs(problem, about) from problem.__cause__


def no_token() -> Refused:
    """Nothing can be rented or stopped in nobody's name."""
    return Refused("No Hub token is set, and jobs run in somebody's name.", "Set HF_TOKEN or run `hf auth login`.")


def log_line(line: str) -> str:
    """A line of a log, safe to show, without anything that looks like a token."""
    return said(line, 300)


def status_of(problem: Problem) -> int | None:
    """The HTTP status behind a problem; null where there was no answer."""
    from huggingface_hub.errors import HfHubHTTPError

    cause = problem.__cause__
    return cause.response.status_code if isinstance(cause, HfHubHTTPError) else None


def _was_refused(problem: HubProblem) -> bool:
    """Whether it is sure that nothing was started: the Hub said no, or was never reached."""
    from huggingface_hub.utils import httpx

    status = status_of(problem)
    if status is not None:
        return 400 <= status < 500 and status != 408
    unsent = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
    return problem.kind in ("offline", "bad_name") or isinstance(problem.__cause__, unsent)


def _of_jobs(problem: HubProblem, about: str) -> Problem:
    match status_of(problem):
        case 402:
            hint = f"Add credit or a payment method at {BILLING_PAGE}, then try again."
            return Refused(f"{about}: the Hub rents nothing without credit or a payment method.", hint)
        case 401:
            return Refused(f"{about}: the Hub does not accept the token.", "Check HF_TOKEN: it may have ended.")
        case 403:
            hint = "Use a token with the permission to start and manage jobs."
            return Refused(f"{about}: the token may not do this.", hint)
        case 429:
            hint = f"{problem.hint}; a quota of jobs may be used up: end other jobs, or ask the Hub for more."
            return HubProblem("rate_limited", f"{about}: the Hub takes no more at the moment", hint, problem.wait_s)
        case 404:
            return HubProblem("not_found", f"{about}: the Hub knows none in this account", "check whose token is set")
    return problem


def _view(info: JobInfo) -> JobView:
    running_s, source = _running_s(info)
    return JobView(
        id=clean_line(info.id, 80),
        namespace=clean_line(info.owner.name, 100),
        url=clean_line(without_secrets(info.url), 300),
        stage=clean_line(str(getattr(info.status.stage, "value", info.status.stage)), 30),
        message=said(info.status.message or "", 300),
        exposed=tuple(clean_line(url, 200) for url in info.status.expose_urls or () if isinstance(url, str))[:8],
        flavor=clean_line(str(info.flavor or ""), 60),
        image=clean_line(str(info.docker_image or ""), 200),
        command=tuple(clean_line(str(word), 300) for word in info.command or ())[:100],
        labels={clean_line(str(k), 80): clean_line(str(v), 200) for k, v in (info.labels or {}).items()},
        started_at=info.started_at.isoformat() if info.started_at else "",
        ended_at=info.finished_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if info.finished_at else "",
        running_s=running_s,
        seconds_source=source,
    )


def _running_s(info: JobInfo) -> tuple[float | None, str]:
    """How long it ran, seconds, and how that is known."""
    counted = info.durations.running_secs if info.durations else None
    if isinstance(counted, int | float) and counted >= 0:
        return float(counted), "running seconds as the Hub counts them"
    if info.started_at and info.finished_at:
        span = (info.finished_at - info.started_at).total_seconds()
        return max(span, 0.0), "span between the Hub's times of start and end"
    if info.finished_at and info.durations:
        return 0.0, "the Hub says that it never ran"
    return None, "the Hub does not say how long it ran"


def _hardware(info: JobHardwareInfo, page: str, now: str) -> Hardware:
    gpu = info.accelerator
    gpus = _number(gpu.quantity) if gpu else None
    memory = _gigabytes(gpu.vram) if gpu else None
    return Hardware(
        name=clean_line(info.name, 60),
        title=clean_line(info.pretty_name, 80),
        cpu=clean_line(info.cpu, 40),
        ram=clean_line(info.ram, 40),
        gpu=clean_line(gpu.model, 60) if gpu else "",
        gpus=int(gpus or 0),
        gpu_memory_bytes=int(memory / gpus) if memory and gpus else None,
        price=_price(info, page, now),
    )


def _price(info: JobHardwareInfo, page: str, now: str) -> Price | None:
    """Null where the Hub names no amount, or a unit of time that is not known. Nothing is no amount: under it a cap
    would set no time limit."""
    unit, amount = str(info.unit_label).lower(), info.unit_cost_usd
    if unit not in ("minute", "hour") or not isinstance(amount, int | float) or not 0 < amount < 1e6:
        return None
    micro = info.unit_cost_micro_usd
    exact = micro / 1e6 if isinstance(micro, int) and abs(micro / 1e6 - amount) < 1e-5 else float(amount)
    return Price(
        amount=exact,
        unit="minute" if unit == "minute" else "hour",
        provider="Hugging Face Jobs",
        sku=clean_line(info.name, 60),
        source="hf_jobs_api",
        source_url=page,
        retrieved_at=now,
    )


def _gigabytes(text: str) -> float | None:
    """Bytes of "24 GB", all GPUs together, at ten to the ninth: not more than there is."""
    number = _number(str(text).upper().removesuffix("GB").strip())
    return number * _GB if number else None


def _number(text: object) -> float | None:
    try:
        return float(str(text))
    except ValueError:
        return None
