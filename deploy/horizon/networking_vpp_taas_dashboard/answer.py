"""What an answer of the API says. Pure."""
from .errors import Gone, Refused, Unauthorized

KINDS = {401: Unauthorized, 404: Gone}


def read(status, body, key):
    """What an answer has under `key`; None of one that has nothing.

    `body`: of JSON, or None where it is none. Raises Refused, in the API's own words, unless it is a success.
    """
    if status == 204:
        return None
    if status not in (200, 201):
        raise KINDS.get(status, Refused)(_words(body) or 'The network service answered %d, and not why.' % status)
    if not isinstance(body, dict) or key not in body:
        raise Refused('The network service answered with something else than %s.' % key)
    return body[key]


def has_more(body, key):
    """Whether there are more than the list has."""
    return any(link.get('rel') == 'next' for link in body.get(key + '_links', ()))


def _words(body):
    for name in ('NeutronError', 'error'):
        error = body.get(name) if isinstance(body, dict) else None
        # Neutron itself answers some errors with a text in the place of an object.
        message = error.get('message') if isinstance(error, dict) else error
        if isinstance(message, str) and message:
            return message
    return None
