"""The Python SDK, pointed at the server under test. One place knows how a client is made; the tests only ask."""

import json
import os

from tencentcloud.common import credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.scf.v20180416 import models, scf_client

import fixture

HTTPS = os.environ["RUNLOG_HTTPS"]
CA = os.environ["RUNLOG_CA"]
RATED = os.environ["RUNLOG_RATED_HTTP"]
LIMITED = (os.environ["RUNLOG_LIMITED_ID"], os.environ["RUNLOG_LIMITED_KEY"])


def client(keys=(fixture.SECRET_ID, fixture.SECRET_KEY), sign="TC3-HMAC-SHA256", method="POST", scheme="http",
           endpoint=None, language="zh-CN", region=fixture.REGION, unsigned=False, token=None):
    http = HttpProfile(protocol=scheme, endpoint=endpoint or (HTTPS if scheme == "https" else fixture.HTTP),
                       reqMethod=method, reqTimeout=20, certification=CA if scheme == "https" else None)
    profile = ClientProfile(signMethod=sign, httpProfile=http, language=language)
    profile.unsignedPayload = unsigned
    return scf_client.ScfClient(credential.Credential(*keys, token), region, profile)


def logs(sdk, window=fixture.DAY, **parameters):
    """GetFunctionLogs; `window=None` sends no times. Answers the SDK's response object."""
    if window:
        parameters.update(StartTime=window[0], EndTime=window[1])
    request = models.GetFunctionLogsRequest()
    request.from_json_string(json.dumps(parameters))
    return sdk.GetFunctionLogs(request)


def call(sdk, action, **parameters):
    """Any other action, through the SDK's request and response classes of that action."""
    request = getattr(models, action + "Request")()
    request.from_json_string(json.dumps(parameters))
    return getattr(sdk, action)(request)


def rows(response):
    """The answer's rows as plain dictionaries, every field of the SDK's model included."""
    return [json.loads(log.to_json_string()) for log in response.Data]
