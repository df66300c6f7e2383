"""What the API answers instead of what was asked for. Imported while Horizon reads its settings: nothing of Horizon here."""


class Refused(Exception):
    """The API's own words, for the user to read."""


class Gone(Refused):
    """There is no such tap, or not for this user."""


class Unauthorized(Refused):
    """The token is not good any more."""
