locals {
  budget_emails = [for address in [var.budget_email, var.account.owner] : address if address != null]
}

resource "aws_budgets_budget" "monthly" {
  count = var.monthly_budget_usd == null ? 0 : 1

  name         = "vend-monthly"
  budget_type  = "COST"
  limit_amount = tostring(var.monthly_budget_usd)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  dynamic "notification" {
    for_each = { ACTUAL = 80, FORECASTED = 100 }

    content {
      comparison_operator        = "GREATER_THAN"
      notification_type          = notification.key
      threshold                  = notification.value
      threshold_type             = "PERCENTAGE"
      subscriber_email_addresses = slice(local.budget_emails, 0, 1)
    }
  }

  lifecycle {
    precondition {
      condition     = length(local.budget_emails) > 0
      error_message = "Nobody would be told of the budget: give budget_email, or the account request an owner."
    }
  }
}
