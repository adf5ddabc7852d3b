"""The rate limit: so many requests a minute, in bursts of so many in any minute."""

from collections import deque

_MINUTE = 60.0


class Throttle:
    """Counts the requests of one owner of keys; moments are seconds of any clock that does not go back."""

    def __init__(self, rate_per_minute: int, burst_per_minute: int) -> None:
        """Allow `rate_per_minute` in the long run (0: any number) and at most `burst_per_minute` in any 60 s."""
        self._rate = rate_per_minute
        self._burst = max(burst_per_minute, rate_per_minute)
        self._tokens = float(self._burst)
        self._seen_at = 0.0
        self._taken: deque[float] = deque()

    def wait_seconds(self, now: float) -> float:
        """Take a request and return 0, or return how long to wait for the next one. Refused ones do not count."""
        if not self._rate:
            return 0.0
        per_second = self._rate / _MINUTE
        self._tokens = min(self._burst, self._tokens + (now - self._seen_at) * per_second)
        self._seen_at = now
        while self._taken and self._taken[0] <= now - _MINUTE:
            self._taken.popleft()
        if len(self._taken) >= self._burst:
            return self._taken[0] + _MINUTE - now
        if self._tokens < 1:
            return (1 - self._tokens) / per_second
        self._tokens -= 1
        self._taken.append(now)
        return 0.0
