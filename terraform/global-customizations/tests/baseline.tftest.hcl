mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
}

variables {
  account = {
    id                  = "222233334444"
    name                = "payments-prod"
    email               = "aws+payments-prod@example.com"
    organizational_unit = "Workloads/Prod"
    owner               = "payments@example.com"
    custom_fields       = { team = "payments", tier = 1 }
  }
}

run "an_account_gets_its_facts_and_nothing_that_is_not_asked_for" {
  command = plan

  assert {
    condition     = aws_ssm_parameter.fact["organizational-unit"].value == "Workloads/Prod"
    error_message = "the unit is not among the facts"
  }
  assert {
    condition     = jsondecode(aws_ssm_parameter.custom_fields.value) == { team = "payments", tier = 1 }
    error_message = "custom fields do not keep their types"
  }
  assert {
    condition     = aws_cloudwatch_log_group.baseline.retention_in_days == 365
    error_message = "logs are not kept for a year"
  }
  assert {
    condition     = length(aws_iam_role.audit) + length(aws_budgets_budget.monthly) + length(aws_accessanalyzer_analyzer.account) == 0
    error_message = "something is set up that nobody has asked for"
  }
}

run "everything_that_is_asked_for_is_there" {
  command = plan

  variables {
    auditors           = ["arn:aws:iam::111122223333:role/auditor"]
    monthly_budget_usd = 500
    access_analyzer    = true
  }

  assert {
    condition     = aws_iam_role.audit[0].permissions_boundary == aws_iam_role_policy_attachment.audit[0].policy_arn
    error_message = "a policy that is attached later would allow auditors more than reading"
  }
  assert {
    condition     = { for each in aws_budgets_budget.monthly[0].notification : each.notification_type => tolist(each.subscriber_email_addresses)[0] } == { ACTUAL = "payments@example.com", FORECASTED = "payments@example.com" }
    error_message = "the owner is not told of the budget"
  }
  assert {
    condition     = aws_accessanalyzer_analyzer.account[0].type == "ACCOUNT"
    error_message = "nothing looks for what is shared"
  }
}

run "a_budget_of_nothing_is_refused" {
  command = plan

  variables {
    monthly_budget_usd = 0
  }

  expect_failures = [var.monthly_budget_usd]
}
