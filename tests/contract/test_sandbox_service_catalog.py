"""Account Factory in the sandbox's Service Catalog does what AWS documents, in both protocols of the service."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from botocore.exceptions import ClientError
from moto.iam.models import IAMBackend
from moto.sts.models import STSBackend

from pipeline.sandbox.faults import Fault, Kind
from pipeline.sandbox.options import Options
from pipeline.sandbox.organization import MANAGEMENT_ID, ROOT_ID
from pipeline.sandbox.service_catalog import SERVICE_CATALOG
from tests.contract.answers import client_speaking, held_against_the_model
from tests.contract.sandbox_client import Aws, opened, refusal

GUIDE = "https://docs.aws.amazon.com/controltower/latest/userguide/"
PRODUCT, PORTFOLIO = "AWS Control Tower Account Factory", "AWS Control Tower Account Factory Portfolio"
ADMINISTRATOR = f"arn:aws:iam::{MANAGEMENT_ID}:user/administrator"
PIPELINE = f"arn:aws:iam::{MANAGEMENT_ID}:role/vending/Pipeline"
MINUTE = 60
BUSY = (
    "Account Factory cannot complete an operation on this account, because another AWS Control Tower operation is in "
    "progress. Try again later."
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Aws]:
    with opened(Options(landing_zone=True)) as aws:
        held_against_the_model(aws.client("servicecatalog"))
        yield aws


@pytest.fixture
def aws(sandbox: Aws) -> Aws:
    sandbox.served.reset("sample")
    return sandbox


class Factory:
    """Account Factory, as a pipeline finds it."""

    def __init__(self, aws: Aws, client: Any = None) -> None:
        self.aws = aws
        self.catalog = client or aws.client("servicecatalog")
        found = self.catalog.describe_product_as_admin(Name=PRODUCT)["ProductViewDetail"]
        self.product = found["ProductViewSummary"]["ProductId"]
        artifacts = self.catalog.list_provisioning_artifacts(ProductId=self.product)["ProvisioningArtifactDetails"]
        [self.artifact] = [each["Id"] for each in artifacts if each["Active"]]

    def unit(self, name: str) -> str:
        units = self.aws.organizations.list_organizational_units_for_parent(ParentId=ROOT_ID)["OrganizationalUnits"]
        return next(f"{name} ({each['Id']})" for each in units if each["Name"] == name)

    def parameters(self, name: str = "orders", **more: str) -> list[dict[str, str]]:
        values = {
            "AccountEmail": f"{name}@example.com",
            "AccountName": name,
            "ManagedOrganizationalUnit": more.pop("unit", None) or self.unit("Sandbox"),
            "SSOUserEmail": "bob@example.com",
            "SSOUserFirstName": "Bob",
            "SSOUserLastName": "O'Brien",
            **more,
        }
        return [{"Key": key, "Value": value} for key, value in values.items() if value != "-"]

    def provision(self, name: str = "orders", attempt: str | None = None, **more: str) -> dict[str, Any]:
        answer = self.catalog.provision_product(
            ProductId=self.product,
            ProvisioningArtifactId=self.artifact,
            ProvisionedProductName=name,
            ProvisioningParameters=self.parameters(name, **more),
            ProvisionToken=attempt or f"provision-{name}",
        )
        record: dict[str, Any] = answer["RecordDetail"]
        return record

    def update(self, name: str, attempt: str = "update", **more: str) -> dict[str, Any]:
        answer = self.catalog.update_provisioned_product(
            ProvisionedProductName=name,
            ProductId=self.product,
            ProvisioningArtifactId=self.artifact,
            ProvisioningParameters=self.parameters(name, **more),
            UpdateToken=attempt,
        )
        record: dict[str, Any] = answer["RecordDetail"]
        return record

    def terminate(self, name: str, **more: Any) -> dict[str, Any]:
        answer = self.catalog.terminate_provisioned_product(
            ProvisionedProductName=name, **{"TerminateToken": f"terminate-{name}", **more}
        )
        record: dict[str, Any] = answer["RecordDetail"]
        return record

    def look(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.catalog.describe_provisioned_product(Name=name)["ProvisionedProductDetail"]
        return found

    def ended(self, record: dict[str, Any]) -> dict[str, Any]:
        """The record and its outputs, when it has ended: each look is a second of the sandbox after the one before."""
        for _ in range(MINUTE):
            answer: dict[str, Any] = self.catalog.describe_record(Id=record["RecordId"])
            if answer["RecordDetail"]["Status"] in {"SUCCEEDED", "FAILED"}:
                return answer
            self.aws.wait(1)
        raise AssertionError(record)

    def vended(self, name: str = "orders", **more: str) -> str:
        """The id of an account that was provisioned."""
        return outputs(self.ended(self.provision(name, **more)))["AccountId"]

    def search(self, *queries: str, **more: Any) -> list[str]:
        filters = {"SearchQuery": list(queries)}
        found = self.catalog.search_provisioned_products(Filters=filters, **more)["ProvisionedProducts"]
        return [each["Name"] for each in found]


def outputs(answer: dict[str, Any]) -> dict[str, str]:
    return {each["OutputKey"]: each["OutputValue"] for each in answer["RecordOutputs"]}


def said(call: Any, **parameters: Any) -> tuple[str, str]:
    """Code and text of a refusal."""
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    answer: Any = refused.value.response
    return answer["Error"]["Code"], answer["Error"]["Message"]


def parent_of(aws: Aws, account_id: str) -> str:
    return str(aws.organizations.list_parents(ChildId=account_id)["Parents"][0]["Id"])


@pytest.fixture
def factory(aws: Aws) -> Factory:
    return Factory(aws)


# ---- the whole way, in each protocol


@pytest.mark.parametrize("protocol", ["json", "smithy-rpc-v2-cbor"])
def test_an_account_is_provisioned_moved_and_un_managed_in_each_protocol(aws: Aws, protocol: str) -> None:
    """https://docs.aws.amazon.com/controltower/latest/userguide/provision-as-end-user.html"""
    factory = Factory(aws, held_against_the_model(client_speaking(aws, "servicecatalog", protocol)))

    asked = factory.provision()
    assert asked["Status"] == "CREATED"
    assert factory.look("orders")["Status"] == "UNDER_CHANGE"
    account = outputs(factory.ended(asked))["AccountId"]
    assert f"({parent_of(aws, account)})" in factory.unit("Sandbox")
    moved = factory.ended(factory.update("orders", unit=factory.unit("Infrastructure")))["RecordDetail"]
    assert (moved["Status"], moved["RecordType"]) == ("SUCCEEDED", "UPDATE_PROVISIONED_PRODUCT")
    assert f"({parent_of(aws, account)})" in factory.unit("Infrastructure")
    gone = factory.ended(factory.terminate("orders"))["RecordDetail"]
    assert (gone["Status"], parent_of(aws, account)) == ("SUCCEEDED", ROOT_ID)
    assert said(factory.catalog.describe_provisioned_product, Name="orders")[0] == "ResourceNotFoundException"


