"""What Flower needs of an app: where the broker is."""
import os

from celery import Celery

app = Celery("flower_app", broker=os.environ["PYTHON_BROKER"], backend=os.environ["PYTHON_RESULTS"])
app.conf.broker_transport_options = {"global_keyprefix": os.environ["FLOWER_PREFIX"]}
