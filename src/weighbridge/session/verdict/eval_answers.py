"""What a person changes of the eval: its cases, its rule, and the mark of one answer."""

from __future__ import annotations

from weighbridge.domain import intents as want
from weighbridge.domain.run import Run
from weighbridge.session import answers
from weighbridge.session.verdict.overruling import overrule

EvalIntent = want.UsePack | want.ChangeThreshold | want.ChangeTimeLimit | want.OverruleMark


def changed(run: Run, intent: EvalIntent, now: str) -> Run:
    """The run as the person wants it. BadInput where that cannot be."""
    match intent:
        case want.UsePack():
            return answers.use_pack(run, intent)
        case want.ChangeThreshold():
            return answers.change_threshold(run, intent)
        case want.ChangeTimeLimit():
            return answers.change_time_limit(run, intent)
        case want.OverruleMark():
            return overrule(run, intent, now)
