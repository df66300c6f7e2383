"""create-heat-tables.py URL: Heat's tables, by what its models say: its migrations use ALTERs that SQLite does not have."""
import sys

import sqlalchemy
from heat.db.sqlalchemy import models

engine = sqlalchemy.create_engine(sys.argv[1])
with engine.begin() as connection:
    connection.exec_driver_sql('PRAGMA journal_mode=WAL')
models.BASE.metadata.create_all(engine)
