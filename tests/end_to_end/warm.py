"""For processes from which runs are forked: reads once what each run would read again. Importing it is all."""

import pipeline.provisioners.organizations  # noqa: F401 - imported by the product when a run begins
from pipeline.provisioners.aws.descriptions import new_session

SERVICES = ("account", "organizations", "resourcegroupstaggingapi", "sts")

for service in SERVICES:
    new_session().create_client(
        service, region_name="us-east-1", aws_access_key_id="none", aws_secret_access_key="none"
    )
