"""Settings of the real worker that test_worker.py starts: the broker's table and nothing else."""

import json
import os

SECRET_KEY = "only-for-a-test-worker"
USE_TZ = True
INSTALLED_APPS = ["common.broker"]
DATABASES = {"default": json.loads(os.environ["BROKER_TEST_DATABASE"])}
