"""Calling a hook: a command of the shell, or an address to post to. Whatever it does, the job has ended before."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import aiohttp
import orjson

from pipeline.settings.environment import names_of_keys
from pipeline.settings.hooks import EXIT_CODE, ON_FAILURE, ON_SUCCESS, Hook

_COMMAND_SECONDS = 60.0
_POST_SECONDS = 10.0
_ATTEMPTS = 2
_PAUSE_SECONDS = 0.5
_OURS = {"LEAFLINK_API_KEY", "LEAFLINK_PROXY", "LEAFHOUSE_SPARK_REMOTE", ON_SUCCESS, ON_FAILURE}


class HookError(Exception):
    """A hook failed; the text says how, and shows nothing of a command or an address."""


def call_hook(hook: Hook, report: Mapping[str, Any], *, seconds: float | None = None) -> None:
    """Hand a report to a hook, as JSON. Raises HookError where it cannot be called, fails, or takes longer.

    A command may take a minute, an address ten seconds for two attempts, or so many `seconds`.
    """
    document, value = orjson.dumps(report), hook.value.get_secret_value()
    if hook.is_address:
        asyncio.run(_post(value, document, seconds or _POST_SECONDS))
    else:
        _run(value, document, report["exit_code"], seconds or _COMMAND_SECONDS)


def environment_for_hooks() -> dict[str, str]:
    """Return the environment without keys, the proxy and the hooks themselves, under whatever name they are there."""
    hidden = _OURS | names_of_keys()
    secrets = {os.environ[name] for name in _OURS & os.environ.keys()}
    return {
        name: value for name, value in os.environ.items()
        if name not in hidden and not any(secret in value for secret in secrets)
    }  # fmt: skip


def _run(command: str, document: bytes, code: int, seconds: float) -> None:
    # What it prints goes where progress goes: stdout is for the results of the job.
    process = subprocess.Popen(  # noqa: S603 (the owner of the settings wrote it)
        ["/bin/sh", "-c", command], stdin=subprocess.PIPE, stdout=sys.stderr.fileno(), start_new_session=True,
        env=environment_for_hooks() | {EXIT_CODE: str(code)},
    )  # fmt: skip
    try:
        process.communicate(document, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise HookError(f"it did not end within {seconds:.0f} s and was stopped") from None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if process.returncode < 0:
        raise HookError(f"it was ended by {signal.Signals(-process.returncode).name}")
    if process.returncode:
        raise HookError(f"it ended with {process.returncode}")


async def _post(address: str, document: bytes, seconds: float) -> None:
    # No proxy: LEAFLINK_PROXY is the way to LeafLink, and may lead nowhere else.
    limit = aiohttp.ClientTimeout(total=(seconds - _PAUSE_SECONDS) / _ATTEMPTS)
    async with aiohttp.ClientSession(timeout=limit, trust_env=False) as session:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                async with session.post(
                    address, data=document, headers={"Content-Type": "application/json"}, allow_redirects=False
                ) as answer:
                    if answer.ok and answer.status < 300:
                        return
                    failure = f"it answered {answer.status}"
            except (aiohttp.ClientError, OSError, ValueError) as error:
                failure = _describe(error)
            if attempt < _ATTEMPTS:
                await asyncio.sleep(_PAUSE_SECONDS)
    raise HookError(f"{failure}, {_ATTEMPTS} times")


def _describe(error: Exception) -> str:
    """Return why there was no answer; the text of an error may quote the address."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return "its certificate is not trusted"
        case aiohttp.ClientConnectorDNSError():
            return "its host name cannot be found"
        case aiohttp.ClientConnectorError():
            return "it cannot be reached"
        case TimeoutError():
            return "it did not answer in time"
        case _:
            return "the connection broke off"