def test_a_record_goes_from_created_over_in_progress_to_succeeded(factory: Factory) -> None:
    record = factory.provision()
    statuses, answer = [record["Status"]], dict[str, Any]()
    while statuses[-1] != "SUCCEEDED":
        factory.aws.wait(1)
        answer = factory.catalog.describe_record(Id=record["RecordId"])
        statuses.append(answer["RecordDetail"]["Status"])
        assert bool(answer["RecordOutputs"]) is (statuses[-1] == "SUCCEEDED")

    product = factory.look("orders")
    assert list(dict.fromkeys(statuses)) == ["CREATED", "IN_PROGRESS", "SUCCEEDED"]
    assert product["Status"] == "AVAILABLE"
    assert product["LastSuccessfulProvisioningRecordId"] == record["RecordId"] == product["LastRecordId"]
    assert product["Type"] == answer["RecordDetail"]["ProvisionedProductType"] == "CONTROL_TOWER_ACCOUNT"
    assert factory.search(f"physicalId:{outputs(answer)['AccountId']}") == ["orders"]


def test_the_outputs_are_the_account_its_address_and_its_first_user(factory: Factory) -> None:
    account = factory.vended()
    answer = factory.catalog.get_provisioned_product_outputs(ProvisionedProductName="orders")["Outputs"]

    assert {each["OutputKey"]: each["OutputValue"] for each in answer} == {
        "AccountId": account,
        "AccountEmail": "orders@example.com",
        "SSOUserEmail": "bob@example.com",
    }


