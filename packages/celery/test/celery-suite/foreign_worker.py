"""A pytest plugin: Celery's integration tests with a worker that is not Python's.

The tests ask for the fixture `celery_session_worker`, which starts a worker in their own process. Here it starts the
command in FOREIGN_WORKER, in which {name} becomes the node name that the tests expect, and waits until that worker
answers a ping.
"""
import os
import shlex
import signal
import subprocess
import time
from types import SimpleNamespace

import celery.contrib.pytest as plugin
import pytest
from celery.utils.nodenames import anon_nodename


@pytest.fixture(scope="session")
def celery_session_worker(request, celery_session_app, celery_includes, celery_class_tasks):
    # The tasks are registered on the client's side only: their names and signatures are the tests' business.
    for module in celery_includes:
        celery_session_app.loader.import_task_module(module)
    for class_task in celery_class_tasks:
        celery_session_app.register_task(class_task)
    hostname = anon_nodename()
    worker = subprocess.Popen(shlex.split(os.environ["FOREIGN_WORKER"].format(name=hostname)))
    try:
        wait_until_it_answers(celery_session_app, worker, hostname)
        yield SimpleNamespace(app=celery_session_app, hostname=hostname, pid=worker.pid)
    finally:
        worker.send_signal(signal.SIGTERM)
        try:
            worker.wait(20)
        except subprocess.TimeoutExpired:
            worker.kill()


def wait_until_it_answers(app, worker, hostname, deadline=120.0):
    end = time.monotonic() + deadline
    while time.monotonic() < end:
        if worker.poll() is not None:
            pytest.exit(f"the worker ended with {worker.returncode}", returncode=3)
        if app.control.inspect(destination=[hostname], timeout=1).ping():
            return
    pytest.exit(f"the worker did not answer within {deadline} s", returncode=3)


# conftest.py takes its fixtures from here when it is imported, which comes after this plugin.
plugin.celery_session_worker = celery_session_worker
pytest_plugins = ["celery.contrib.pytest"]
