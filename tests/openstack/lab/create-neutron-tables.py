"""create-neutron-tables.py URL [MODULE ...]: Neutron's tables, and those that other modules of models have.

Neutron's migrations use ALTERs that SQLite does not have, and Debian's TaaS package comes without migrations; so all
come from what the models say.
"""
import importlib
import sys

import sqlalchemy
from neutron.db.migration.models import head

for module in sys.argv[2:]:
    importlib.import_module(module)  # Importing it adds its tables to the models.

engine = sqlalchemy.create_engine(sys.argv[1])
with engine.begin() as connection:
    if engine.name == 'sqlite':
        connection.exec_driver_sql('PRAGMA journal_mode=WAL')
head.get_metadata().create_all(engine)