def test_a_failure_before_the_account_leaves_a_product_in_error_without_an_account(factory: Factory) -> None:
    """https://github.com/aws-ia/terraform-aws-control_tower_account_factory/issues/39: "Not Available"."""
    factory.aws.served.inject(Fault(kind=Kind.CREATION_FAILURE, failure_reason="ACCOUNT_LIMIT_EXCEEDED"))
    record = factory.provision()
    factory.aws.wait(5)
    tidying = [factory.catalog.describe_record(Id=record["RecordId"])["RecordDetail"]["Status"] for _ in range(2)]
    ended = factory.ended(record)
    [found] = factory.catalog.search_provisioned_products(Filters={"SearchQuery": ["name:orders"]})[
        "ProvisionedProducts"
    ]
    product = factory.look("orders")

    assert tidying == ["IN_PROGRESS_IN_ERROR"] * 2
    assert ended["RecordDetail"]["Status"] == "FAILED"
    assert "ACCOUNT_LIMIT_EXCEEDED" in ended["RecordDetail"]["RecordErrors"][0]["Description"]
    assert outputs(ended)["AccountId"] == "Not Available"
    assert product["Status"] == "ERROR"
    assert "LastSuccessfulProvisioningRecordId" not in product
    assert "PhysicalId" not in found
    outputs_of = factory.catalog.get_provisioned_product_outputs
    assert said(outputs_of, ProvisionedProductName="orders")[0] == "InvalidParametersException"


def test_a_failure_after_the_account_leaves_a_tainted_product_with_it(factory: Factory) -> None:
    factory.aws.served.inject(Fault(kind=Kind.WORKFLOW_FAILURE, operation="baseline", message="No baseline today."))
    ended = factory.ended(factory.provision())
    product = factory.look("orders")

    assert ended["RecordDetail"]["RecordErrors"][0]["Description"] == "No baseline today."
    assert product["Status"] == "TAINTED"
    assert product["StatusMessage"] == "No baseline today."
    assert "LastSuccessfulProvisioningRecordId" not in product
    assert factory.search(f"physicalId:{outputs(ended)['AccountId']}") == ["orders"]


def test_a_product_that_never_succeeded_blocks_its_name_until_it_is_terminated(factory: Factory) -> None:
    factory.aws.served.inject(Fault(kind=Kind.CREATION_FAILURE, failure_reason="INTERNAL_FAILURE"))
    factory.ended(factory.provision())

    refused = said(factory.provision, attempt="again")
    assert refused == ("InvalidParametersException", "A stack named orders already exists")
    factory.ended(factory.terminate("orders"))
    assert factory.ended(factory.provision(attempt="again"))["RecordDetail"]["Status"] == "SUCCEEDED"


def test_a_failed_update_leaves_the_product_tainted_with_its_earlier_success(factory: Factory) -> None:
    factory.vended()
    before = factory.look("orders")["LastSuccessfulProvisioningRecordId"]
    factory.aws.served.inject(Fault(kind=Kind.WORKFLOW_FAILURE, operation="baseline", message="No baseline today."))
    failed = factory.ended(factory.update("orders", unit=factory.unit("Infrastructure")))["RecordDetail"]
    product = factory.look("orders")

    assert (failed["Status"], product["Status"]) == ("FAILED", "TAINTED")
    assert product["LastSuccessfulProvisioningRecordId"] == before != product["LastProvisioningRecordId"]
    repaired = factory.ended(factory.update("orders", "again", unit=factory.unit("Infrastructure")))["RecordDetail"]
    assert (repaired["Status"], factory.look("orders")["Status"]) == ("SUCCEEDED", "AVAILABLE")


def test_an_existing_member_is_enrolled_by_its_exact_address(factory: Factory) -> None:
    """https://docs.aws.amazon.com/controltower/latest/userguide/quick-account-provisioning.html"""
    account = factory.aws.id_of("Legacy ERP")
    parameters = {"AccountEmail": "erp-root@example.com", "AccountName": "Legacy ERP"}
    ended = factory.ended(factory.provision("legacy-erp", **parameters))

    assert outputs(ended)["AccountId"] == account
    assert f"({parent_of(factory.aws, account)})" in factory.unit("Sandbox")


def test_terminating_takes_the_product_and_keeps_the_record(factory: Factory) -> None:
    """https://docs.aws.amazon.com/servicecatalog/latest/dg/API_TerminateProvisionedProduct.html, TerminateToken."""
    factory.vended()
    first = factory.terminate("orders")
    again = factory.terminate("orders")
    ended = factory.ended(first)["RecordDetail"]

    assert again["RecordId"] == first["RecordId"]
    assert ended["RecordType"] == "TERMINATE_PROVISIONED_PRODUCT"
    assert refusal(factory.terminate, name="orders")[0] == "ResourceNotFoundException"
    assert factory.search("name:orders") == []


