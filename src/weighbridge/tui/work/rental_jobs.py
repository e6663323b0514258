"""Work on rented GPUs that outlives a screen: prices, a rental from its order to its proof of stop, what is left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import aclosing, suppress
from typing import Any

from textual.worker import Worker, WorkerCancelled, WorkerFailed

from weighbridge.domain.problems import Problem
from weighbridge.domain.serving.billing import PriceChanged
from weighbridge.domain.serving.rental import Hardware, Order, Rental
from weighbridge.domain.serving.rental_words import stop_words
from weighbridge.tui.widgets.status_line import Notice, sentence
from weighbridge.tui.work.guard import Guard

RENTING, STOPPING = "renting", "stopping it"


class RentalJobs:
    """One rental a run. What is asked of the provider runs in the app's workers, and any of it can be given up."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._session = guard.session
        self.hardware: tuple[Hardware, ...] = ()
        """As the provider listed it last."""
        self.left: tuple[Rental, ...] = ()
        """Rentals of other runs that may cost money still."""
        self.doing = ""
        """What is asked of the provider at this moment, in words; empty: nothing."""
        self._worker: Worker[None] | None = None
        self._watcher: Worker[None] | None = None

    @property
    def open(self) -> Rental | None:
        """The rental of this run that may cost money, if there is one."""
        rental = self._session.run.rental
        return rental if rental is not None and not rental.over else None

    @property
    def renting(self) -> bool:
        """Whether a server is on its way."""
        return self.doing == RENTING

    @property
    def can_be_given_up(self) -> bool:
        """Whether something is asked of the provider that is not a stop."""
        return bool(self.doing) and self.doing != STOPPING

    def _do(self, doing: str, work: Coroutine[Any, Any, None]) -> None:
        self.doing = doing
        self._worker = self._guard.work(self._done(doing, work), "rental", exclusive=True)
        self._guard.changed()

    async def _done(self, doing: str, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        finally:
            if self.doing == doing:
                self.doing = ""

    def ask_hardware(self, then: Callable[[], None]) -> None:
        """Asks what can be rented, and for how much. `then` runs once the list is here."""

        async def ask() -> None:
            from weighbridge.session.rental import renting

            self.hardware = await renting.hardware(self._session.deps)
            then()

        self._do("asking for hardware and prices", ask())

    def order(self, then: Callable[[Order], None], share: Callable[[Problem], None], with_token: bool = False) -> None:
        """Makes the order from the plan, with the price of this moment; nothing is started by it.

        `share`: the model can be fetched only with the person's Hub token, which `with_token` agrees to.
        """

        async def ask() -> None:
            from weighbridge.session.rental import renting

            try:
                order = await renting.order_of(self._session, with_token)
            except renting.TokenNeeded as problem:
                share(problem)
            else:
                self.doing = ""
                then(order)

        self._do("asking for the price", ask())

    def rent(self, order: Order, again: Callable[[], None]) -> None:
        """Starts what was agreed to, and waits until the server answers. `again`: the price has changed meanwhile."""
        self._do(RENTING, self._rent(order, again))

    async def _rent(self, order: Order, again: Callable[[], None]) -> None:
        from weighbridge.session.rental import renting

        try:
            async with aclosing(renting.rent(self._session, order)) as states:
                async for _ in states:
                    self._guard.changed()
        except PriceChanged as problem:
            self.doing = ""
            self._guard.tell(Notice.of(problem))
            again()
            return
        rental = self._session.run.rental
        if rental is not None and rental.endpoint:
            self._guard.tell(Notice("The server answers: what you rented runs, and costs money.", "ctrl+n goes on."))
            self.watch()
        else:
            why = sentence(rental.message) if rental is not None else ""
            self._guard.tell(
                Notice(f"No server answers. {why}".strip(), stop_words(rental) if rental else "", "problem")
            )

    def watch(self) -> None:
        """Looks at the job now and then, as long as it is open; one that ended by itself is told of, and closed."""
        self._watcher = self._guard.work(self._watch(), "rental-watch", exclusive=True)

    async def _watch(self) -> None:
        from weighbridge.session.rental import watching

        while self.open is not None:
            await asyncio.sleep(watching.EVERY_S)
            if (ended := await watching.look(self._session)) is not None:
                said = f"The rented {ended.order.hardware.name} ended by itself. {sentence(ended.message)}"
                self._guard.tell(Notice(said, stop_words(ended), "problem"))

    def _unwatch(self) -> None:
        if self._watcher is not None:
            self._watcher.cancel()

    def stop(self) -> None:
        """Gives the rented GPU back, whatever it is doing; the proof of stop is said."""
        self._unwatch()
        renter = self._worker if self.renting else None
        self.doing = STOPPING
        self._worker = self._guard.work(self._done(STOPPING, self._stop(renter)), "rental-stop", exclusive=True)
        self._guard.changed()

    async def stopped(self) -> bool:
        """Stops it, and waits for the proof. Whether nothing can cost money any more."""
        self.stop()
        await self._settled(self._worker)
        return self.open is None

    async def _stop(self, renter: Worker[None] | None) -> None:
        from weighbridge.session.rental import renting

        await self._session.stop()
        if renter is not None:
            renter.cancel()
            await self._settled(renter)
        rental = await renting.give_back(self._session)
        self._guard.tell(Notice(stop_words(rental), kind="info" if rental.over else "problem"))

    async def _settled(self, worker: Worker[None] | None) -> None:
        if worker is not None:
            with suppress(WorkerCancelled, WorkerFailed):
                await worker.wait()

    def give_up(self) -> bool:
        """Gives up a question for prices. False where none is asked."""
        asks = bool(self.doing) and self.doing not in (RENTING, STOPPING) and self._worker is not None
        if asks and self._worker is not None:
            self._worker.cancel()
            self.doing = ""
        return asks

    # -- what was left running ----------------------------------------------------------------------------------

    def find_left(self) -> None:
        """Looks for rentals that still run, behind everything else, where the ledger holds any at all."""
        from weighbridge.services.rentals import Ledger

        self.say_open()
        if Ledger(self._session.deps.home).pages():
            self._guard.work(self._find_left(), "left")

    def say_open(self) -> None:
        """Says that what an earlier session of this run rented may run still."""
        if (rental := self.open) is not None:
            name = rental.order.hardware.name
            said = (
                f"The rented {name} of this run runs still, and costs money."
                if rental.stop is None
                else (f"The stop of the rented {name} of this run is not proven: it may cost money.")
            )
            self._guard.tell(Notice(said, "f9 stops it, and shows the proof.", "problem"))

    async def _find_left(self) -> None:
        await self.look()
        if self.left:
            many = "1 rented GPU was" if len(self.left) == 1 else f"{len(self.left)} rented GPUs were"
            self._guard.tell(Notice(f"{many} left running.", "f9 lists them, and stops them.", "problem"))

    async def look(self) -> None:
        """Asks ledger and provider what still runs. Problem."""
        from weighbridge.session.rental import renting

        mine = self._session.run.rental
        found = await renting.left_running(self._session.deps)
        self.left = tuple(one for one in found if mine is None or mine.over or one.order.id != mine.order.id)
        self._guard.changed()

    async def stop_one(self, rental: Rental) -> Rental:
        """Stops the rental of this run or one that was left, and gives it with its proof. Problem."""
        mine = self.open
        if mine is not None and mine.order.id == rental.order.id:
            await self.stopped()
            return self._session.run.rental or rental
        from weighbridge.session.rental import renting

        stopped = await renting.stop_left(self._session.deps, rental)
        if stopped.over:
            self.left = tuple(one for one in self.left if one.order.id != rental.order.id)
        self._guard.changed()
        return stopped

    def leave(self) -> None:
        """The rental goes on when the run is closed: on record in the ledger, for the next start to find."""
        self._unwatch()
        if self._session.lease is not None:
            self._session.lease.release()
            self._session.lease = None

    def take_up(self) -> None:
        """A rental that an earlier session left is this one's again."""
        if self.open is not None:
            from weighbridge.session.rental import renting

            try:
                renting.take_up(self._session)
            except Problem as problem:
                self._guard.tell(Notice.of(problem))
            self.watch()

    async def close(self) -> None:
        """Ends the wait for a server; what happens to the rental is the session's."""
        self._unwatch()
        if self.renting and self._worker is not None:
            self._worker.cancel()
        await self._settled(self._worker)
