"""How a job ends: its hook is called when the lock is free and the exit code is known, and its document printed."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pipeline import clock
from pipeline.errors import RefusedError
from pipeline.terminal.console import Output

if TYPE_CHECKING:
    from pipeline.jobs.report import Counts

# With these codes a job has done what it was asked for.
_DONE = (0, RefusedError.exit_code)


@dataclass
class JobEnd:
    """What a command leaves to its end: the `document` for machines, and what its hook is told.

    Only a job that has begun calls a hook: `extract`, `load` and `run`, which bring the data folder on.
    """

    document: dict[str, Any] | None = None
    _command: str = ""
    _output: Output | None = None
    _counts: "Counts | None" = None
    _began_at: datetime = field(default_factory=clock.now)

    def begin(self, command: str, output: Output) -> None:
        """Take note that a job begins, before its settings are read: these may be what it fails for."""
        self._command, self._output = command, output

    def done(self, counts: "Counts", document: dict[str, Any]) -> None:
        """Take note of what a job did."""
        self._counts, self.document = counts, document

    def call_hook(self, code: int, error: BaseException | None) -> list[str]:
        """Call the hook for this exit code, if there is one; return a sentence, which was printed, where it fails.

        `error` is what ended the job, where it failed. Whatever happens here changes nothing else.
        """
        if self._output is None:
            return []
        try:
            failure = self._call(code, error)
        except KeyboardInterrupt:
            failure = "The hook was stopped"
        except Exception as unknown:  # its text may quote the hook
            failure = f"The hook failed ({type(unknown).__name__})"
        if failure is None:
            return []
        sentence = f"{failure}. What the job did, and its exit code, stay as they are."
        self._output.warn(sentence)
        return [sentence]

    def _call(self, code: int, error: BaseException | None) -> str | None:
        from pipeline.settings import read_hooks

        hooks = read_hooks()
        hook = hooks.on_success if code in _DONE else hooks.on_failure
        if hook is None:
            return None
        from pipeline.jobs.hooks import HookError, call_hook
        from pipeline.jobs.report import counts_of_failure, report

        told = report(self._command, self._counts or counts_of_failure(error), code, error, self._began_at, clock.now())
        try:
            call_hook(hook, told)
        except HookError as failure:
            return f"{hook.name} ({hook}): {failure}"
        return None