def test_a_termination_that_control_tower_refuses_is_a_failed_record(factory: Factory) -> None:
    for name in ("orders", "sales"):
        factory.vended(name)
    first, second = factory.terminate("orders"), factory.terminate("sales")

    assert factory.ended(first)["RecordDetail"]["Status"] == "SUCCEEDED"
    failed = factory.ended(second)["RecordDetail"]
    assert (failed["Status"], failed["RecordErrors"][0]["Description"]) == ("FAILED", BUSY)
    assert factory.look("sales")["Status"] == "TAINTED"
    again = factory.terminate("sales")
    assert again["RecordId"] != failed["RecordId"]
    assert factory.ended(again)["RecordDetail"]["Status"] == "SUCCEEDED"


def test_a_name_that_is_free_again_is_another_product_also_for_the_same_token(factory: Factory) -> None:
    factory.vended()
    first = factory.ended(factory.terminate("orders"))["RecordDetail"]
    factory.vended(attempt="second", AccountEmail="second@example.com")
    second = factory.ended(factory.terminate("orders"))["RecordDetail"]

    assert first["ProvisionedProductId"] != second["ProvisionedProductId"]
    assert refusal(factory.look, name="orders")[0] == "ResourceNotFoundException"


def test_a_termination_that_ignores_errors_gives_the_product_up(factory: Factory) -> None:
    account = factory.vended()
    factory.aws.served.inject(Fault(kind=Kind.WORKFLOW_FAILURE, operation="un-manage", message="Not today."))
    ended = factory.ended(factory.terminate("orders", IgnoreErrors=True))["RecordDetail"]

    assert ended["Status"] == "SUCCEEDED"
    assert refusal(factory.look, name="orders")[0] == "ResourceNotFoundException"
    assert f"({parent_of(factory.aws, account)})" in factory.unit("Sandbox")


def test_physical_resources_can_be_retained(factory: Factory) -> None:
    account = factory.vended()
    factory.ended(factory.terminate("orders", RetainPhysicalResources=True))

    assert f"({parent_of(factory.aws, account)})" in factory.unit("Sandbox")
    assert factory.search("name:orders") == []


def test_a_product_whose_account_left_the_organization_is_tainted(factory: Factory) -> None:
    account = factory.vended()
    organization = factory.aws.served.sandbox.organization
    with organization.lock:
        left = organization.latest.accounts.get(account)
        assert left is not None
        organization.remove(left)

    assert factory.look("orders")["Status"] == "TAINTED"
    assert factory.search("status:TAINTED") == ["orders"]


# ---- idempotency


def test_the_same_request_gives_the_same_answer(factory: Factory) -> None:
    first = factory.provision()
    factory.ended(first)
    again = factory.provision()

    assert again == first
    assert len(factory.search("name:orders")) == 1


def test_the_same_update_is_carried_out_once(factory: Factory) -> None:
    factory.vended()
    first, again = factory.update("orders"), factory.update("orders")
    mine = {"Key": "provisionedproduct", "Value": first["ProvisionedProductId"]}
    history = factory.catalog.list_record_history(SearchFilter=mine)["RecordDetails"]

    assert again == first
    assert [each["RecordType"] for each in history] == ["UPDATE_PROVISIONED_PRODUCT", "PROVISION_PRODUCT"]


def test_a_token_is_good_for_one_request(factory: Factory) -> None:
    factory.provision("orders", "token")

    assert said(factory.provision, name="sales", attempt="token")[0] == "InvalidParametersException"


def test_names_are_unique(factory: Factory) -> None:
    factory.vended()

    assert said(factory.provision, attempt="other")[0] == "DuplicateResourceException"


# ---- what is refused


def test_five_account_operations_are_the_most(factory: Factory) -> None:
    """https://docs.aws.amazon.com/controltower/latest/userguide/limits.html"""
    for number in range(5):
        factory.provision(f"orders-{number}")

    assert said(factory.provision, name="sales") == ("InvalidParametersException", BUSY)
    assert factory.search("name:sales") == []


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"SSOUserEmail": "-"}, "Parameters: [SSOUserEmail] must have values"),
        ({"AccountName": ""}, "Parameters: [AccountName] must have values"),
        ({"Colour": "red"}, "Parameters: [Colour] do not exist in the template"),
        ({"AccountName": "x" * 51}, "AccountName is longer than 50 characters"),
        ({"unit": "Legacy"}, "The parent organizational unit 'Legacy' is not enrolled in AWS Control Tower."),
        (
            {"unit": "Workloads/Prod"},
            "The parent organizational unit 'Workloads/Prod' is not enrolled in AWS Control Tower.",
        ),
    ],
    ids=["missing", "empty", "unknown", "long", "unregistered-unit", "path"],
)
def test_parameters_that_cannot_be_are_refused(factory: Factory, change: dict[str, str], text: str) -> None:
    assert said(factory.provision, **change) == ("InvalidParametersException", text)
    assert factory.search("name:orders") == []


