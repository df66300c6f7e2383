"""Compares all that Neutron wants with all that taas-server has, again and again, and carries out the difference."""
from .plan import plan

#: Steps that may fail one after the other before the server counts as down.
MOST_FAILURES = 3
#: The wait after something has changed, in seconds; doubled while nothing does.
SHORTEST = 1


class Unavailable(Exception):
    """Nobody knows whether it was done, or the server cannot do anything for us now."""


class Refused(Exception):
    """The server will not have this tap."""


class Sync:
    """Keeps no journal: Neutron's own rows say what is wanted, so that nothing is lost that Neutron has written.

    `neutron`, `server`: where the two sides are; `now`: seconds; `log`: a logger; `longest`: seconds between two looks
    when nothing happens.
    """

    def __init__(self, neutron, server, now, log, longest=30):
        self._neutron, self._server = neutron, server
        self._now, self._log, self._longest = now, log, longest
        self._next, self._wait = 0, SHORTEST
        self._asked = None
        self._suspects = frozenset()
        #: Why a tap is not there, as last logged.
        self._troubles = {}
        self._down = ''

    def step(self):
        """To be called every second. Never raises: what calls it would stop."""
        try:
            if self._is_due():
                self._look()
        except Unavailable as problem:
            self._fail(str(problem))
        except Exception as problem:  # a bug, or Neutron's database
            self._log.exception('taps: a look at Neutron and taas-server failed')
            self._fail(repr(problem), logged=True)

    def _is_due(self):
        if self._now() >= self._next:
            return True
        # While the server is down its own wait decides; else a change in Neutron is answered at once.
        return not self._down and _asked(self._neutron.taps()) != self._asked

    def _look(self):
        # The server first: what it has was in Neutron when Neutron is read.
        actual = self._server.taps()
        wanted = self._neutron.taps()
        self._asked = _asked(wanted)
        self._troubles = {key: why for key, why in self._troubles.items() if key in wanted}
        steps, suspects = plan(wanted, actual, self._suspects)
        changed = suspects - self._suspects
        self._suspects = suspects
        # A tap that failed before must not keep the others from their turn.
        steps.sort(key=lambda each: each.tap.key in self._troubles)
        if self._carry_out(steps) or changed:
            self._wait = SHORTEST
        else:
            self._wait = min(self._wait * 2, self._longest)
        self._next = self._now() + self._wait
        if self._down:
            self._log.info('taps: taas-server answers again')
            self._down = ''

    def _carry_out(self, steps):
        done, failures = 0, 0
        for step in steps:
            try:
                done += self._carry_out_one(step)
                failures = 0
            except Unavailable as problem:
                failures += 1
                self._trouble(step.tap, str(problem))
                if failures >= MOST_FAILURES:
                    raise
        if failures:
            raise Unavailable('the last of its answers was a failure')
        return done

    def _carry_out_one(self, step):
        what, tap, status = step
        if what == 'status':
            return self._neutron.set_status(tap, status)
        if what == 'forget':
            return self._neutron.forget(tap)
        if what == 'remove':
            self._server.remove(tap)
        # It may have been deleted since the look began.
        elif self._neutron.wants(tap):
            return self._ask(self._server.create if what == 'create' else self._server.change, tap)
        return True

    def _ask(self, request, tap):
        try:
            request(tap)
        except Refused as refusal:
            self._trouble(tap, str(refusal))
            return tap.status != 'ERROR' and self._neutron.set_status(tap, 'ERROR')
        self._troubles.pop(tap.key, None)
        return True

    def _trouble(self, tap, why):
        if self._troubles.get(tap.key) != why:
            self._log.warning('taps: %s %s: %s', tap.kind[:-1], tap.id, why)
        self._troubles[tap.key] = why

    def _fail(self, why, logged=False):
        # Once: what a library says of the same trouble differs from time to time.
        if not self._down and not logged:
            self._log.error('taps: taas-server: %s. Neutron keeps what it was asked for; it is tried again', why)
        self._down = why
        self._wait = min(self._wait * 2, self._longest)
        self._next = self._now() + self._wait


def _asked(taps):
    return frozenset(tap.asked for tap in taps.values())
