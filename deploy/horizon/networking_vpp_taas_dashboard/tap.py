"""A tap as a row of a table, and as the API takes it. Pure."""

#: What can be changed of any tap.
TEXTS = ('name', 'description')


class Tap:
    """A tap that the API has shown. `names`: of ports and tap services, by id; one that is not there is shown by its id."""

    def __init__(self, shown, names=None):
        self._shown = shown
        self._names = names or {}

    def __getattr__(self, name):
        # Neutron's own plugin has no reason of a status, for one: what an API does not have is empty.
        if name.startswith('_'):
            raise AttributeError(name)
        return self._shown.get(name)

    def named(self, names):
        return Tap(self._shown, names)

    @property
    def name_or_id(self):
        return (self.name or '').strip() or '(%s)' % self.id[:13]

    @property
    def port_name(self):
        return self._named(self.source_port or self.port_id)

    @property
    def service_name(self):
        return self._named(self.tap_service_id)

    @property
    def directions_text(self):
        return ', '.join('%s %s' % each for each in sorted((self.directions or {}).items()))

    def _named(self, id_):
        return self._names.get(id_) or id_


def body_of(fields):
    """The body for a new tap, from the fields of a form. What was left empty is left to the API."""
    body = {name: value for name, value in fields.items() if value != '' and not name.startswith('id_')}
    ids = {name[3:]: value for name, value in fields.items() if value != '' and name.startswith('id_')}
    return dict(body, directions=ids) if any(name.startswith('id_') for name in fields) else body