def test_a_product_under_change_is_neither_updated_nor_terminated(factory: Factory) -> None:
    factory.provision()

    assert said(factory.update, name="orders")[0] == "InvalidStateException"
    assert said(factory.terminate, name="orders")[0] == "InvalidStateException"


def test_address_and_name_of_an_account_are_not_changed_here(factory: Factory) -> None:
    """https://docs.aws.amazon.com/controltower/latest/userguide/change-account-email.html"""
    account = factory.vended()
    for change in ({"AccountEmail": "other@example.com"}, {"AccountName": "other"}):
        assert said(factory.update, name="orders", **change)[0] == "InvalidParametersException"
    factory.aws.account.put_account_name(AccountId=account, AccountName="other")

    assert factory.ended(factory.update("orders", AccountName="other"))["RecordDetail"]["Status"] == "SUCCEEDED"


def test_an_update_may_keep_previous_values(factory: Factory) -> None:
    account = factory.vended()
    given: list[dict[str, Any]] = [{"Key": each["Key"], "UsePreviousValue": True} for each in factory.parameters()]
    changed = {"Key": "ManagedOrganizationalUnit", "Value": factory.unit("Infrastructure")}
    answer = factory.catalog.update_provisioned_product(
        ProvisionedProductName="orders",
        ProductId=factory.product,
        ProvisioningArtifactId=factory.artifact,
        ProvisioningParameters=[changed if each["Key"] == changed["Key"] else each for each in given],
        UpdateToken="update",
    )
    factory.ended(answer["RecordDetail"])

    assert f"({parent_of(factory.aws, account)})" in factory.unit("Infrastructure")


def test_an_inactive_artifact_cannot_be_launched(factory: Factory) -> None:
    """https://docs.aws.amazon.com/servicecatalog/latest/dg/API_UpdateProvisioningArtifact.html, Active."""
    catalog = factory.aws.served.sandbox.organization.catalog
    factory.vended("sales")
    assert catalog is not None
    with factory.aws.served.sandbox.organization.lock:
        newer = catalog.publish("4.0").id
    seen = factory.catalog.describe_product(Id=factory.product)["ProvisioningArtifacts"]

    assert [each["Id"] for each in seen] == [newer]
    assert said(factory.provision)[0] == "ResourceNotFoundException"
    assert said(factory.update, name="sales")[0] == "ResourceNotFoundException"
    renewed = Factory(factory.aws)
    assert renewed.artifact == newer
    assert renewed.ended(renewed.update("sales"))["RecordDetail"]["ProvisioningArtifactId"] == newer


# ---- who may, and where


def pipeline_client(aws: Aws) -> Any:
    """A client in a session of the pipeline's role, which lives in the management account."""
    iam = aws.client("iam")
    trust = '{"Version":"2012-10-17","Statement":[]}'
    iam.create_role(RoleName="Pipeline", Path="/vending/", AssumeRolePolicyDocument=trust)
    credentials = aws.client("sts").assume_role(RoleArn=PIPELINE, RoleSessionName="run-1")["Credentials"]
    return held_against_the_model(aws.client("servicecatalog", credentials))


@pytest.mark.parametrize(
    ("arn", "kind"),
    [(PIPELINE, "IAM"), ("arn:aws:iam:::role/vending/Pipe*", "IAM_PATTERN")],
    ids=["role", "pattern"],
)
def test_a_role_launches_when_it_is_associated_with_the_portfolio(factory: Factory, arn: str, kind: str) -> None:
    """https://docs.aws.amazon.com/controltower/latest/userguide/troubleshooting.html, "No Launch Paths found"."""
    client = pipeline_client(factory.aws)
    own = Factory(factory.aws, client)
    text = f"No launch paths found for resource: {factory.product}"
    refused = said(client.list_launch_paths, ProductId=factory.product)
    [portfolio] = factory.catalog.list_portfolios()["PortfolioDetails"]

    assert refused == said(own.provision) == ("ResourceNotFoundException", text)
    assert client.search_products()["ProductViewSummaries"] == []
    for _ in range(2):
        client.associate_principal_with_portfolio(PortfolioId=portfolio["Id"], PrincipalARN=arn, PrincipalType=kind)
    [path] = client.list_launch_paths(ProductId=factory.product)["LaunchPathSummaries"]
    principals = client.list_principals_for_portfolio(PortfolioId=portfolio["Id"])["Principals"]
    assert path["Name"] == portfolio["DisplayName"] == PORTFOLIO
    assert {(each["PrincipalARN"], each["PrincipalType"]) for each in principals} == {
        (ADMINISTRATOR, "IAM"),
        (arn, kind),
    }
    assert own.ended(own.provision())["RecordDetail"]["Status"] == "SUCCEEDED"
    client.disassociate_principal_from_portfolio(PortfolioId=portfolio["Id"], PrincipalARN=arn)
    assert said(client.list_launch_paths, ProductId=factory.product)[1] == text


