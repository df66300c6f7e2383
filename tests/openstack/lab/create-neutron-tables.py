"""create-neutron-tables.py URL [taas]: Neutron's tables, and with "taas" those of its TaaS plugin.

Neutron's migrations use ALTERs that SQLite does not have, and Debian's TaaS package comes without migrations; so both
come from what the models say.
"""
import sys

import sqlalchemy
from neutron.db.migration.models import head

if sys.argv[2:] == ['taas']:
    from neutron_taas.db import taas_db  # noqa: F401 (importing it adds its tables to the models)

engine = sqlalchemy.create_engine(sys.argv[1])
with engine.begin() as connection:
    if engine.name == 'sqlite':
        connection.exec_driver_sql('PRAGMA journal_mode=WAL')
head.get_metadata().create_all(engine)
