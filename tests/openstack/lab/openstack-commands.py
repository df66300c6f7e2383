"""Runs `openstack` commands one after the other, sparing each of them Python's start, which is most of its time.

Each line of standard input is {"argv": [...], "env": {...}}; each line of standard output is
{"code": ..., "stdout": ..., "stderr": ...}. A command's main function, parsing, log-in and output are the client's own,
and it runs in a process of its own: the client's modules remember who was logged in.
"""
import json
import os
import sys
import tempfile

from openstackclient.shell import main


def run(argv, env, out, err):
    """In a child: the command, with its output in two files."""
    os.dup2(out.fileno(), 1)
    os.dup2(err.fileno(), 2)
    os.environ.update(env)
    try:
        code = main(argv)
    except SystemExit as ending:
        code = ending.code
    except BaseException as error:  # The child must not go on with the loop below.
        print(repr(error), file=sys.stderr)
        code = 70
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0 if code is None else 1)


for line in sys.stdin:
    wanted = json.loads(line)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            run(wanted['argv'], wanted['env'], out, err)
        _, status = os.waitpid(child, 0)
        texts = []
        for each in (out, err):
            each.seek(0)
            texts.append(each.read().decode())
    answer = {'code': os.waitstatus_to_exitcode(status), 'stdout': texts[0], 'stderr': texts[1]}
    sys.stdout.write(json.dumps(answer) + '\n')
    sys.stdout.flush()