def test_a_portfolio_takes_a_hundred_principals(factory: Factory) -> None:
    """https://docs.aws.amazon.com/servicecatalog/latest/adminguide/limits.html"""
    [portfolio] = [each["Id"] for each in factory.catalog.list_portfolios()["PortfolioDetails"]]

    def associate(number: int) -> None:
        factory.catalog.associate_principal_with_portfolio(
            PortfolioId=portfolio,
            PrincipalARN=f"arn:aws:iam::{MANAGEMENT_ID}:role/role-{number}",
            PrincipalType="IAM",
        )

    for number in range(99):
        associate(number)
    assert said(associate, number=99)[0] == "LimitExceededException"
    pages = factory.catalog.get_paginator("list_principals_for_portfolio").paginate(PortfolioId=portfolio)
    assert [len(each["Principals"]) for each in pages] == [20] * 5


@pytest.mark.parametrize("elsewhere", ["region", "member"])
def test_there_is_no_account_factory_elsewhere(factory: Factory, elsewhere: str) -> None:
    """In another Region, and in another account, Service Catalog is empty."""
    if elsewhere == "region":
        client = factory.aws.client("servicecatalog", region="eu-west-1")
    else:
        inside = factory.aws.inside(factory.aws.id_of("network"), "AWSControlTowerExecution")
        client = factory.aws.client("servicecatalog", inside)
    held_against_the_model(client)
    refused = said(client.describe_product_as_admin, Name=PRODUCT)

    assert refused == ("ResourceNotFoundException", f"Product with name {PRODUCT} not found")
    assert client.list_portfolios()["PortfolioDetails"] == []
    assert client.search_provisioned_products()["ProvisionedProducts"] == []
    assert client.scan_provisioned_products()["ProvisionedProducts"] == []
    assert client.search_products_as_admin()["ProductViewDetails"] == []
    assert client.list_record_history()["RecordDetails"] == []


def test_without_a_landing_zone_there_is_no_account_factory() -> None:
    with opened(Options()) as aws:
        assert aws.client("servicecatalog").list_portfolios()["PortfolioDetails"] == []


def test_a_scan_shows_the_users_own_products_unless_it_is_told_otherwise(factory: Factory) -> None:
    """https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ScanProvisionedProducts.html"""
    client = pipeline_client(factory.aws)
    [portfolio] = [each["Id"] for each in factory.catalog.list_portfolios()["PortfolioDetails"]]
    client.associate_principal_with_portfolio(PortfolioId=portfolio, PrincipalARN=PIPELINE, PrincipalType="IAM")
    Factory(factory.aws, client).vended()

    def names(**level: Any) -> set[str]:
        pages = client.get_paginator("scan_provisioned_products").paginate(**level)
        return {each["Name"] for page in pages for each in page["ProvisionedProducts"]}

    everything = names(AccessLevelFilter={"Key": "Account", "Value": "self"})
    assert names() == names(AccessLevelFilter={"Key": "Role", "Value": "self"}) == {"orders"}
    assert everything == set(factory.search(PageSize=100)) > {"orders"}
    wrong = {"Key": "Account", "Value": MANAGEMENT_ID}
    assert said(client.scan_provisioned_products, AccessLevelFilter=wrong)[0] == "InvalidParametersException"


# ---- looking


def test_a_search_goes_page_by_page_and_by_several_queries(factory: Factory) -> None:
    """https://docs.aws.amazon.com/servicecatalog/latest/dg/API_SearchProvisionedProducts.html"""
    everything = factory.search("type:CONTROL_TOWER_ACCOUNT", PageSize=100)
    pages: list[list[str]] = []
    answer: dict[str, Any] = {}
    while answer.get("NextPageToken") or not pages:
        more = {"PageToken": answer["NextPageToken"]} if answer else {}
        answer = factory.catalog.search_provisioned_products(PageSize=3, **more)
        pages.append([each["Name"] for each in answer["ProvisionedProducts"]])

    assert [name for page in pages for name in page] == everything
    assert {len(each) for each in pages[:-1]} == {3}
    assert answer["TotalResultsCount"] == len(everything)
    assert factory.search("name:billing", "status:AVAILABLE") == ["billing"]
    assert factory.search("name:billing", "status:ERROR") == []
    assert factory.search(f"productId:{factory.product}", PageSize=100) == everything
    assert factory.search("billing") == ["billing"]
    assert factory.search(PageSize=100, SortBy="name", SortOrder="DESCENDING") == sorted(everything, reverse=True)


