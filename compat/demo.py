"""What an official client sees of the demo: the unmodified Python SDK asks GetFunctionLogs and prints what it gets.

Reads RUNLOG_ENDPOINT, RUNLOG_SECRET_ID, RUNLOG_SECRET_KEY and RUNLOG_REGION.
"""

import os
from importlib.metadata import version

from tencentcloud.common.credential import Credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.scf.v20180416 import models, scf_client


def client():
    http = HttpProfile(protocol="http", endpoint=os.environ["RUNLOG_ENDPOINT"].removeprefix("http://"))
    credential = Credential(os.environ["RUNLOG_SECRET_ID"], os.environ["RUNLOG_SECRET_KEY"])
    return scf_client.ScfClient(credential, os.environ["RUNLOG_REGION"], ClientProfile(httpProfile=http))


def main():
    request = models.GetFunctionLogsRequest()
    request.Limit = 8
    answer = client().GetFunctionLogs(request)
    sdk = f"tencentcloud-sdk-python-scf {version('tencentcloud-sdk-python-scf')}"
    print(f"\nTencent Cloud's own SDK ({sdk}, unmodified) asks GetFunctionLogs and gets")
    print(f"{answer.TotalCount} runs in the last 24 hours, the newest of them:\n")
    for run in answer.Data:
        print(f"  {run.StartTime}  {run.FunctionName:<20} {run.RetCode:>4} {run.Duration:>10.3f} ms  {run.RequestId}")
    request.FunctionName, request.Limit = "demo-failing", 1
    failing = client().GetFunctionLogs(request).Data
    if failing:
        print(f"\nand of {failing[0].FunctionName} the log:\n")
        print("".join(f"  {line}\n" for line in failing[0].Log.splitlines()))


if __name__ == "__main__":
    main()
