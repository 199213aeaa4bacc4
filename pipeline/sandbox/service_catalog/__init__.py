"""AWS Service Catalog, as far as Account Factory of AWS Control Tower needs it, by its documentation.

https://docs.aws.amazon.com/servicecatalog/latest/dg/API_Operations.html
Not imitated, and refused as unknown: products and portfolios of one's own, provisioned product plans, TagOptions.
"""

from typing import Final

from pipeline.sandbox.service import Definition, Refusal
from pipeline.sandbox.service_catalog import lookup, portfolios, products, provisioning, searching
from pipeline.sandbox.service_catalog.stocking import stock
from pipeline.sandbox.validation import Problem

__all__ = ["SERVICE_CATALOG", "stock"]


def _invalid(problems: list[Problem]) -> Refusal:
    """Input that breaks the model never reaches Service Catalog itself."""
    text = "; ".join(problem.message for problem in problems)
    number = f"{len(problems)} validation error{'s' if len(problems) > 1 else ''} detected"
    return Refusal("ValidationException", f"{number}: {text}")


SERVICE_CATALOG: Final = Definition(
    name="servicecatalog",
    operations={
        "AssociatePrincipalWithPortfolio": portfolios.associate_principal,
        "DescribePortfolio": portfolios.describe_portfolio,
        "DescribeProduct": products.describe_product,
        "DescribeProductAsAdmin": products.describe_product_as_admin,
        "DescribeProvisionedProduct": lookup.describe_provisioned_product,
        "DescribeProvisioningArtifact": products.describe_provisioning_artifact,
        "DescribeProvisioningParameters": products.describe_provisioning_parameters,
        "DescribeRecord": lookup.describe_record,
        "DisassociatePrincipalFromPortfolio": portfolios.disassociate_principal,
        "GetProvisionedProductOutputs": lookup.get_provisioned_product_outputs,
        "ListLaunchPaths": portfolios.list_launch_paths,
        "ListPortfolios": portfolios.list_portfolios,
        "ListPortfoliosForProduct": portfolios.list_portfolios_for_product,
        "ListPrincipalsForPortfolio": portfolios.list_principals_for_portfolio,
        "ListProvisioningArtifacts": products.list_provisioning_artifacts,
        "ListRecordHistory": lookup.list_record_history,
        "ProvisionProduct": provisioning.provision_product,
        "ScanProvisionedProducts": searching.scan_provisioned_products,
        "SearchProducts": products.search_products,
        "SearchProductsAsAdmin": products.search_products_as_admin,
        "SearchProvisionedProducts": searching.search_provisioned_products,
        "TerminateProvisionedProduct": provisioning.terminate_provisioned_product,
        "UpdateProvisionedProduct": provisioning.update_provisioned_product,
    },
    invalid=_invalid,
    throttled=lambda: Refusal("ThrottlingException", "Rate exceeded"),
    authorize=lambda _call, _operation: None,  # every account has a Service Catalog; one has Account Factory
)