def test_products_have_the_accounts_that_the_landing_zone_manages_but_for_the_shared_ones(factory: Factory) -> None:
    names = set(factory.search(PageSize=100))

    assert {"billing", "payments-dev"} <= names
    assert not {"audit", "log-archive", "example-management", "Legacy-ERP"} & names


def test_every_way_to_name_the_product_leads_to_it(factory: Factory) -> None:
    catalog, product = factory.catalog, factory.product
    searched = catalog.search_products(Filters={"FullTextSearch": [PRODUCT]})["ProductViewSummaries"]
    as_admin = catalog.search_products_as_admin(Filters={"Owner": ["AWS Control Tower"]})["ProductViewDetails"]
    found = {
        searched[0]["ProductId"],
        as_admin[0]["ProductViewSummary"]["ProductId"],
        catalog.describe_product(Name=PRODUCT)["ProductViewSummary"]["ProductId"],
        catalog.describe_product(Id=product)["ProductViewSummary"]["ProductId"],
    }
    asked = {"ProductName": PRODUCT, "ProvisioningArtifactId": factory.artifact}
    detail = catalog.describe_provisioning_artifact(**asked, IncludeProvisioningArtifactParameters=True)
    parameters = catalog.describe_provisioning_parameters(**asked, PathName=PORTFOLIO)["ProvisioningArtifactParameters"]
    [portfolio] = catalog.list_portfolios_for_product(ProductId=product)["PortfolioDetails"]

    assert found == {product}
    assert catalog.search_products(Filters={"FullTextSearch": ["Lambda"]})["ProductViewSummaries"] == []
    assert detail["ProvisioningArtifactDetail"]["Active"]
    assert {each["ParameterKey"] for each in parameters} == {each["Key"] for each in factory.parameters()}
    assert catalog.describe_portfolio(Id=portfolio["Id"])["PortfolioDetail"] == portfolio


class Rule(NamedTuple):
    """A call that is refused, and with what."""

    operation: str
    parameters: dict[str, Any]
    code: str = "InvalidParametersException"


NO_PRODUCT = {"ProductId": "prod-none"}
RULES = [
    Rule("describe_product", {}),
    Rule("describe_product", {"Id": "prod-none", "Name": PRODUCT}),
    Rule("describe_product", {"Id": "prod-none"}, "ResourceNotFoundException"),
    Rule("describe_product_as_admin", {"Name": "Other"}, "ResourceNotFoundException"),
    Rule("list_launch_paths", NO_PRODUCT, "ResourceNotFoundException"),
    Rule("list_provisioning_artifacts", NO_PRODUCT, "ResourceNotFoundException"),
    Rule(
        "describe_provisioning_artifact",
        {"ProductName": PRODUCT, "ProvisioningArtifactId": "pa-none"},
        "ResourceNotFoundException",
    ),
    Rule("describe_portfolio", {"Id": "port-none"}, "ResourceNotFoundException"),
    Rule("list_principals_for_portfolio", {"PortfolioId": "port-none"}, "ResourceNotFoundException"),
    Rule("search_products_as_admin", {"PortfolioId": "port-none"}, "ResourceNotFoundException"),
    Rule("describe_record", {"Id": "rec-none"}, "ResourceNotFoundException"),
    Rule("describe_provisioned_product", {"Id": "pp-none"}, "ResourceNotFoundException"),
    Rule("describe_provisioned_product", {}),
    Rule("get_provisioned_product_outputs", {"ProvisionedProductName": "none"}, "ResourceNotFoundException"),
    Rule("get_provisioned_product_outputs", {"ProvisionedProductName": "billing", "OutputKeys": ["Colour"]}),
    Rule("terminate_provisioned_product", {"ProvisionedProductId": "pp-none"}, "ResourceNotFoundException"),
    Rule("search_provisioned_products", {"Filters": {"SearchQuery": ["colour:red"]}}),
    Rule("search_provisioned_products", {"SortBy": "colour"}),
    Rule("search_provisioned_products", {"PageToken": "x"}),
    Rule("search_provisioned_products", {"PageSize": 101}, "ValidationException"),
    Rule("scan_provisioned_products", {"PageSize": 21}, "ValidationException"),
    Rule("list_record_history", {"SearchFilter": {"Key": "colour", "Value": "red"}}),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.operation}-{rule.code}")
