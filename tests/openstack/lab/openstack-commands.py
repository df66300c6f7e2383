"""Runs `openstack` commands one after the other in one process: most of a command's time is Python's start.

Each line of standard input is {"argv": [...], "env": {...}}; each line of standard output is
{"code": ..., "stdout": ..., "stderr": ...}. A command's main function, parsing, log-in and output are the client's own.
"""
import contextlib
import io
import json
import logging
import os
import sys

from openstackclient.shell import main

answers = sys.stdout
inherited = dict(os.environ)
for line in sys.stdin:
    wanted = json.loads(line)
    os.environ.clear()
    os.environ.update({**inherited, **wanted['env']})
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(wanted['argv'])
        except SystemExit as ending:
            code = ending.code
    # The client has added a handler that writes to this command's standard error.
    logging.getLogger().handlers.clear()
    answers.write(json.dumps({'code': code or 0, 'stdout': out.getvalue(), 'stderr': err.getvalue()}) + '\n')
    answers.flush()