def test_what_cannot_be_is_refused_with_its_code(sandbox: Aws, rule: Rule) -> None:
    call = getattr(sandbox.client("servicecatalog"), rule.operation)

    assert refusal(call, **rule.parameters)[0] == rule.code


def test_the_first_administrator_is_a_user_of_identity_center(factory: Factory) -> None:
    """https://docs.aws.amazon.com/controltower/latest/userguide/updating-account-factory-accounts.html

    A new one gets access by an update; the one before keeps it.
    """
    factory.vended("sales")
    account = factory.vended()
    factory.ended(factory.update("orders", SSOUserEmail="eve@example.com"))
    sso, users = factory.aws.client("sso-admin"), factory.aws.client("identitystore")
    [center] = sso.list_instances()["Instances"]
    listed = [each["UserName"] for each in users.list_users(IdentityStoreId=center["IdentityStoreId"])["Users"]]
    have: dict[str, set[str]] = {}
    for name in ("bob@example.com", "eve@example.com"):
        unique = {"AttributePath": "userName", "AttributeValue": name}
        user = users.get_user_id(
            IdentityStoreId=center["IdentityStoreId"], AlternateIdentifier={"UniqueAttribute": unique}
        )["UserId"]
        assigned = sso.list_account_assignments_for_principal(
            InstanceArn=center["InstanceArn"], PrincipalId=user, PrincipalType="USER"
        )["AccountAssignments"]
        sets = {
            sso.describe_permission_set(InstanceArn=center["InstanceArn"], PermissionSetArn=each["PermissionSetArn"])[
                "PermissionSet"
            ]["Name"]
            for each in assigned
            if each["AccountId"] == account
        }
        have[name] = sets

    assert listed.count("bob@example.com") == 1
    assert have == {name: {"AWSAdministratorAccess"} for name in ("bob@example.com", "eve@example.com")}


def test_control_tower_leaves_an_identity_center_alone_that_it_does_not_manage() -> None:
    with opened(Options(landing_zone=True, own_identity_center=True)) as aws:
        Factory(aws).vended()
        center = aws.served.sandbox.organization.identity_center

        assert center is not None
        assert center.user_named("bob@example.com") is None
        assert not center.assignments


def test_faults_are_spoken_in_the_protocol_that_was_asked_in(aws: Aws) -> None:
    for protocol in ("json", "smithy-rpc-v2-cbor"):
        client = client_speaking(aws, "servicecatalog", protocol)
        aws.served.inject(Fault(kind=Kind.THROTTLE, service="servicecatalog"))

        assert said(client.list_portfolios) == ("ThrottlingException", "Rate exceeded")


def test_moto_has_what_tells_a_caller_from_its_key() -> None:
    assert callable(STSBackend.get_assumed_role_from_access_key)
    assert callable(IAMBackend.get_user_from_access_key_id)


def test_every_operation_answers_as_its_model_says(aws: Aws) -> None:
    seen: set[str] = set()
    client = held_against_the_model(client_speaking(aws, "servicecatalog", "json"), seen)
    factory = Factory(aws, client)
    factory.vended()
    factory.ended(factory.update("orders"))
    record = factory.ended(factory.terminate("orders"))["RecordDetail"]["RecordId"]
    [portfolio] = [each["Id"] for each in client.list_portfolios()["PortfolioDetails"]]
    somebody = {"PortfolioId": portfolio, "PrincipalARN": PIPELINE, "PrincipalType": "IAM"}
    client.associate_principal_with_portfolio(**somebody)
    client.list_principals_for_portfolio(PortfolioId=portfolio)
    client.disassociate_principal_from_portfolio(**somebody)
    client.describe_portfolio(Id=portfolio)
    client.list_portfolios_for_product(ProductId=factory.product)
    client.list_launch_paths(ProductId=factory.product)
    client.search_products()
    client.search_products_as_admin(PortfolioId=portfolio)
    client.describe_product(Id=factory.product)
    asked = {"ProductId": factory.product, "ProvisioningArtifactId": factory.artifact}
    client.describe_provisioning_artifact(**asked, IncludeProvisioningArtifactParameters=True)
    client.describe_provisioning_parameters(**asked)
    client.describe_provisioned_product(Name="billing")
    client.get_provisioned_product_outputs(ProvisionedProductName="billing", OutputKeys=["AccountId"])
    client.search_provisioned_products(PageSize=1)
    client.scan_provisioned_products(PageSize=1)
    history = client.list_record_history(AccessLevelFilter={"Key": "Account", "Value": "self"})["RecordDetails"]

    assert history[0]["RecordId"] == record
    assert seen == set(SERVICE_CATALOG.operations)
